#include "merlon/os/process.h"

#include <array>
#include <vector>

#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "merlon/os/clock.h"

namespace merlon::os {
namespace {

constexpr std::array relayed_signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

class FileActions {
 public:
  FileActions() noexcept { ::posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  [[nodiscard]] int keep_only(int third) noexcept {
    const int error = ::posix_spawn_file_actions_adddup2(&actions_, third, 3);
    return error != 0 ? error : ::posix_spawn_file_actions_addclosefrom_np(&actions_, 4);
  }
  [[nodiscard]] const ::posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

 private:
  ::posix_spawn_file_actions_t actions_{};
};

class SpawnAttributes {
 public:
  SpawnAttributes() noexcept {
    ::posix_spawnattr_init(&attributes_);
    ::sigset_t none;
    sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnAttributes() { ::posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;

  [[nodiscard]] const ::posix_spawnattr_t* get() const noexcept { return &attributes_; }

 private:
  ::posix_spawnattr_t attributes_{};
};

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

/// How long it is until `deadline`; nothing if it has passed.
::timespec until(std::uint64_t deadline) noexcept {
  constexpr std::uint64_t second = 1'000'000'000;
  const auto time = now(Clock::Monotonic);
  const std::uint64_t rest = time && *time < deadline ? deadline - *time : 0;
  return {static_cast<::time_t>(rest / second), static_cast<long>(rest % second)};
}

}  // namespace

Result<ChildProcess> ChildProcess::spawn(const std::string& path,
                                         std::span<const std::string> arguments, BorrowedFd third) {
  const std::vector<char*> argv = argv_of(arguments);
  std::array<char*, 1> environment{nullptr};

  FileActions actions;
  if (const int error = actions.keep_only(third.number()); error != 0) {
    return static_cast<Errno>(error);
  }
  const SpawnAttributes attributes;
  ::pid_t id = -1;
  const int error = ::posix_spawn(&id, path.c_str(), actions.get(), attributes.get(), argv.data(),
                                  environment.data());
  if (error != 0) return static_cast<Errno>(error);
  return ChildProcess(id);
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
    } else if (info.si_code <= 0) {  // from a process, not from the terminal
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
