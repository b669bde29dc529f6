#pragma once

// Sockets between processes of one machine, found by a path.

#include <chrono>
#include <optional>
#include <string>

#include "merlon/os/fd.h"

namespace merlon::os {

/// Listens at `path`, which must not be there and which only this user can use. Noent · Addrinuse ·
/// Nametoolong (more than 107 bytes) · …
[[nodiscard]] Result<Fd> listen_local(const std::string& path) noexcept;
/// Connects with who listens there; with `patience` only so long, of whole microseconds. Noent ·
/// Connrefused (nobody does any more) · Again (he takes no more in that time) · …
[[nodiscard]] Result<Fd> connect_local(
    const std::string& path,
    std::optional<std::chrono::microseconds> patience = std::nullopt) noexcept;

}  // namespace merlon::os
