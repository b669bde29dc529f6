#pragma once

// Signals as something to wait for, in a program that serves until it is told otherwise.

#include <chrono>
#include <csignal>
#include <initializer_list>
#include <optional>
#include <utility>

#include "merlon/os/fd.h"

namespace merlon::os {

/// From its making on, these signals do nothing by themselves but wait to be taken. Make it before
/// any other thread. When it goes, what it changed is as before.
class SignalQueue {
 public:
  explicit SignalQueue(std::initializer_list<int> signals) noexcept;
  ~SignalQueue();
  SignalQueue(const SignalQueue&) = delete;
  SignalQueue& operator=(const SignalQueue&) = delete;

  /// The next of them; nothing if none has come when `time` is over, and sometimes before.
  [[nodiscard]] std::optional<int> wait(std::chrono::nanoseconds time) const noexcept;

 private:
  ::sigset_t signals_{};
  ::sigset_t before_{};
};

/// The same as a file that is readable while one of them waits, for who waits for files as well.
class SignalFile {
 public:
  /// Mfile · Nomem.
  [[nodiscard]] static Result<SignalFile> open(std::initializer_list<int> signals) noexcept;

  [[nodiscard]] BorrowedFd fd() const noexcept { return file_; }
  /// The next of them; nothing if none has come.
  [[nodiscard]] std::optional<int> take() const noexcept;

 private:
  explicit SignalFile(Fd file) noexcept : file_(std::move(file)) {}

  Fd file_;
};

}  // namespace merlon::os
