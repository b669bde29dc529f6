#include "merlon/codec/time.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace merlon::codec {

namespace {

using core::ErrorCode;

/// Two decimal digits at `at`, or -1.
int two_digits(std::string_view text, std::size_t at) noexcept {
  if (at + 2 > text.size()) return -1;
  const char tens = text[at];
  const char ones = text[at + 1];
  if (tens < '0' || tens > '9' || ones < '0' || ones > '9') return -1;
  return (tens - '0') * 10 + (ones - '0');
}

bool fits(std::string_view text, std::string_view pattern) noexcept {
  if (text.size() != pattern.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (pattern[i] == '0' ? !digit : text[i] != pattern[i]) return false;
  }
  return true;
}

void append_digits(std::string& text, int value, int count) {
  std::array<char, 4> digits{};
  for (int i = count - 1; i >= 0; --i) {
    digits[static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  text.append(digits.data(), static_cast<std::size_t>(count));
}

}  // namespace

core::Result<UnixTime> to_unix(const CivilTime& time) noexcept {
  using namespace std::chrono;
  if (time.year < 0 || time.year > 9999 || time.month < 1 || time.month > 12 || time.day < 1 ||
      time.hour < 0 || time.hour > 23 || time.minute < 0 || time.minute > 59 || time.second < 0 ||
      time.second > 59) {
    return core::error(ErrorCode::Malformed, "no such time");
  }
  const year_month_day date{year(time.year), month(static_cast<unsigned>(time.month)),
                            day(static_cast<unsigned>(time.day))};
  if (!date.ok()) return core::error(ErrorCode::Malformed, "no such day");
  const std::int64_t days = sys_days(date).time_since_epoch().count();
  const int of_day = time.hour * 3600 + time.minute * 60 + time.second;
  return UnixTime{days * seconds_per_day + of_day};
}

core::Result<UnixTime> parse_rfc3339(std::string_view text) noexcept {
  const bool date_only = fits(text, "0000-00-00");
  if (!date_only && !fits(text, "0000-00-00T00:00:00Z")) {
    return core::error(ErrorCode::Malformed, "a time must look like 2025-06-19T10:16:03Z");
  }
  CivilTime time;
  time.year = two_digits(text, 0) * 100 + two_digits(text, 2);
  time.month = two_digits(text, 5);
  time.day = two_digits(text, 8);
  if (!date_only) {
    time.hour = two_digits(text, 11);
    time.minute = two_digits(text, 14);
    time.second = two_digits(text, 17);
  }
  return to_unix(time);
}

std::string to_rfc3339(UnixTime time) {
  using namespace std::chrono;
  constexpr std::int64_t first = -62'167'219'200;  // 0000-01-01
  constexpr std::int64_t last = 253'402'300'799;   // 9999-12-31T23:59:59
  const std::int64_t seconds = std::clamp(time.seconds, first, last);
  const std::int64_t days = seconds / seconds_per_day - (seconds % seconds_per_day < 0 ? 1 : 0);
  const auto rest = static_cast<int>(seconds - days * seconds_per_day);
  const year_month_day date{sys_days(std::chrono::days(static_cast<int>(days)))};
  std::string text;
  append_digits(text, static_cast<int>(date.year()), 4);
  text += '-';
  append_digits(text, static_cast<int>(static_cast<unsigned>(date.month())), 2);
  text += '-';
  append_digits(text, static_cast<int>(static_cast<unsigned>(date.day())), 2);
  text += 'T';
  append_digits(text, rest / 3600, 2);
  text += ':';
  append_digits(text, rest / 60 % 60, 2);
  text += ':';
  append_digits(text, rest % 60, 2);
  text += 'Z';
  return text;
}

namespace {

/// MMDDHHMMSS from `at` on.
core::Result<UnixTime> compact(std::string_view text, std::size_t at, int year) noexcept {
  return to_unix({year, two_digits(text, at), two_digits(text, at + 2), two_digits(text, at + 4),
                  two_digits(text, at + 6), two_digits(text, at + 8)});
}

}  // namespace

core::Result<UnixTime> parse_utc_time(std::string_view text) noexcept {
  if (!fits(text, "000000000000Z")) return core::error(ErrorCode::Malformed, "no UTCTime");
  const int year = two_digits(text, 0);
  return compact(text, 2, year < 50 ? 2000 + year : 1900 + year);
}

core::Result<UnixTime> parse_generalized_time(std::string_view text) noexcept {
  if (!fits(text, "00000000000000Z"))
    return core::error(ErrorCode::Malformed, "no GeneralizedTime");
  return compact(text, 4, two_digits(text, 0) * 100 + two_digits(text, 2));
}

}  // namespace merlon::codec
