#pragma once

// Private to the room: what Open Enclave puts in front of quotes.

#include "merlon/evidence/wrapping.h"

namespace merlon::evidence {

/// The 16 bytes in front of what oe_get_report() gives.
[[nodiscard]] std::optional<core::Result<Inside>> unwrap_open_enclave(core::ByteView bytes);
/// The 32 bytes in front of what oe_get_evidence() gives, from version 0.11 of the SDK on; claims
/// that stand behind the quote are told of, and taken off.
[[nodiscard]] std::optional<core::Result<Inside>> unwrap_open_enclave_evidence(
    core::ByteView bytes);

}  // namespace merlon::evidence
