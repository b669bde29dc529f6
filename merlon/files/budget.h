#pragma once

// Who says how much memory files may take, since it is the memory of the program that uses them.

#include <cstdint>

namespace merlon::files {

class Budget {
 public:
  virtual ~Budget() = default;
  /// False, and nothing taken, if that many bytes are more than what is left.
  [[nodiscard]] virtual bool take(std::uint64_t bytes) = 0;
  virtual void give_back(std::uint64_t bytes) noexcept = 0;
};

}  // namespace merlon::files
