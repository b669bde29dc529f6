#pragma once

// The commands of `merlon-steward`, from which its parser, help, man page and completion are made.

#include <span>

#include "merlon/command/command.h"

namespace merlon::steward_service {

[[nodiscard]] const command::Program& program() noexcept;
[[nodiscard]] std::span<const command::Handler> handlers() noexcept;

}  // namespace merlon::steward_service
