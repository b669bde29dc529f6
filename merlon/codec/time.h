#pragma once

// Points in time as certificates, CRLs and signed JSON state them. Pure; any thread.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "merlon/core/result.h"

namespace merlon::codec {

/// Seconds since 1970-01-01T00:00:00Z, without leap seconds.
struct UnixTime {
  std::int64_t seconds = 0;
  friend constexpr auto operator<=>(UnixTime, UnixTime) noexcept = default;
};

inline constexpr std::int64_t seconds_per_day = 86'400;

/// A date of the Gregorian calendar, UTC. Malformed if there is no such second.
struct CivilTime {
  int year = 1970;
  int month = 1;  ///< 1 to 12
  int day = 1;    ///< from 1
  int hour = 0;
  int minute = 0;
  int second = 0;
};
[[nodiscard]] core::Result<UnixTime> to_unix(const CivilTime& time) noexcept;

/// "2025-06-19T10:16:03Z": upper-case letters, no fraction, UTC only; or a date alone, which is its
/// first second. [RFC3339 §5.6]
[[nodiscard]] core::Result<UnixTime> parse_rfc3339(std::string_view text) noexcept;

/// "2025-06-19T10:16:03Z". Years outside of 0 to 9999 are cut off to these.
[[nodiscard]] std::string to_rfc3339(UnixTime time);

/// The content of a DER UTCTime, `YYMMDDHHMMSSZ`; 50 is 1950 and 49 is 2049. [RFC5280 §4.1.2.5.1]
[[nodiscard]] core::Result<UnixTime> parse_utc_time(std::string_view text) noexcept;

/// The content of a DER GeneralizedTime, `YYYYMMDDHHMMSSZ`. [RFC5280 §4.1.2.5.2]
[[nodiscard]] core::Result<UnixTime> parse_generalized_time(std::string_view text) noexcept;

}  // namespace merlon::codec
