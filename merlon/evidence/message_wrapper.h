#pragma once

// Private to the room: conceptual message wrappers [CMW], in JSON and in CBOR. A record holds one
// message, a collection any number of records and collections by their labels.

#include "merlon/evidence/wrapping.h"

namespace merlon::evidence {

/// A record in JSON: ["media type", "base64url", …].
[[nodiscard]] std::optional<core::Result<Inside>> unwrap_json_cmw(core::ByteView bytes);
/// CBOR tag 60000 [quote, claims] of RA-TLS, a record [type, evidence, …], or a tag that stands for
/// a type of messages.
[[nodiscard]] std::optional<core::Result<Inside>> unwrap_cbor(core::ByteView bytes);

/// A collection of which one message is evidence, or several are the same. Those that vouch for it
/// come along; what is said to be no evidence, or is of a kind that is not judged, is told of.
/// Malformed if no message of it can be evidence, or if more than one can; Exhausted beyond 64
/// messages or 8 collections in one another.
[[nodiscard]] std::optional<core::Result<Inside>> unwrap_json_collection(core::ByteView bytes);
[[nodiscard]] std::optional<core::Result<Inside>> unwrap_cbor_collection(core::ByteView bytes);

}  // namespace merlon::evidence
