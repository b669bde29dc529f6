#include "merlon/host/sgx/simulated/confinement.h"

#include <csignal>

#include <asm/prctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "merlon/host/sgx/confinement.h"

namespace merlon::host::sgx::simulated {

os::CallRules machine_calls() {
  os::CallRules rules = sgx::machine_calls();
  os::add(rules, {SYS_sigaltstack, SYS_tgkill});
  rules.push_back(
      os::one_of(SYS_rt_sigaction, 0, {SIGILL, SIGSEGV, SIGFPE, SIGBUS, SIGTRAP, SIGSYS}));
  rules.push_back(os::one_of(SYS_prctl, 0, {PR_SET_SYSCALL_USER_DISPATCH}));
  // Where programs may not set FS themselves (thread_pointer.h).
  rules.push_back(os::one_of(SYS_arch_prctl, 0, {ARCH_SET_FS, ARCH_GET_FS}));
  return rules;
}

}  // namespace merlon::host::sgx::simulated
