#include "merlon/os/process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "merlon/os/clock.h"

namespace merlon::os {
namespace {

constexpr auto relayed_signals = std::array{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

/// `arguments` as main gets them; they must outlive the result.
std::vector<char*> argv_of(std::span<const std::string> arguments) {
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) {
    // SAFETY: exec and posix_spawn promise to leave the strings alone; their type is older than
    // const.
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  return argv;
}

ExitStatus exit_status_of(int status) noexcept {
  if (WIFSIGNALED(status)) return {ExitStatus::Kind::Killed, WTERMSIG(status)};
  return {ExitStatus::Kind::Exited, WEXITSTATUS(status)};
}

/// Closes `first` and all above; kernels before Linux 5.9 cannot do that at once.
void close_all_from(int first) noexcept {
  if (::syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, 0U) == 0) return;
  constexpr ::rlim_t most = 65536;
  ::rlimit limit{};
  const bool known = ::getrlimit(RLIMIT_NOFILE, &limit) == 0;
  const ::rlim_t end = known ? std::min(limit.rlim_cur, most) : most;
  for (int number = first; std::cmp_less(number, end); ++number) ::close(number);
}

/// The number of the first descriptor that a child has beside its standard streams.
constexpr int first_other = 3;

/// Copies of descriptors that lie where the child's will be, so that none is overwritten before it
/// has been copied. They are closed with this object.
Result<std::vector<Fd>> moved_away(std::span<int> numbers) {
  const int end = first_other + static_cast<int>(numbers.size());
  std::vector<Fd> copies;
  int place = first_other;
  for (int& number : numbers) {
    if (number >= first_other && number < end && number != place) {
      const int copy = ::fcntl(number, F_DUPFD_CLOEXEC, end);
      if (copy < 0) return last_errno();
      copies.push_back(Fd::adopt(copy));
      number = copy;
    }
    ++place;
  }
  return copies;
}

/// In the child of vfork(2), which shares our memory until it is another program: nothing but
/// system calls. posix_spawn(3) would ask for the handler of each signal first, which is a hundred
/// calls; here all are blocked. Gives an errno.
[[gnu::noinline]] int run_in_child(const char* path, char* const* argv, std::span<const int> others,
                                   int end) noexcept {
  std::array<char*, 1> environment{nullptr};
  int number = first_other;
  for (const int other : others) {
    // One that lies where another will be was copied to a higher number before.
    if (other == number ? ::fcntl(other, F_SETFD, 0) < 0 : ::dup2(other, number) < 0) return errno;
    ++number;
  }
  close_all_from(end);
  ::sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(path, argv, environment.data());
  return errno;
}

/// How long it is until `deadline`; nothing if it has passed.
::timespec until(std::uint64_t deadline) noexcept {
  constexpr std::uint64_t second = 1'000'000'000;
  const auto time = now(Clock::Monotonic);
  const std::uint64_t rest = time && *time < deadline ? deadline - *time : 0;
  return {static_cast<::time_t>(rest / second), static_cast<long>(rest % second)};
}

}  // namespace

Result<ChildProcess> ChildProcess::spawn(const std::string& path,
                                         std::span<const std::string> arguments,
                                         std::span<const BorrowedFd> others) {
  const std::vector<char*> argv = argv_of(arguments);
  std::vector<int> numbers;
  for (const BorrowedFd other : others) numbers.push_back(other.number());
  const auto copies = moved_away(numbers);
  if (!copies) return copies.error();
  const int end = first_other + static_cast<int>(numbers.size());
  // No handler of ours may run in the child while it shares our memory.
  ::sigset_t all;
  ::sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  volatile int failure = 0;
  const ::pid_t id = ::vfork();
  if (id == 0) {
    failure = run_in_child(path.c_str(), argv.data(), numbers, end);
    ::_exit(1);
  }
  const Errno number = id < 0 ? last_errno() : static_cast<Errno>(failure);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (id < 0) return number;
  if (failure == 0) return ChildProcess(id);
  static_cast<void>(::waitpid(id, nullptr, 0));
  return number;
}

Result<void> ChildProcess::signal(int number) const noexcept {
  if (::kill(id_, number) < 0) return last_errno();
  return {};
}

Result<ExitStatus> ChildProcess::wait() const noexcept {
  int status = 0;
  while (::waitpid(id_, &status, 0) < 0) {
    const Errno number = last_errno();
    if (number != Errno::Intr) return number;
  }
  return exit_status_of(status);
}

Errno become(const std::string& path, std::span<const std::string> arguments) {
  ::execv(path.c_str(), argv_of(arguments).data());
  return last_errno();
}

SignalRelay::SignalRelay() noexcept {
  // An inherited "ignore" would let the kernel throw the child's end away.
  ::signal(SIGCHLD, SIG_DFL);
  sigemptyset(&relayed_);
  sigaddset(&relayed_, SIGCHLD);
  for (const int number : relayed_signals) sigaddset(&relayed_, number);
  ::sigprocmask(SIG_BLOCK, &relayed_, &before_);
}

SignalRelay::~SignalRelay() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

SignalWindow::SignalWindow(const SignalRelay& relay) noexcept {
  ::sigset_t open = relay.before_;
  sigaddset(&open, SIGCHLD);  // the end of the child stays to be waited for
  ::sigprocmask(SIG_SETMASK, &open, &kept_);
}

SignalWindow::~SignalWindow() { ::sigprocmask(SIG_SETMASK, &kept_, nullptr); }

Result<ExitStatus> SignalRelay::wait(const ChildProcess& child) const noexcept {
  // In five hundred years.
  constexpr std::uint64_t never = ~std::uint64_t{0};
  const std::optional<ExitStatus> ended = TRY(wait_until(child, never));
  return ended ? Result<ExitStatus>(*ended) : Errno::Again;
}

Result<std::optional<ExitStatus>> SignalRelay::wait_until(const ChildProcess& child,
                                                          std::uint64_t deadline) const noexcept {
  for (;;) {
    const ::timespec rest = until(deadline);
    ::siginfo_t info{};
    const int number = ::sigtimedwait(&relayed_, &info, &rest);
    if (number < 0) {
      if (last_errno() == Errno::Again) return std::optional<ExitStatus>();
      if (last_errno() == Errno::Intr) continue;
      return last_errno();
    }
    if (number == SIGCHLD) {
      int status = 0;
      const ::pid_t ended = ::waitpid(child.id(), &status, WNOHANG);
      if (ended < 0) return last_errno();
      if (ended == child.id()) return std::optional(exit_status_of(status));
    } else {
      // A child that has just ended cannot be told; its SIGCHLD follows.
      static_cast<void>(child.signal(number));
    }
  }
}

Result<bool> SignalRelay::wait_readable(BorrowedFd fd, std::uint64_t deadline) const noexcept {
  // The child's end stays for wait_until() to hear of.
  ::sigset_t blocked = before_;
  sigaddset(&blocked, SIGCHLD);
  for (;;) {
    const ::timespec rest = until(deadline);
    ::pollfd entry{fd.number(), POLLIN, 0};
    const int found = ::ppoll(&entry, 1, &rest, &blocked);
    if (found >= 0) return found > 0;
    if (last_errno() != Errno::Intr) return last_errno();
  }
}

Result<bool> SignalRelay::wait_readable_for(BorrowedFd fd, BorrowedFd process,
                                            std::uint64_t deadline) const noexcept {
  const int signals = ::signalfd(-1, &relayed_, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0) return last_errno();
  const Fd owned = Fd::adopt(signals);
  for (;;) {
    const ::timespec rest = until(deadline);
    std::array<::pollfd, 2> entries{{{fd.number(), POLLIN, 0}, {signals, POLLIN, 0}}};
    const int found = ::ppoll(entries.data(), entries.size(), &rest, nullptr);
    if (found == 0) return false;
    if (found < 0 && last_errno() != Errno::Intr) return last_errno();
    if (found < 0) continue;
    ::signalfd_siginfo info{};
    while (::read(signals, &info, sizeof(info)) == ::ssize_t{sizeof(info)}) {
      const int number = static_cast<int>(info.ssi_signo);
      // One that has just ended cannot be told; its end follows.
      if (number != SIGCHLD) static_cast<void>(os::signal(process, number));
    }
    if (entries[0].revents != 0) return true;
  }
}

Result<Fd> open_process(::pid_t id) noexcept {
  const auto number = ::syscall(SYS_pidfd_open, id, 0U);
  if (number < 0) return last_errno();
  return Fd::adopt(static_cast<int>(number));
}

Result<void> signal(BorrowedFd process, int number) noexcept {
  if (::syscall(SYS_pidfd_send_signal, process.number(), number, nullptr, 0U) < 0) {
    return last_errno();
  }
  return {};
}

void end_with_parent() noexcept { ::prctl(PR_SET_PDEATHSIG, SIGKILL); }

void ignore_broken_pipes() noexcept { ::signal(SIGPIPE, SIG_IGN); }

void end_process(int status) noexcept { ::_exit(status); }

const char* signal_name(int number) noexcept {
  switch (number) {
    case SIGHUP: return "SIGHUP";
    case SIGINT: return "SIGINT";
    case SIGQUIT: return "SIGQUIT";
    case SIGILL: return "SIGILL";
    case SIGTRAP: return "SIGTRAP";
    case SIGABRT: return "SIGABRT";
    case SIGBUS: return "SIGBUS";
    case SIGFPE: return "SIGFPE";
    case SIGKILL: return "SIGKILL";
    case SIGUSR1: return "SIGUSR1";
    case SIGSEGV: return "SIGSEGV";
    case SIGUSR2: return "SIGUSR2";
    case SIGPIPE: return "SIGPIPE";
    case SIGALRM: return "SIGALRM";
    case SIGTERM: return "SIGTERM";
    case SIGXCPU: return "SIGXCPU";
    case SIGXFSZ: return "SIGXFSZ";
    case SIGSYS: return "SIGSYS";
    default: return "signal";
  }
}

}  // namespace merlon::os
