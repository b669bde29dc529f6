#pragma once

// What a Steward writes down before a certificate leaves.

#include <memory>
#include <mutex>
#include <string>

#include "merlon/core/result.h"
#include "merlon/steward/authority.h"

namespace merlon::steward_service {

class Records {
 public:
  virtual ~Records() = default;
  /// What was seen so far. Any thread.
  [[nodiscard]] virtual verify::Memory memory() const = 0;
  /// Once it returns well, all of it is on disk. The reason otherwise, and then the certificate
  /// must not leave. Any thread.
  [[nodiscard]] virtual core::Result<void, std::string> keep(
      const steward::Certified& certified) = 0;
};

/// For who named no place: remembers as long as the process lives, and logs nothing.
class ShortMemory final : public Records {
 public:
  [[nodiscard]] verify::Memory memory() const override {
    const std::scoped_lock lock(mutex_);
    return memory_;
  }
  [[nodiscard]] core::Result<void, std::string> keep(const steward::Certified& certified) override {
    const std::scoped_lock lock(mutex_);
    memory_.merge(certified.seen);
    return {};
  }

 private:
  mutable std::mutex mutex_;
  verify::Memory memory_;
};

}  // namespace merlon::steward_service
