#pragma once

// What the 64 bytes of report data must be, so that a report speaks about a key.

#include "merlon/crypto/hash.h"
#include "merlon/evidence/evidence.h"

namespace merlon::evidence {

/// 64 bytes, whatever the technology calls them.
using ReportData = core::FixedBytes<struct AnyReportDataTag, 64>;

/// Enarx's form: SHA-256 (SGX, TDX) or SHA-384 (SEV-SNP) of the DER SubjectPublicKeyInfo, then
/// zeros. [ENARX crates/attestation]
[[nodiscard]] ReportData enarx_report_data(Technology technology, core::ByteView spki) noexcept;

using Nonce = core::FixedBytes<struct NonceTag, 32>;

/// Merlon's form, fresh and bound to both keys of a keep: SHA-512 of "merlon/keep/v1" padded with
/// zeros to 16 bytes ‖ SHA-256(SPKI of the TLS key) ‖ SHA-256(HPKE public key) ‖ nonce.
[[nodiscard]] ReportData keep_report_data(const crypto::Sha256Digest& tls_spki_digest,
                                          const crypto::Sha256Digest& hpke_key_digest,
                                          const Nonce& nonce) noexcept;

/// Evidence that a workload asked for, of what it runs as and of bytes of its choice: SHA-512 of
/// "merlon/work/v1" padded with zeros to 16 bytes ‖ SHA-256(launch facts, docs/keep-interface.md) ‖
/// SHA-256(the bytes). Whatever the bytes are, this is never the report data of a keep's own keys.
[[nodiscard]] ReportData work_report_data(const crypto::Sha256Digest& launch_digest,
                                          const crypto::Sha256Digest& said_digest) noexcept;

/// Evidence for a request for a credential: SHA-512 of "merlon/cred/v1" padded with zeros to 16
/// bytes ‖ SHA-256(SPKI of the TLS key) ‖ SHA-256(the request, credential/request.h).
[[nodiscard]] ReportData credential_report_data(
    const crypto::Sha256Digest& tls_spki_digest,
    const crypto::Sha256Digest& request_digest) noexcept;

/// The report data that the evidence holds; nothing for KVM.
[[nodiscard]] std::optional<ReportData> report_data_of(const Evidence& evidence) noexcept;

}  // namespace merlon::evidence
