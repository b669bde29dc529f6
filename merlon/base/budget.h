#pragma once

// Who says how much memory something may take, since it is the memory of the program that uses it.

#include <cstdint>
#include <utility>

namespace merlon::base {

class Budget {
 public:
  virtual ~Budget() = default;
  /// False, and nothing taken, if that many bytes are more than what is left.
  [[nodiscard]] virtual bool take(std::uint64_t bytes) = 0;
  virtual void give_back(std::uint64_t bytes) noexcept = 0;
};

/// What one object has taken, which is given back with it.
class Share {
 public:
  /// Null: nobody counts. Else it outlives this.
  explicit Share(Budget* budget = nullptr) noexcept : budget_(budget) {}
  ~Share() { static_cast<void>(resize(0)); }
  Share(Share&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Share& operator=(Share&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  /// False, and as it was, if that is more than what is left. To have less is always possible.
  [[nodiscard]] bool resize(std::uint64_t bytes) {
    if (budget_ != nullptr) {
      if (bytes > bytes_ && !budget_->take(bytes - bytes_)) return false;
      if (bytes < bytes_) budget_->give_back(bytes_ - bytes);
    }
    bytes_ = bytes;
    return true;
  }

 private:
  Budget* budget_;
  std::uint64_t bytes_ = 0;
};

}  // namespace merlon::base
