#pragma once

// Private to the room: a SEV-SNP report as JSON, field by field, and its bytes made again.

#include "merlon/codec/json.h"
#include "merlon/evidence/endorsements.h"

namespace merlon::evidence {

/// Whether an object has the members by which a report is known that a library took apart.
[[nodiscard]] bool is_report_fields(const codec::JsonValue& value) noexcept;

/// The 1184 bytes of which `object` is an account, as the sev crate of virtee writes it: with its
/// reserved bytes (before version 6) or without, which then are zero. [SNP-ABI §7.3] Malformed with
/// the field that is missing, or is not of its size or range. Unsupported: a field that is not
/// known (detail: which member of its object, from 1 on), another shape, or a version that is not 2
/// to 5.
[[nodiscard]] core::Result<Bytes> report_of_fields(const codec::JsonValue& object);

}  // namespace merlon::evidence
