#pragma once

// Waiting for many files at once.

#include <chrono>
#include <optional>
#include <span>

#include <poll.h>

#include "merlon/os/fd.h"

namespace merlon::os {

/// poll(2)'s own words: fd, events wanted, events found.
using PollItem = ::pollfd;

/// Waits until an item is ready or `timeout` is over (nothing: for ever), and gives how many items
/// are ready. Intr when a signal came.
[[nodiscard]] Result<std::size_t> poll(std::span<PollItem> items,
                                       std::optional<std::chrono::nanoseconds> timeout) noexcept;

/// Whether it can be read from, or is at its end, without waiting.
[[nodiscard]] bool has_input(BorrowedFd fd) noexcept;

/// A bell that one side rings and the other side can poll for. Once rung it stays rung.
class WakeUp {
 public:
  [[nodiscard]] static Result<WakeUp> create() noexcept;

  /// Async-signal-safe, from any thread.
  void ring() const noexcept;
  /// Readable once rung.
  [[nodiscard]] BorrowedFd fd() const noexcept { return event_; }

 private:
  explicit WakeUp(Fd event) noexcept : event_(std::move(event)) {}

  Fd event_;
};

}  // namespace merlon::os
