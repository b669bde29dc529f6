#pragma once

// Places of the network as whoever makes a container names them. Attacker-controlled; bounded.
// Pure; any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace merlon::door {

/// A host or address, and a port.
struct Place {
  std::string host;        ///< "*": any
  std::uint16_t port = 0;  ///< 0: any
  bool operator==(const Place&) const = default;
};

/// "HOST:PORT", "[::1]:PORT"; either may be "*". Nothing: it is none.
[[nodiscard]] std::optional<Place> parse_place(std::string_view text);
/// Several, with blanks or commas between them.
[[nodiscard]] std::optional<std::vector<Place>> parse_places(std::string_view text);
[[nodiscard]] std::string describe(const Place& place);
[[nodiscard]] bool matches(const Place& place, std::string_view host, std::uint16_t port) noexcept;
[[nodiscard]] bool is_among(const std::vector<Place>& places, std::string_view host,
                            std::uint16_t port) noexcept;

}  // namespace merlon::door
