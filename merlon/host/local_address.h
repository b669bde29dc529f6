#pragma once

// Addresses that lead back to the machine one is on, or to who knows its secrets.

#include <string_view>

namespace merlon::host {

/// Whether the numeric address is any machine's own: loopback, unspecified (which connects to
/// loopback), link-local and the few others where clouds serve secrets of the machine, or one of
/// these as IPv6 maps it. What is no numeric address is none of others either.
[[nodiscard]] bool is_local_address(std::string_view address) noexcept;

/// Whether it is one of these, or this machine's by an interface or a route. So too if the kernel
/// does not say.
[[nodiscard]] bool leads_to_this_machine(std::string_view address) noexcept;

}  // namespace merlon::host
