#include "merlon/host/snp/confinement.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include "merlon/host/machine_confinement.h"
#include "merlon/host/snp/device.h"

namespace merlon::host::snp {

using os::one_of;
using os::only;

os::CallRules machine_calls() {
  constexpr std::uint64_t data = PROT_READ | PROT_WRITE;
  os::CallRules rules = memory_calls();
  rules.push_back({SYS_mprotect, {{only(2, data)}}});
  rules.push_back(
      one_of(SYS_ioctl, 1,
             {request::run.number, request::create_guest_memory.number,
              request::set_memory_region.number, request::set_memory_attributes.number}));
  return rules;
}

}  // namespace merlon::host::snp
