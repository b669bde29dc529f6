#pragma once

// What each command of merlon-oci does.

#include <span>

#include "merlon/command/command.h"

namespace merlon::container {

[[nodiscard]] std::span<const command::Handler> handlers() noexcept;

}  // namespace merlon::container
