#include "merlon/drawbridge/range.h"

#include <algorithm>

#include "merlon/base/text.h"

namespace merlon::drawbridge {

namespace {

std::string_view trimmed(std::string_view text) noexcept {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

WantedRange parse_range(std::string_view header, std::uint64_t length) noexcept {
  constexpr std::string_view unit = "bytes=";
  if (!header.starts_with(unit)) return {};
  const std::string_view text = trimmed(header.substr(unit.size()));
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos || text.find(',') != std::string_view::npos) return {};
  const std::string_view before = text.substr(0, dash);
  const std::string_view behind = text.substr(dash + 1);
  const auto first = base::parse_decimal(before);
  const auto last = base::parse_decimal(behind);
  if ((!before.empty() && !first) || (!behind.empty() && !last)) return {};
  if (!first && !last) return {};
  if (!first) {  // so many at the end
    const std::uint64_t count = std::min(*last, length);
    if (count == 0) return {false, std::nullopt};
    return {true, Range{length - count, count}};
  }
  if (last && *last < *first) return {};
  if (*first >= length) return {false, std::nullopt};
  const std::uint64_t end = last ? std::min(*last, length - 1) : length - 1;
  return {true, Range{*first, end - *first + 1}};
}

bool names_etag(std::string_view header, std::string_view etag) noexcept {
  while (!header.empty()) {
    std::string_view one = trimmed(header.substr(0, header.find(',')));
    header.remove_prefix(std::min(header.size(), header.find(',') == std::string_view::npos
                                                     ? header.size()
                                                     : header.find(',') + 1));
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == etag || one == "*") return true;
  }
  return false;
}

}  // namespace merlon::drawbridge
