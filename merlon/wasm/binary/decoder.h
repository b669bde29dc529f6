#pragma once

// The binary format's reader [WASM 3.0 §5.5]: bytes to Module.

#include "merlon/core/result.h"
#include "merlon/wasm/binary/module.h"

namespace merlon::wasm {

/// Takes a module apart, all but the function bodies.
///
/// `bytes` are attacker-controlled and must outlive the result, which borrows from them. Time and
/// memory are linear in their size; nothing recurses; counts are held against limits.h before
/// anything is allocated.
///
/// Errors: Malformed (not the binary format) · Unsupported (GC types, the
/// component format, by name) · Exhausted (a limit). `detail` is the offset in the file.
[[nodiscard]] core::Result<Module> decode(core::ByteView bytes);

/// True if `text` is well-formed UTF-8 [RFC 3629].
[[nodiscard]] bool is_utf8(core::ByteView text) noexcept;

}  // namespace merlon::wasm
