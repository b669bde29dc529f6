#include "merlon/host/kvm/confinement.h"

#include <linux/kvm.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "merlon/host/kvm/device.h"
#include "merlon/host/machine_confinement.h"

namespace merlon::host::kvm {

using os::add;
using os::one_of;
using os::only;

os::CallRules machine_calls() {
  constexpr std::uint64_t data = PROT_READ | PROT_WRITE;
  os::CallRules rules = memory_calls();
  rules.push_back({SYS_mprotect, {{only(2, data)}}});
  rules.push_back(one_of(SYS_ioctl, 1, {KVM_RUN, KVM_SET_USER_MEMORY_REGION}));
  return rules;
}

os::CallRules saving_calls() {
  os::CallRules rules = machine_calls();
  rules.push_back(
      one_of(SYS_ioctl, 1, {KVM_GET_REGS, KVM_GET_SREGS, get_xsave, KVM_GET_TSC_KHZ, get_msrs}));
  add(rules, {SYS_pread64, SYS_pwrite64});
  return rules;
}

}  // namespace merlon::host::kvm
