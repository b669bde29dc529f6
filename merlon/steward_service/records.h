#pragma once

// What a Steward writes down before a certificate leaves.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "merlon/core/result.h"
#include "merlon/steward/authority.h"

namespace merlon::steward_service {

/// The log of issued certificates, as it is now.
struct LogState {
  std::uint64_t records = 0;
  std::string last;  ///< hash of the last record, in hexadecimal
  std::string note;  ///< what was cut off at the start; empty: nothing was
};

class Records {
 public:
  virtual ~Records() = default;
  /// Nothing if no log is kept.
  [[nodiscard]] virtual std::optional<LogState> log() const = 0;
  /// What was seen so far. Any thread.
  [[nodiscard]] virtual verify::Memory memory() const = 0;
  /// Takes what is newer of what was seen where nothing was issued. The reason if it is not on
  /// disk. Any thread.
  [[nodiscard]] virtual core::Result<void, std::string> learn(const verify::Memory& seen) = 0;
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
  [[nodiscard]] std::optional<LogState> log() const override { return std::nullopt; }
  [[nodiscard]] core::Result<void, std::string> learn(const verify::Memory& seen) override {
    const std::scoped_lock lock(mutex_);
    memory_.merge(seen);
    return {};
  }
  [[nodiscard]] core::Result<void, std::string> keep(const steward::Certified& certified) override {
    return learn(certified.seen);
  }

 private:
  mutable std::mutex mutex_;
  verify::Memory memory_;
};

/// What is kept in `directory`, which is made if it is not there: seen.json and issued.log. Empty:
/// a ShortMemory. A line about what is wrong with it otherwise.
[[nodiscard]] core::Result<std::unique_ptr<Records>, std::string> open_records(
    const std::string& directory, std::function<codec::UnixTime()> now);

/// The log's file, if `path` is a directory of open_records(); else `path`.
[[nodiscard]] std::string log_path(const std::string& path);

}  // namespace merlon::steward_service
