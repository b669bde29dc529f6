#pragma once

// When to ask for the endorsements of each kind of platform again: once a day, sooner where
// something ends soon, and after a failure soon at first and then more rarely. Pure; one thread.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "merlon/codec/time.h"

namespace merlon::steward_service {

class Renewals {
 public:
  static constexpr std::int64_t usual = codec::seconds_per_day;
  static constexpr std::int64_t soonest = 600;  ///< where something ends at once
  static constexpr std::int64_t first_retry = 60;
  static constexpr std::int64_t slowest_retry = 3600;

  /// All are due within seconds. `random` gives 0 to 1.
  Renewals(const std::vector<std::string>& platforms, std::function<double()> random,
           codec::UnixTime now);

  /// One whose time has come.
  [[nodiscard]] std::optional<std::string> due(codec::UnixTime now) const;
  /// What became of it. `first_end`: when the first of the lists and documents in use ends.
  void note(const std::string& platform, bool came, std::optional<codec::UnixTime> first_end,
            codec::UnixTime now);
  /// How often in a row it has failed.
  [[nodiscard]] int failures(const std::string& platform) const;

 private:
  struct Each {
    std::string platform;
    codec::UnixTime next;
    int failures = 0;
  };
  /// A tenth more or less, so that many do not ask at once.
  [[nodiscard]] std::int64_t spread(std::int64_t seconds) const;

  std::vector<Each> all_;
  std::function<double()> random_;
};

}  // namespace merlon::steward_service
