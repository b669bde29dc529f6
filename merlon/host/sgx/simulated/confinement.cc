#include "merlon/host/sgx/simulated/confinement.h"

#include <csignal>

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
  return rules;
}

}  // namespace merlon::host::sgx::simulated
