#include "merlon/os/signals.h"

#include <algorithm>

#include <sys/signalfd.h>
#include <unistd.h>

namespace merlon::os {

SignalQueue::SignalQueue(std::initializer_list<int> signals) noexcept {
  ::sigemptyset(&signals_);
  for (const int each : signals) ::sigaddset(&signals_, each);
  ::pthread_sigmask(SIG_BLOCK, &signals_, &before_);
}

SignalQueue::~SignalQueue() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

std::optional<int> SignalQueue::wait(std::chrono::nanoseconds time) const noexcept {
  constexpr std::int64_t second = 1'000'000'000;
  const std::int64_t left = std::max<std::int64_t>(time.count(), 0);
  const ::timespec most{left / second, left % second};
  const int number = ::sigtimedwait(&signals_, nullptr, &most);
  if (number < 0) return std::nullopt;
  return number;
}

Result<SignalFile> SignalFile::open(std::initializer_list<int> signals) noexcept {
  ::sigset_t set{};
  ::sigemptyset(&set);
  for (const int each : signals) ::sigaddset(&set, each);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  const int file = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (file < 0) return last_errno();
  return SignalFile(Fd::adopt(file));
}

std::optional<int> SignalFile::take() const noexcept {
  ::signalfd_siginfo info{};
  if (::read(file_.number(), &info, sizeof(info)) != ::ssize_t{sizeof(info)}) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace merlon::os
