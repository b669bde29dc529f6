#pragma once

// Private to the room: Enarx's evidence in a certification request [ENARX crates/attestation].

#include "merlon/evidence/evidence.h"

namespace merlon::evidence {

/// `der` is a PKCS#10 request with one of the extensions 1.3.6.1.4.1.58270.1.{1,2,3}.
[[nodiscard]] core::Result<Evidence> parse_request(core::ByteView der);

/// A quote alone.
[[nodiscard]] core::Result<Evidence> parse_quote(core::ByteView bytes);

/// A report alone, or with a certificate table behind.
[[nodiscard]] core::Result<Evidence> parse_report(core::ByteView bytes);

}  // namespace merlon::evidence
