#pragma once

// How much memory all that a guest can make grow may take together.

#include <cstdint>

namespace merlon::wasm {

/// One for each store. Linear memories count in full. *Records* are tables, exceptions and what the
/// engine keeps of an instance; they count beyond the first MiB, so that a program whose memory is
/// just as large as the limit may have them. What a module takes by itself (its bytes, its code) is
/// not counted: it is bounded by the module.
class MemoryBudget {
 public:
  static constexpr std::uint64_t free_records = std::uint64_t{1} << 20U;

  explicit MemoryBudget(std::uint64_t limit) noexcept : limit_(limit) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  /// False, and nothing taken, if it is more than what is left.
  [[nodiscard]] bool take_memory(std::uint64_t bytes) noexcept {
    if (bytes > left()) return false;
    memories_ += bytes;
    return true;
  }
  void give_back_memory(std::uint64_t bytes) noexcept { memories_ -= bytes; }

  [[nodiscard]] bool take_records(std::uint64_t bytes) noexcept {
    const std::uint64_t unused = records_ < free_records ? free_records - records_ : 0;
    if (bytes > unused && bytes - unused > left()) return false;
    records_ += bytes;
    return true;
  }
  void give_back_records(std::uint64_t bytes) noexcept { records_ -= bytes; }

 private:
  [[nodiscard]] std::uint64_t left() const noexcept {
    const std::uint64_t counted = records_ > free_records ? records_ - free_records : 0;
    return limit_ - memories_ - counted;
  }

  std::uint64_t limit_;
  std::uint64_t memories_ = 0;
  std::uint64_t records_ = 0;
};

}  // namespace merlon::wasm
