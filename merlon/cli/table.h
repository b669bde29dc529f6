#pragma once

// Every command of merlon.

#include <span>

#include "merlon/cli/command.h"

namespace merlon::cli {

inline constexpr std::string_view version = "0.1.0";

[[nodiscard]] std::span<const CommandSpec> commands() noexcept;

/// The backends that `merlon run` has.
[[nodiscard]] std::span<const std::string_view> run_backends() noexcept;

/// What an exit status of merlon means; for the man page.
struct ExitStatusText {
  int status;
  std::string_view meaning;
};
[[nodiscard]] std::span<const ExitStatusText> exit_statuses() noexcept;

}  // namespace merlon::cli
