#include "merlon/door/place.h"

#include <algorithm>

#include "merlon/base/text.h"

namespace merlon::door {

using base::concat;

namespace {

constexpr std::size_t most_places = 64;
constexpr std::size_t longest_host = 253;

bool is_host(std::string_view text, bool bracketed) noexcept {
  const auto may_be = [&](char c) {
    const bool word = (c >= '0' && c <= '9') || (base::lower(c) >= 'a' && base::lower(c) <= 'z');
    return word || c == '.' || c == '-' || c == '_' || (bracketed && c == ':');
  };
  return !text.empty() && text.size() <= longest_host && text[0] != '-' &&
         std::ranges::all_of(text, may_be);
}

}  // namespace

std::optional<Place> parse_place(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host != "*" && !is_host(host, bracketed)) return std::nullopt;
  if (port == "*") return Place{std::string(host), 0};
  constexpr std::uint64_t last_port = 65535;
  const auto number = base::parse_decimal(port);
  if (!number || *number == 0 || *number > last_port) return std::nullopt;
  return Place{std::string(host), static_cast<std::uint16_t>(*number)};
}

std::optional<std::vector<Place>> parse_places(std::string_view text) {
  constexpr std::string_view between = " ,";
  std::vector<Place> places;
  while (!text.empty()) {
    const std::size_t begin = text.find_first_not_of(between);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const std::string_view word = text.substr(0, text.find_first_of(between));
    text.remove_prefix(word.size());
    auto place = parse_place(word);
    if (!place || places.size() == most_places) return std::nullopt;
    places.push_back(*std::move(place));
  }
  return places;
}

std::string describe(const Place& place) {
  const bool colons = place.host.find(':') != std::string::npos;
  return concat(colons ? "[" : "", place.host, colons ? "]:" : ":",
                place.port == 0 ? std::string("*") : std::to_string(place.port));
}

bool matches(const Place& place, std::string_view host, std::uint16_t port) noexcept {
  return (place.host == "*" || base::equal_ignoring_case(place.host, host)) &&
         (place.port == 0 || place.port == port);
}

bool is_among(const std::vector<Place>& places, std::string_view host,
              std::uint16_t port) noexcept {
  return std::ranges::any_of(places, [&](const Place& each) { return matches(each, host, port); });
}

}  // namespace merlon::door
