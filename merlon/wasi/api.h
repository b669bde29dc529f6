#pragma once

// The 46 functions of WASI preview 1, callable without an engine.
//
// Each takes the guest's Context, its memory for the time of the call, and the wasm-level
// parameters, all of them hostile. Success means the errno `success`; a Failure is the errno the
// guest sees, or that it must not run on. What each does: [WASI-P1] wasi_snapshot_preview1.witx;
// where that leaves a choice, we do as wasmtime and Linux do, and the function's own file says so.

#include "merlon/wasi/context.h"
#include "merlon/wasi/guest_memory.h"

namespace merlon::wasi {

/// What guests import the functions from.
inline constexpr std::string_view module_name = "wasi_snapshot_preview1";

namespace api {

#define MERLON_WASI_CALL(name, ...) \
  [[nodiscard]] Result<void> name(Context& context, GuestMemory memory __VA_OPT__(, ) __VA_ARGS__);
#include "merlon/wasi/api.def"
#undef MERLON_WASI_CALL

}  // namespace api
}  // namespace merlon::wasi
