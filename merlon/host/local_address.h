#pragma once

// Addresses that lead back to the machine one is on.

#include <string_view>

namespace merlon::host {

/// Whether the numeric address is the machine's own: loopback, unspecified (which connects to
/// loopback), link-local (where clouds serve secrets of the machine), or one of these as IPv6 maps
/// it. What is no numeric address is none of others either.
[[nodiscard]] bool is_local_address(std::string_view address) noexcept;

}  // namespace merlon::host
