#pragma once

// How far the store had come, in a file beside it: one that was put back to an earlier state is
// noticed by who keeps the two apart.

#include <cstdint>
#include <string>

#include "merlon/core/result.h"

namespace merlon::release {

/// For one thread at a time.
class Mark {
 public:
  /// An empty path: remembers as long as it lives. The file is made with the first raise(). A line
  /// about what is wrong with it otherwise.
  [[nodiscard]] static core::Result<Mark, std::string> open(std::string path);

  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }
  /// Once it returns well, the disk has it. Lower values change nothing.
  [[nodiscard]] core::Result<void, std::string> raise(std::uint64_t value);

 private:
  Mark(std::string path, std::uint64_t value) noexcept : path_(std::move(path)), value_(value) {}

  std::string path_;
  std::uint64_t value_ = 0;
};

}  // namespace merlon::release
