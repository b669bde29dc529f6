#pragma once

// Private to the room: PEM of evidence, and what PEM of something else is.

#include <string_view>

#include "merlon/evidence/wrapping.h"

namespace merlon::evidence {

/// One block under a label that tools write quotes, reports or requests under.
[[nodiscard]] std::optional<core::Result<Inside>> unwrap_pem(core::ByteView bytes);

/// Whether PEM of a certificate or a revocation list stands in the text: what to say of it, else
/// null.
[[nodiscard]] const char* vouching_pem(std::string_view text);

}  // namespace merlon::evidence
