#include "merlon/base/units.h"

#include <array>
#include <string>

#include "merlon/base/text.h"

namespace merlon::base {

using core::ErrorCode;

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t nanoseconds;
};

constexpr std::array<Unit, 7> time_units{{{"", 1'000'000'000},
                                          {"ns", 1},
                                          {"us", 1'000},
                                          {"ms", 1'000'000},
                                          {"s", 1'000'000'000},
                                          {"m", 60'000'000'000},
                                          {"h", 3'600'000'000'000}}};
constexpr std::uint64_t longest = 3'153'600'000'000'000'000;  // 100 years of 365 days

std::size_t digits_at(std::string_view text, std::size_t start) {
  std::size_t end = start;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  return end;
}

}  // namespace

core::Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const std::size_t whole_end = digits_at(text, 0);
  const bool has_fraction = whole_end < text.size() && text[whole_end] == '.';
  const std::size_t end = has_fraction ? digits_at(text, whole_end + 1) : whole_end;
  if (whole_end == 0 || (has_fraction && end == whole_end + 1)) {
    return core::error(ErrorCode::Malformed, "not a time such as 1.5s, 200ms or 2m");
  }
  const std::uint64_t whole = TRY(base::parse_decimal(text.substr(0, whole_end)));
  for (const Unit& unit : time_units) {
    if (text.substr(end) != unit.name) continue;
    if (whole > longest / unit.nanoseconds) {
      return core::error(ErrorCode::Exhausted, "a time that long is none");
    }
    std::uint64_t total = whole * unit.nanoseconds;
    std::uint64_t scale = unit.nanoseconds;
    for (std::size_t i = whole_end + 1; i < end; ++i) {
      scale /= 10;
      total += static_cast<std::uint64_t>(text[i] - '0') * scale;
    }
    if (total == 0) return core::error(ErrorCode::Malformed, "must be more than nothing");
    return std::chrono::nanoseconds(static_cast<std::int64_t>(total));
  }
  return core::error(ErrorCode::Malformed, "not a time such as 1.5s, 200ms or 2m");
}

core::Result<std::uint64_t> parse_size(std::string_view text) {
  const std::size_t end = digits_at(text, 0);
  if (end == 0) return core::error(ErrorCode::Malformed, "not a size such as 65536, 64K or 512M");
  const std::uint64_t number = TRY(base::parse_decimal(text.substr(0, end)));
  std::string_view unit = text.substr(end);
  unsigned shift = 0;
  if (!unit.empty()) {
    const std::size_t power = std::string_view("KMGT").find(unit[0]);
    if (power != std::string_view::npos) {
      shift = static_cast<unsigned>(power + 1) * 10;
      unit.remove_prefix(1);
    }
    if (!unit.empty() && unit != "B" && (unit != "iB" || shift == 0)) {
      return core::error(ErrorCode::Malformed, "not a size such as 65536, 64K or 512M");
    }
  }
  if (number > (std::uint64_t{1} << 63U) >> shift) {
    return core::error(ErrorCode::Exhausted, "a size that large is none");
  }
  return number << shift;
}

std::string format_size(std::uint64_t bytes) {
  if (bytes < 1024) return base::concat(bytes, " B");
  constexpr std::array<std::string_view, 6> units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  std::uint64_t tenths = (bytes * 10 + 512) / 1024;
  if (bytes >= std::uint64_t{1} << 53U) tenths = bytes / 1024 * 10;
  while (tenths >= 10'240 && unit + 1 < units.size()) {
    tenths = (tenths + 512) / 1024;
    ++unit;
  }
  return base::concat(tenths / 10, ".", tenths % 10, " ", units[unit]);
}

}  // namespace merlon::base
