#pragma once

// Private to the room: structures of kernels, clouds and certificates around a quote or report.

#include "merlon/evidence/wrapping.h"

namespace merlon::evidence {

/// MSG_REPORT_RSP: status, size and 24 reserved bytes in front of the report. [SNP-ABI §7.3]
[[nodiscard]] std::optional<core::Result<Inside>> unwrap_report_response(core::ByteView bytes);
/// "HCLA": what Azure's paravisor keeps in the vTPM.
[[nodiscard]] std::optional<core::Result<Inside>> unwrap_hcl(core::ByteView bytes);
/// A certificate with evidence in an extension: interoperable RA-TLS, a conceptual message wrapper,
/// and what Gramine and Open Enclave had before these.
[[nodiscard]] std::optional<core::Result<Inside>> unwrap_certificate(core::ByteView bytes);

}  // namespace merlon::evidence
