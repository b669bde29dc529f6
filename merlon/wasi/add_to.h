#pragma once

// WASI as an engine's imports.

#include "merlon/wasi/context.h"
#include "merlon/wasm/exec/imports.h"

namespace merlon::wasi {

/// Defines all 46 functions of module "wasi_snapshot_preview1". `context` must outlive every store
/// that instantiates with `imports`. A guest's exit is a trap of kind Exit with its code; a guest
/// that was stopped while it waited ends with a trap of kind Interrupted.
void add_to(wasm::Imports& imports, Context& context);

/// The same for the 45 functions of module "wasi_unstable" (snapshot0.h). A program may use both.
void add_snapshot0_to(wasm::Imports& imports, Context& context);

}  // namespace merlon::wasi
