#pragma once

// Child processes: start one with few descriptors, pass signals on to it, learn how it ended.

#include <csignal>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <sys/types.h>

#include "merlon/os/fd.h"

namespace merlon::os {

/// A child, or any process of this user, by a descriptor that never means another one
/// [pidfd_open(2)]. Srch (there is none) · Mfile · …
[[nodiscard]] Result<Fd> open_process(::pid_t id) noexcept;
/// Errors: Srch (it has ended) · Perm · …
[[nodiscard]] Result<void> signal(BorrowedFd process, int number) noexcept;

/// How a process ended.
struct ExitStatus {
  enum class Kind : bool { Exited, Killed };
  Kind kind = Kind::Exited;
  int value = 0;  ///< exit status 0 to 255, or the signal's number
};

/// A child that has been started and not yet waited for.
class ChildProcess {
 public:
  /// Starts the program at `path`. The child has the caller's descriptors 0, 1 and 2, those of
  /// `others` as its descriptors 3, 4 … and no other, an empty environment, and no blocked signals.
  ///
  /// Errors: Noent · Acces · Nomem · Again (no more processes) · Mfile · …
  [[nodiscard]] static Result<ChildProcess> spawn(const std::string& path,
                                                  std::span<const std::string> arguments,
                                                  std::span<const BorrowedFd> others);
  [[nodiscard]] static Result<ChildProcess> spawn(const std::string& path,
                                                  std::span<const std::string> arguments,
                                                  BorrowedFd third) {
    return spawn(path, arguments, std::span(&third, 1));
  }

  /// A child of this process that was started in another way.
  [[nodiscard]] static ChildProcess adopt(::pid_t id) noexcept { return ChildProcess(id); }

  [[nodiscard]] ::pid_t id() const noexcept { return id_; }
  [[nodiscard]] Result<void> signal(int number) const noexcept;
  /// Waits for the end.
  [[nodiscard]] Result<ExitStatus> wait() const noexcept;

 private:
  explicit ChildProcess(::pid_t id) noexcept : id_(id) {}
  ::pid_t id_;
};

/// Becomes the program at `path`: the same process, descriptors and environment. Returns only if
/// that cannot be.
///
/// Errors: Noent · Acces · Nomem · …
[[nodiscard]] Errno become(const std::string& path, std::span<const std::string> arguments);

/// While this object lives, the signals that end or steer a program (INT, TERM, HUP, QUIT, USR1,
/// USR2) are not acted upon but kept, so that wait() can pass them on. Make it before the child.
/// One object at a time, in a program with one thread.
class SignalRelay {
 public:
  SignalRelay() noexcept;
  ~SignalRelay();
  SignalRelay(const SignalRelay&) = delete;
  SignalRelay& operator=(const SignalRelay&) = delete;

  /// Waits for the end of `child`, passing on each signal. What the terminal sends (Ctrl-C) may have
  /// reached the child already, being in the same group; not if it came before the child was there.
  [[nodiscard]] Result<ExitStatus> wait(const ChildProcess& child) const noexcept;
  /// The same until `deadline`, in nanoseconds of Clock::Monotonic; nothing if the child runs on.
  [[nodiscard]] Result<std::optional<ExitStatus>> wait_until(const ChildProcess& child,
                                                             std::uint64_t deadline) const noexcept;
  /// Waits until there is something to read, or the other end is closed; false at `deadline`. Each
  /// signal that comes meanwhile is passed on to `process` (a pidfd), whoever sent it: one that is
  /// no child of ours is in no group of ours either.
  [[nodiscard]] Result<bool> wait_readable_for(BorrowedFd fd, BorrowedFd process,
                                               std::uint64_t deadline) const noexcept;
  /// Waits until there is something to read, or the other end is closed; false at `deadline`.
  /// Meanwhile signals do what they would do without this object: there is nothing yet to pass them
  /// on to.
  [[nodiscard]] Result<bool> wait_readable(BorrowedFd fd, std::uint64_t deadline) const noexcept;

 private:
  friend class SignalWindow;
  ::sigset_t relayed_{};
  ::sigset_t before_{};
};

/// While this object lives, the signals that a relay keeps act as if there were none: they end the
/// program. For what may wait before the child can be told.
class SignalWindow {
 public:
  explicit SignalWindow(const SignalRelay& relay) noexcept;
  ~SignalWindow();
  SignalWindow(const SignalWindow&) = delete;
  SignalWindow& operator=(const SignalWindow&) = delete;

 private:
  ::sigset_t kept_{};
};

/// The kernel kills the calling process when its parent ends, however that happens.
void end_with_parent() noexcept;

/// Writing to a pipe or socket that nobody reads is an error (Pipe) and no longer a deadly signal.
void ignore_broken_pipes() noexcept;

/// Ends this process without taking anything apart: no destructor, no exit handler, no stream.
[[noreturn]] void end_process(int status) noexcept;

/// The name of a signal, e.g. "SIGSEGV"; "signal" if it has none. Static storage.
[[nodiscard]] const char* signal_name(int number) noexcept;

}  // namespace merlon::os
