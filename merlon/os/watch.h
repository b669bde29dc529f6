#pragma once

// Waiting for a directory's files to change.

#include <chrono>
#include <string>

#include "merlon/os/fd.h"

namespace merlon::os {

class Watch {
 public:
  /// From now on; of files directly in `directory`. Noent · Nospc (too many watches) · …
  [[nodiscard]] static Result<Watch> begin(const std::string& directory) noexcept;

  /// Whether something was written, made or renamed there since begin() or the last call, waiting
  /// for `limit` at most; or whether `other`, if it is given, can be read from, as the descriptor
  /// of a process can when that has ended.
  [[nodiscard]] bool wait(std::chrono::nanoseconds limit,
                          BorrowedFd other = BorrowedFd(-1)) const noexcept;

 private:
  explicit Watch(Fd events) noexcept : events_(std::move(events)) {}

  Fd events_;
};

}  // namespace merlon::os
