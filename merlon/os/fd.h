#pragma once

// File descriptors as values that own, or say that they do not.

#include <utility>

#include "merlon/os/errno.h"

namespace merlon::os {

class Fd;

/// A descriptor that somebody else closes; valid as long as that owner keeps it open.
class BorrowedFd {
 public:
  constexpr explicit BorrowedFd(int number) noexcept : number_(number) {}
  BorrowedFd(
      const Fd& owner) noexcept;  // NOLINT(google-explicit-constructor): lending is the point

  [[nodiscard]] constexpr int number() const noexcept { return number_; }

 private:
  int number_;
};

/// Owns one open file descriptor, or none. Closed exactly once; move-only.
class Fd {
 public:
  constexpr Fd() noexcept = default;
  /// Takes over `number`, which nobody else will close from now on.
  [[nodiscard]] static Fd adopt(int number) noexcept { return Fd(number); }

  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { close(); }

  [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }
  [[nodiscard]] int number() const noexcept { return number_; }
  /// Gives the descriptor away; the caller closes it.
  [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }
  void close() noexcept;

 private:
  explicit Fd(int number) noexcept : number_(number) {}

  int number_ = -1;
};

inline BorrowedFd::BorrowedFd(const Fd& owner) noexcept : number_(owner.number()) {}

/// A second descriptor of the same open file, closed on exec, never numbered below 3.
[[nodiscard]] Result<Fd> duplicate(BorrowedFd fd) noexcept;

}  // namespace merlon::os
