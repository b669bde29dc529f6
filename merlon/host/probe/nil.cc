#include "merlon/base/text.h"
#include "merlon/host/probe/data.h"
#include "merlon/os/landlock.h"

namespace merlon::host::probe {

using base::concat;

namespace {

Datum seccomp(const Machine& machine) {
  const auto actions = machine.read("/proc/sys/kernel/seccomp/actions_avail");
  const bool pass = actions && concat(" ", *actions, " ").find(" trap ") != std::string::npos;
  return datum("seccomp filters", Need::Optional, pass, "",
               "use a kernel with CONFIG_SECCOMP_FILTER; without, a keep can make any system call");
}

Datum landlock(const Machine& machine) {
  const auto version = machine.landlock_version();
  const bool absent = !version && version.error() == os::Errno::Nosys;
  return datum("Landlock", Need::Optional, version.has_value(),
               version ? concat("version ", *version) : "",
               absent ? "use Linux 5.13 or newer with CONFIG_SECURITY_LANDLOCK"
                      : "add landlock to the kernel's parameter lsm=");
}

}  // namespace

Backend probe_nil(const Machine& machine) {
  Backend nil{"nil", {instructions(machine), seccomp(machine), landlock(machine)}};
  const auto version = machine.landlock_version();
  if (version && *version < os::first_landlock_with_moves) {
    nil.data.push_back(datum("writable directories", Need::Optional, false, "",
                             "use Linux 5.19 or newer: before, a keep with a writable directory "
                             "goes without Landlock",
                             1));
  }
  return nil;
}

}  // namespace merlon::host::probe
