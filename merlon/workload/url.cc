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

constexpr std::size_t max_url_size = 2048;

struct Authority {
  std::string_view host;  // without brackets
  std::string_view port;  // empty: the scheme's own
};

/// host[:port], where the host may be [IPv6]; no user [RFC3986 §3.2].
std::optional<Authority> split_authority(std::string_view text) noexcept {
  const bool bracketed = text.starts_with('[');
  const std::size_t end = bracketed ? text.find(']') : std::min(text.find(':'), text.size());
  if (end == std::string_view::npos) return std::nullopt;
  Authority authority{text.substr(bracketed ? 1 : 0, end - (bracketed ? 1 : 0)), {}};
  const std::string_view rest = text.substr(end + (bracketed ? 1 : 0));
  if (!rest.empty() && (rest[0] != ':' || rest.size() == 1)) return std::nullopt;
  if (!rest.empty()) authority.port = rest.substr(1);
  const auto in_host = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
           (bracketed && c == ':');
  };
  const bool clean = !authority.host.empty() && authority.host.size() <= 255 &&
                     std::ranges::all_of(authority.host, in_host);
  return clean ? std::optional(authority) : std::nullopt;
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
  std::uint32_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || text.size() > 5) return std::nullopt;
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (number == 0 || number > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(number);
}

bool is_in_path(char c) noexcept { return c > ' ' && c < '\x7F' && c != '#'; }

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

std::optional<HttpsUrl> parse_https_url(std::string_view text) {
  constexpr std::string_view mark = "://";
  if (!is_https_url(text)) return std::nullopt;
  text.remove_prefix(scheme_of(text).size());
  if (!text.starts_with(mark)) return std::nullopt;
  text.remove_prefix(mark.size());
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  const auto authority = split_authority(text.substr(0, end));
  if (!authority) return std::nullopt;
  HttpsUrl url{std::string(authority->host), 443, std::string(text.substr(end))};
  if (!url.path.starts_with('/')) url.path.insert(0, "/");
  const auto port = authority->port.empty() ? std::optional<std::uint16_t>(url.port)
                                            : parse_port(authority->port);
  const bool clean = std::ranges::all_of(url.path, is_in_path);
  if (!port || !clean || url.path.size() > max_url_size) return std::nullopt;
  url.port = *port;
  return url;
}

}  // namespace merlon::workload
