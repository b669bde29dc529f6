#pragma once

// WASI as an engine's imports.

#include "merlon/wasi/context.h"
#include "merlon/wasm/binary/module.h"
#include "merlon/wasm/exec/imports.h"

namespace merlon::wasi {

/// Defines what `module` imports of the 46 functions of module "wasi_snapshot_preview1" and of the
/// 45 of "wasi_unstable" (snapshot0.h); a program may use both. `context` must outlive every store
/// that instantiates with `imports`. A guest's exit is a trap of kind Exit with its code; a guest
/// that was stopped while it waited ends with a trap of kind Interrupted.
void add_to(wasm::Imports& imports, Context& context, const wasm::Module& module);

}  // namespace merlon::wasi
