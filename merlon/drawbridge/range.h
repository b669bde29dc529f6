#pragma once

// Parts of a content that a request asks for [RFC9110 §14.2], and what it has already [§13.1.2].
// Attacker-controlled; pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace merlon::drawbridge {

struct Range {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

struct WantedRange {
  bool is_satisfiable = true;    ///< else 416
  std::optional<Range> range{};  ///< nothing: all of it
};

/// Of the header Range over a content of that length. More than one range, and what is no range of
/// bytes, asks for all of it.
[[nodiscard]] WantedRange parse_range(std::string_view header, std::uint64_t length) noexcept;

/// Whether If-None-Match names `etag`, which has its quotes.
[[nodiscard]] bool names_etag(std::string_view header, std::string_view etag) noexcept;

}  // namespace merlon::drawbridge
