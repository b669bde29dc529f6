#pragma once

// One line on a terminal of how far a transfer is; nothing where standard error is none, and
// nothing for what takes less than a second.

#include <cstdint>
#include <string>

#include "merlon/registry_client/transfer.h"

namespace merlon::cli_registry {

/// "12.5 MiB", "310 B".
[[nodiscard]] std::string size_text(std::uint64_t bytes);
/// "3.1 MiB of 9.0 MiB, 1.5 MiB/s, 4 s left", after so many nanoseconds.
[[nodiscard]] std::string progress_text(std::uint64_t done, std::uint64_t all,
                                        std::uint64_t nanoseconds);

class ProgressLine {
 public:
  ProgressLine() noexcept;
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void tell(std::uint64_t done, std::uint64_t all);
  /// It outlives what it is given to.
  [[nodiscard]] registry_client::Progress callback() {
    return [this](std::uint64_t done, std::uint64_t all) { tell(done, all); };
  }

 private:
  bool shows_;
  std::uint64_t begun_;
  std::uint64_t last_ = 0;  ///< when it was drawn
};

}  // namespace merlon::cli_registry
