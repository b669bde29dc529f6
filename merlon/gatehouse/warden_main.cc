// merlon-warden: stays with one keep on behalf of the gatehouse, which starts it.

#include "merlon/base/printable.h"
#include "merlon/base/text.h"
#include "merlon/gatehouse/control_groups.h"
#include "merlon/gatehouse/warden.h"
#include "merlon/launch/readiness.h"
#include "merlon/os/detach.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/os/surrender.h"

namespace {

using namespace merlon;

constexpr os::BorrowedFd starter{3};

/// Tells the gatehouse that there is a keep, or why not.
void tell(bool ready, std::string_view text) {
  static_cast<void>(launch::send(starter, launch::Readiness{ready, std::string(text)}));
  os::Fd::adopt(starter.number()).close();
}

/// What the keep and its host's programs say goes to the folder; nothing is read.
bool take_own_streams(const gatehouse::KeepFolder& folder) {
  const auto nothing = os::open_device("/dev/null");
  const auto log = os::create_private_file(folder.file(gatehouse::KeepFolder::log));
  return nothing && log && os::put_in_place_of(0, *nothing) && os::put_in_place_of(1, *nothing) &&
         os::put_in_place_of(2, *log);
}

int fail(std::string_view line) {
  tell(false, line);
  return 1;
}

}  // namespace

/// merlon-warden FOLDER VOLUMES VOLUME-BYTES SIMULATOR local|not-local
int main(int count, char** words) {
  constexpr int expected = 6;
  if (count != expected) {
    constexpr std::string_view line = "merlon-warden is started by merlon-gatehouse, not by hand\n";
    static_cast<void>(os::write_all(os::BorrowedFd(2), core::as_bytes(line)));
    return 2;
  }
  // What is sealed, and what is told of volumes, is in its memory; its keep inherits this.
  static_cast<void>(os::leave_no_core());
  if (!os::detach()) return fail("cannot start a process of its own");
  os::ignore_broken_pipes();
  const gatehouse::KeepFolder folder(words[1]);
  if (!take_own_streams(folder)) return fail("cannot write into the keep's folder");
  constexpr std::size_t most = 65536;
  const auto written = folder.read(gatehouse::KeepFolder::groups, most);
  const auto groups = gatehouse::groups_in(written ? core::as_text(*written) : "");
  if (const auto entered = gatehouse::enter(groups); !entered) return fail(entered.error());
  const os::SignalRelay relay;
  gatehouse::Warden::Settings settings;
  settings.volumes = words[2];
  const auto volume_bytes = base::parse_decimal(words[3]);
  if (!volume_bytes) return fail("the size of volumes is no number");
  settings.volume_bytes = *volume_bytes;
  settings.machine.simulator = words[4];
  settings.machine.proves = true;
  settings.reaches_local = std::string_view(words[5]) == "local";
  auto warden = gatehouse::Warden::start(folder, settings, relay);
  if (!warden) {
    gatehouse::leave(groups);
    return fail(warden.error());
  }
  tell(true, "");
  warden->stay();
  gatehouse::leave(groups);
  return 0;
}
