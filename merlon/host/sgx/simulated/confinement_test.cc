// What the process around a simulated enclave may do beside what every such process may: handle its
// exceptions. Each in a process of its own.

#include "merlon/host/sgx/simulated/confinement.h"

#include <cerrno>
#include <csignal>

#include <asm/prctl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "merlon/host/machine_confinement.h"
#include "merlon/launch/exit_status.h"
#include "merlon/launch/layers.h"
#include "merlon/os/testing/child.h"

namespace merlon::host::sgx::simulated {
namespace {

using os::testing::Ended;

class SimulatedConfinement : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!launch::Layers::can_be_whole()) GTEST_SKIP() << "a sanitizer's runtime needs more";
  }
  static Ended serving(const std::function<bool()>& body) {
    return os::testing::in_child([&] {
      if (!confine_machine(launch::Launch{}, machine_calls())) return 99;
      return body() ? 0 : errno;
    });
  }
  static void expect_refused(const Ended& ended, std::string_view call) {
    EXPECT_TRUE(ended.with(launch::number(launch::ExitStatus::Trap))) << ended;
    EXPECT_NE(ended.said.find(std::string("may not make: ").append(call)), std::string::npos)
        << ended;
  }
};

TEST_F(SimulatedConfinement, HandlesExceptionsAndNoOtherSignals) {
  const auto handling = [](int signal) {
    return serving([=] {
      struct ::sigaction action{};
      action.sa_handler = SIG_DFL;
      return ::sigaction(signal, &action, nullptr) == 0;
    });
  };
  for (const int signal : {SIGILL, SIGSEGV, SIGFPE, SIGBUS, SIGTRAP, SIGSYS}) {
    const Ended ended = handling(signal);
    EXPECT_TRUE(ended.with(0)) << signal << ": " << ended;
  }
  for (const int signal : {SIGTERM, SIGUSR1, SIGIO})
    expect_refused(handling(signal), "rt_sigaction");
}

TEST_F(SimulatedConfinement, RaisesASignalOfItsOwnOnAStackOfItsOwn) {
  const Ended ended = serving([] {
    ::stack_t none{};
    none.ss_flags = SS_DISABLE;
    return ::sigaltstack(&none, nullptr) == 0 && ::raise(0) == 0;
  });
  EXPECT_TRUE(ended.with(0)) << ended;
}

TEST_F(SimulatedConfinement, DividesSystemCallsAndSetsNothingElseOfTheProcess) {
  const auto asking = [](int what) {
    return serving([=] { return ::prctl(what, 0UL, 0UL, 0UL, 0UL) == 0; });
  };
  const Ended ended = asking(PR_SET_SYSCALL_USER_DISPATCH);  // off, as it is
  EXPECT_TRUE(ended.with(0)) << ended;
  for (const int what : {PR_SET_DUMPABLE, PR_SET_NAME, PR_SET_SECCOMP}) {
    expect_refused(asking(what), "prctl");
  }
}

TEST_F(SimulatedConfinement, SetsItsThreadPointerAndNoOtherBase) {
  const auto asking = [](int what) {
    return serving([=] {
      std::uint64_t word = 0;
      return ::syscall(SYS_arch_prctl, what, &word) == 0;
    });
  };
  const Ended got = asking(ARCH_GET_FS);
  EXPECT_TRUE(got.with(0)) << got;
  const Ended set = serving([] {
    std::uint64_t own = 0;
    return ::syscall(SYS_arch_prctl, ARCH_GET_FS, &own) == 0 &&
           ::syscall(SYS_arch_prctl, ARCH_SET_FS, own) == 0;
  });
  EXPECT_TRUE(set.with(0)) << set;
  for (const int what : {ARCH_SET_GS, ARCH_GET_GS, ARCH_SET_CPUID}) {
    expect_refused(asking(what), "arch_prctl");
  }
}

}  // namespace
}  // namespace merlon::host::sgx::simulated
