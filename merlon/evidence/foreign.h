#pragma once

// Evidence and parts of it that are known and not judged here, so that whoever has one is told what
// it is. Input is attacker-controlled.

#include "merlon/core/bytes.h"

namespace merlon::evidence {

/// What the bytes are and what to do, in a line; null if they are none of these. By their marks and
/// sizes, so only of what is nothing that can be judged.
[[nodiscard]] const char* foreign_kind(core::ByteView bytes) noexcept;

}  // namespace merlon::evidence
