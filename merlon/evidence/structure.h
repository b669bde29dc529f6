#pragma once

// Private to the room: structures of kernels, clouds and tokens around a quote or report.

#include "merlon/evidence/wrapping.h"

namespace merlon::evidence {

/// MSG_REPORT_RSP: status, size and 24 reserved bytes in front of the report. [SNP-ABI §7.3]
[[nodiscard]] std::optional<core::Result<Inside>> unwrap_report_response(core::ByteView bytes);
/// "HCLA": what Azure's paravisor keeps in the vTPM.
[[nodiscard]] std::optional<core::Result<Inside>> unwrap_hcl(core::ByteView bytes);
/// The 16 bytes that Open Enclave puts in front of a report.
[[nodiscard]] std::optional<core::Result<Inside>> unwrap_open_enclave(core::ByteView bytes);
/// A certificate with evidence in an extension: interoperable RA-TLS, and Gramine's before that.
[[nodiscard]] std::optional<core::Result<Inside>> unwrap_certificate(core::ByteView bytes);
/// CBOR tag 60000 [quote, claims], or a record [type, evidence].
[[nodiscard]] std::optional<core::Result<Inside>> unwrap_cbor(core::ByteView bytes);

}  // namespace merlon::evidence
