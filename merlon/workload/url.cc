#include "merlon/workload/url.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"

namespace merlon::workload {

namespace {

constexpr bool is_letter(char c) noexcept { return base::lower(c) >= 'a' && base::lower(c) <= 'z'; }

/// The scheme that `text` starts with, empty if there is none [RFC3986 §3.1].
std::string_view scheme_of(std::string_view text) noexcept {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_letter(text[0])) return {};
  const std::string_view scheme = text.substr(0, colon);
  const bool clean = std::ranges::all_of(scheme, [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
  return clean ? scheme : std::string_view{};
}

}  // namespace

bool is_absolute_url(std::string_view text) noexcept {
  const std::string_view scheme = scheme_of(text);
  if (scheme.empty()) return false;
  constexpr std::array<std::string_view, 5> web{"http", "https", "ws", "wss", "ftp"};
  const bool needs_host = std::any_of(web.begin(), web.end(), [&](std::string_view known) {
    return base::equal_ignoring_case(scheme, known);
  });
  if (!needs_host) return true;
  const std::string_view rest = text.substr(scheme.size() + 1);
  const std::size_t host = rest.find_first_not_of("/\\");
  return host != std::string_view::npos && rest[host] != '?' && rest[host] != '#';
}

bool is_https_url(std::string_view text) noexcept {
  return is_absolute_url(text) && base::equal_ignoring_case(scheme_of(text), "https");
}

}  // namespace merlon::workload
