#pragma once

// Where a module needs a proposal, for a message that refuses it.

#include <cstddef>

#include "merlon/wasm/validate/validator.h"

namespace merlon::wasm {

/// The offset in the file of the section that has a shared memory, imports included, else of the
/// first atomic instruction; 0 if there is neither. Reads the whole module: not for the usual way.
[[nodiscard]] std::size_t place_of_threads(const ValidModule& module);

}  // namespace merlon::wasm
