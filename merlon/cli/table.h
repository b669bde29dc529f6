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

// The commands' own functions, each in a file of its name.
int run(const Arguments& arguments, const Terminal& terminal);
int inspect(const Arguments& arguments, const Terminal& terminal);
int evidence_fetch(const Arguments& arguments, const Terminal& terminal);
int evidence_inspect(const Arguments& arguments, const Terminal& terminal);
int evidence_verify(const Arguments& arguments, const Terminal& terminal);
int evidence_policy_init(const Arguments& arguments, const Terminal& terminal);
int evidence_policy_check(const Arguments& arguments, const Terminal& terminal);
int keep_measure(const Arguments& arguments, const Terminal& terminal);
int platform_info(const Arguments& arguments, const Terminal& terminal);
int config_init(const Arguments& arguments, const Terminal& terminal);
int completion(const Arguments& arguments, const Terminal& terminal);
int man(const Arguments& arguments, const Terminal& terminal);

}  // namespace merlon::cli
