#pragma once

// Removing what a tag had takes as long as its objects are many: in an S3, requests for each 4 MiB.
// So that they do not take all workers, so many requests do that at a time, and of a user one. Any
// thread.

#include <cstddef>
#include <limits>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace merlon::drawbridge {

class Removals {
 public:
  /// Of a store that removes in no time.
  static constexpr std::size_t any = std::numeric_limits<std::size_t>::max();

  explicit Removals(std::size_t most) noexcept : most_(most) {}

  /// Gives its place back at its end; before its Removals'.
  class Turn {
   public:
    Turn(Turn&& other) noexcept : of_(std::exchange(other.of_, nullptr)), user_(other.user_) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (of_ == nullptr) return;
      const std::scoped_lock lock(of_->mutex_);
      of_->users_.erase(user_);
    }

   private:
    friend class Removals;
    Turn() noexcept = default;
    Turn(Removals& of, std::set<std::string>::iterator user) noexcept : of_(&of), user_(user) {}
    Removals* of_ = nullptr;
    std::set<std::string>::iterator user_{};
  };

  /// Nothing: as many are under way, or one of this user's.
  [[nodiscard]] std::optional<Turn> begin(const std::string& user) {
    if (most_ == any) return Turn();
    const std::scoped_lock lock(mutex_);
    if (users_.size() >= most_) return std::nullopt;
    const auto [at, is_new] = users_.insert(user);
    if (!is_new) return std::nullopt;
    return Turn(*this, at);
  }

 private:
  const std::size_t most_;
  std::mutex mutex_;
  std::set<std::string> users_;
};

}  // namespace merlon::drawbridge
