#pragma once

// Where the kernel sends what is for an address.

#include <string_view>

#include "merlon/os/errno.h"

namespace merlon::os {

/// Whether what is sent to `address`, IPv4 dotted or IPv6 colon form, comes to this machine itself,
/// in this network namespace: by any interface's address, or a route that says so. Not so where no
/// route leads. Errors: Inval (no such form) · those of netlink(7).
[[nodiscard]] Result<bool> is_delivered_here(std::string_view address) noexcept;

}  // namespace merlon::os
