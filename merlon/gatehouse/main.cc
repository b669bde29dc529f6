// merlon-gatehouse: starts keeps for tenants, and carries sealed bytes between them.

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/command/serve.h"
#include "merlon/crypto/hash.h"
#include "merlon/gatehouse/options.h"
#include "merlon/gatehouse/service.h"
#include "merlon/http/log.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/os/surrender.h"
#include "merlon/service/front.h"

namespace {

using namespace merlon;
using base::concat;
using gatehouse::Checked;
using gatehouse::Options;
using service::clock_now;

constexpr int usage = 2;
constexpr int unusable = 1;

/// None where this process may make none, which `line` tells; where one was named, it
/// must do.
Checked<gatehouse::ControlGroups> groups_of(const Options& options, std::string& line) {
  if (options.cgroup == "none") return gatehouse::ControlGroups();
  constexpr std::size_t largest = 65536;
  const auto file = os::open_file("/proc/self/cgroup");
  const auto own = file ? os::read_all(*file, largest) : os::Errno::Noent;
  const std::string name =
      base::hex(crypto::sha256({core::as_bytes(options.house.folder)}).view().first(4));
  auto found = gatehouse::ControlGroups::find(
      options.cgroup, own ? core::as_text(*own) : std::string_view(), "/sys/fs/cgroup", name);
  if (!found && !options.cgroup.empty()) return concat("--cgroup: ", found.error());
  line = http::log_line(
      clock_now(), found ? "info" : "warning", "cgroups",
      {{"used", found ? found->described() : "none"}, {"refused", found ? "" : found.error()}});
  if (!found) return gatehouse::ControlGroups();
  return *std::move(found);
}

Checked<void> run(Options options, http::Log& log) {
  std::string about_groups;
  options.house.groups = TRY(groups_of(options, about_groups));
  options.house.note = [&log](const gatehouse::HouseNote& note) {
    log.line(http::log_line(clock_now(), "info", note.event,
                            {{"keep", note.keep}, {"what", base::printable(note.what)}}));
  };
  gatehouse::House house(options.house);
  TRY(house.open());
  const auto issuers = service::issuers_of(options.issuers, log);
  http::Settings settings;
  gatehouse::Service service(house, {&clock_now, [meter = settings.meter] { return meter.read(); },
                                     options.development && !issuers,
                                     std::max<std::size_t>(options.workers / 2, 1), issuers.get()});
  settings.limits = options.limits;
  settings.workers = options.workers;
  settings.handler = [&](const http::Request& request) { return service.handle(request); };
  settings.refuse = [](unsigned status, std::string_view why, const http::Request& /*request*/) {
    return gatehouse::problem({status, "request.refused", std::string(why)});
  };
  settings.observe = [&](const http::Exchange& exchange) {
    log.line(http::request_line(clock_now(), exchange));
  };
  std::vector<std::string> lines;
  if (!about_groups.empty()) lines.push_back(about_groups);
  return service::serve_until_told({options.listen, options.tls, options.development},
                                   std::move(settings), log, lines);
}

int serve(const command::Arguments& arguments, const command::Terminal& terminal) {
  auto options = gatehouse::options_of(arguments, terminal);
  if (!options) return command::fail(terminal, options.error(), usage);
  // Whoever connects and says nothing must leave files for keeps that run: one whose folder cannot
  // be opened is not known.
  if (const auto files = os::allow_open_files()) {
    http::Limits& limits = options->limits;
    limits.connections =
        gatehouse::connections_within(*files, options->workers, limits.connections);
    // Those that have shown nobody yet make room by themselves, as long as there is other room.
    constexpr std::size_t part = 4;
    limits.handshakes = std::clamp<std::size_t>(limits.connections / part, 1, limits.handshakes);
  }
  const auto log = service::log_to_stderr();
  if (!log) return command::fail(terminal, "cannot start a thread", unusable);
  const auto ended = run(*std::move(options), **log);
  if (ended) return 0;
  return command::fail(terminal, ended.error(), unusable);
}

constexpr auto handlers = std::array{command::Handler{"serve", &serve}};

}  // namespace

int main(int argc, char** argv) {
  // Keys are in its memory. Nothing is worse where it cannot be had.
  static_cast<void>(os::leave_no_core());
  os::ignore_broken_pipes();
  return command::serve_service(argc, argv, gatehouse::program(), handlers);
}
