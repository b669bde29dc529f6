// merlon-door: what the init process of a container becomes whose workload is sealed.

#include "merlon/base/text.h"
#include "merlon/container/door.h"
#include "merlon/container/keep_of.h"
#include "merlon/os/container.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"

namespace {

using namespace merlon;
using container::DoorCall;

container::Checked<DoorCall> read_call(char** words) {
  DoorCall call;
  call.settings.backend = host::find_backend(words[1]);
  call.settings.simulator = words[2];
  call.settings.sgx_simulator = words[3];
  call.settings.signatures = words[4];
  call.settings.volumes = words[5];
  const os::Fd file = os::Fd::adopt(DoorCall::config_number);
  const auto text = os::read_all(file, container::max_config_size);
  if (!text) return container::Refusal{"no container's config.json is open"};
  call.config = TRY(container::read_config(core::as_text(*text)));
  call.asked = TRY(container::read_asked(call.config, call.settings));
  if (call.asked.sealed) return call;
  return container::Refusal{"this container's workload is not sealed"};
}

}  // namespace

int main(int count, char** words) {
  if (count != DoorCall::words) {
    constexpr std::string_view line = "merlon-door is started by merlon-oci, not by hand\n";
    static_cast<void>(os::write_all(os::BorrowedFd(2), core::as_bytes(line)));
    return 2;
  }
  os::set_process_name("merlon-oci:init");
  const auto call = read_call(words);
  if (call) return container::run_door(*call, os::BorrowedFd(DoorCall::door_number));
  container::tell(call.error().text);
  return static_cast<int>(call.error().status);
}
