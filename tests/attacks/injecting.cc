// Makes merlon-vmm a host that injects: linked into it in the place of ioctl(2) and of its
// confinement, which would forbid what follows. A file `injection` beside the program says
//
//   VECTOR COUNT [MICROSECONDS]
//
// Before the COUNTth run of the processor it is made to take that vector, as an exception,
// interrupt or NMI of its own; with MICROSECONDS the processor is stopped that often, wherever it
// is, so that runs begin anywhere and not only behind the doorbell.

#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include <linux/stddef.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>
#undef __DECLARE_FLEX_ARRAY
#define __DECLARE_FLEX_ARRAY(TYPE, NAME) TYPE NAME[0]  // or sizes are others than the kernel's
#pragma GCC diagnostic ignored "-Wpedantic"
#include <linux/kvm.h>

#include "merlon/host/machine_confinement.h"

extern "C" int __real_ioctl(int file, unsigned long request, ...);
extern "C" int __wrap_ioctl(int file, unsigned long request, ...);

namespace {

struct Plan {
  unsigned vector = 0;
  unsigned long count = 0;
  unsigned microseconds = 0;
};

Plan read_plan() {
  char path[4096];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof(path) - 1);
  Plan plan;
  if (size <= 0) return plan;
  path[size] = '\0';
  char* const name = std::strrchr(path, '/') + 1;
  std::snprintf(name, sizeof(path) - static_cast<std::size_t>(name - path), "injection");
  if (std::FILE* const file = std::fopen(path, "r")) {
    if (std::fscanf(file, "%u %lu %u", &plan.vector, &plan.count, &plan.microseconds) < 2)
      plan = {};
    std::fclose(file);
  }
  return plan;
}

void stop_often(unsigned microseconds) {
  struct sigaction nothing{};
  nothing.sa_handler = [](int) {};  // without SA_RESTART
  ::sigaction(SIGALRM, &nothing, nullptr);
  const itimerval often{{0, microseconds}, {0, microseconds}};
  ::setitimer(ITIMER_REAL, &often, nullptr);
}

void inject(int processor, unsigned vector) {
  constexpr unsigned nmi = 2;
  constexpr unsigned first_interrupt = 32;
  constexpr unsigned long long with_error_codes = 1U << 8U | 1U << 10U | 1U << 11U | 1U << 12U |
                                                  1U << 13U | 1U << 14U | 1U << 17U | 1U << 29U |
                                                  1U << 30U;
  kvm_vcpu_events events{};
  if (__real_ioctl(processor, KVM_GET_VCPU_EVENTS, &events) < 0) return;
  if (vector == nmi) {
    events.nmi.injected = 1;
  } else if (vector < first_interrupt) {
    events.exception.injected = 1;
    events.exception.nr = static_cast<__u8>(vector);
    events.exception.has_error_code = (with_error_codes >> vector & 1U) != 0 ? 1 : 0;
    events.exception.error_code = vector == 29 ? 0x72 : 0;  // as if it were CPUID's
  } else {
    events.interrupt.injected = 1;
    events.interrupt.nr = static_cast<__u8>(vector);
  }
  // Where KVM does not do that, nothing happens, and the keep must run as ever.
  static_cast<void>(__real_ioctl(processor, KVM_SET_VCPU_EVENTS, &events));
}

}  // namespace

extern "C" int __wrap_ioctl(int file, unsigned long request, ...) {
  static const Plan plan = read_plan();
  static unsigned long runs = 0;
  va_list rest;
  va_start(rest, request);
  void* const argument = va_arg(rest, void*);
  va_end(rest);
  if (request == KVM_RUN) {
    ++runs;
    // The first is the trial of the machine.
    if (runs == 2 && plan.microseconds != 0) stop_often(plan.microseconds);
    if (runs == plan.count) inject(file, plan.vector);
  }
  return __real_ioctl(file, request, argument);
}

namespace merlon::host {

// Has the name that the linker gives a wrapped confine_machine().
core::Result<void>
wrapped_confine(const launch::Launch& /*launch*/, const os::CallRules& /*own*/) noexcept asm(
    "__wrap__ZN6merlon4host15confine_machineERKNS_6launch6LaunchERKSt6vectorINS_2os8CallRuleESaIS7_EE");
core::Result<void> wrapped_confine(const launch::Launch& /*launch*/,
                                   const os::CallRules& /*own*/) noexcept {
  return {};
}

}  // namespace merlon::host
