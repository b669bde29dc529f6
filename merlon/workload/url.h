#pragma once

// As much of URLs as a workload's configuration needs. Pure; any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace merlon::workload {

/// Whether `text` names its scheme, and a host where the scheme is one of the web's; no more.
[[nodiscard]] bool is_absolute_url(std::string_view text) noexcept;

/// Whether the scheme of the absolute URL `text` is https, in any case of letters.
[[nodiscard]] bool is_https_url(std::string_view text) noexcept;

/// What an https URL names.
struct HttpsUrl {
  std::string host;  ///< without the brackets of an IPv6 address
  std::uint16_t port = 443;
  std::string path;  ///< with its query; "/" at least
};
/// Nothing for any other URL, for one with a user or a fragment in it, and for a host or path with
/// characters that no URL has.
[[nodiscard]] std::optional<HttpsUrl> parse_https_url(std::string_view text);

}  // namespace merlon::workload
