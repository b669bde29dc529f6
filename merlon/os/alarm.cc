#include "merlon/os/alarm.h"

#include <algorithm>
#include <csignal>
#include <memory>
#include <utility>

#include <sys/syscall.h>

#include "merlon/os/system_call.h"

namespace merlon::os {

struct Alarm::Target {
  Ring ring;
  void* argument;

  [[gnu::force_align_arg_pointer]] static void handle(int /*number*/, ::siginfo_t* info,
                                                      void* /*context*/) noexcept {
    // A SIGALRM that somebody else sent carries no target of ours.
    if (info->si_code != SI_TIMER) return;
    const int before = errno;
    const auto* target = static_cast<const Target*>(info->si_value.sival_ptr);
    target->ring(target->argument);
    errno = before;
  }
};

// The kernel's timers, not the C library's, which bring threads along, and with them what a thread
// keeps for looking up names.
namespace {

::timespec to_timespec(std::chrono::nanoseconds time) noexcept {
  constexpr auto second = std::chrono::nanoseconds(std::chrono::seconds(1)).count();
  return {static_cast<std::time_t>(time.count() / second),
          static_cast<long>(time.count() % second)};
}

}  // namespace

Alarm::Alarm(Alarm&& other) noexcept
    : timer_(other.timer_), target_(std::exchange(other.target_, nullptr)) {}

Result<Alarm> Alarm::start(std::chrono::nanoseconds first, std::chrono::nanoseconds interval,
                           Ring ring, void* argument) {
  struct ::sigaction action{};
  action.sa_sigaction = &Target::handle;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  if (::sigaction(SIGALRM, &action, nullptr) < 0) return last_errno();

  auto target = std::make_unique<Target>(Target{ring, argument});
  ::sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGALRM;
  event.sigev_value.sival_ptr = target.get();
  int timer = 0;
  TRY(system_call(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer));
  Alarm alarm(timer, target.release());
  // A zero would mean "never".
  ::itimerspec times{};
  times.it_value = to_timespec(std::max(first, std::chrono::nanoseconds(1)));
  times.it_interval = to_timespec(interval);
  TRY(system_call(SYS_timer_settime, timer, 0, &times, nullptr));
  return alarm;
}

Alarm::~Alarm() {
  if (target_ == nullptr) return;
  // From here on the handler can only be late; an ignored signal is never delivered.
  ::signal(SIGALRM, SIG_IGN);
  static_cast<void>(system_call(SYS_timer_delete, timer_));
  delete target_;
}

}  // namespace merlon::os
