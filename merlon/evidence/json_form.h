#pragma once

// Private to the room: JSON of services and tools with evidence somewhere in it.

#include "merlon/evidence/wrapping.h"

namespace merlon::evidence {

/// An object in which some member has evidence under one of the names that services give it, or is
/// a report field by field. What vouches for it beside it comes along.
[[nodiscard]] std::optional<core::Result<Inside>> unwrap_json(core::ByteView bytes);

}  // namespace merlon::evidence
