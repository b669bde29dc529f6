#pragma once

// Every command of merlon.

#include <span>

#include "merlon/base/version.h"
#include "merlon/command/command.h"

namespace merlon::cli {

using command::Arguments;
using command::CommandSpec;
using command::fail;
using command::Handler;
using command::OptionSpec;
using command::PositionalSpec;
using command::print;
using command::Program;
using command::Terminal;

inline constexpr std::string_view version = base::version;

/// `merlon`, and what takes its place for some of its commands.
[[nodiscard]] const Program& program() noexcept;

/// The backends that `merlon run` has.
[[nodiscard]] std::span<const std::string_view> run_backends() noexcept;

}  // namespace merlon::cli
