#pragma once

// The services behind Builtin: what compiled code cannot do by itself.

#include <array>

#include "merlon/wasm/exec/vm.h"

namespace merlon::wasm {

/// The addresses that VmContext::builtins is filled with.
[[nodiscard]] std::array<const void*, builtin_count> builtin_addresses() noexcept;

}  // namespace merlon::wasm
