#pragma once

// The other direction of quote.h, for what quotes itself: a quote of version 3 [SGX-QUOTE Appendix
// A.4]. The keys stay with the caller, who signs between the two. Pure.

#include <vector>

#include "merlon/sgx/quote.h"

namespace merlon::sgx {

/// Who quotes, as a quote's header says it.
struct QuoteHeader {
  std::uint16_t qe_svn = 0;
  std::uint16_t pce_svn = 0;
  core::FixedBytes<struct QuoteUserDataTag, 20> user_data;  ///< 16 bytes name the platform
};

/// What the attestation key signs: the header and the body, 432 bytes.
[[nodiscard]] std::vector<std::uint8_t> quote_to_be_signed(const QuoteHeader& header,
                                                           const ReportBody& body);

/// What stands behind that. Views are borrowed.
struct QuoteSignatureData {
  QuoteSignature signature;
  AttestationKey attestation_key;
  ReportBody qe_report;
  QeReportSignature qe_signature;
  core::ByteView qe_authentication;
  core::ByteView pck_chain;  ///< PEM: leaf, CA, root
};

/// Of a quote with so many bytes of the two that have no size of their own.
[[nodiscard]] std::size_t quote_size(std::size_t authentication, std::size_t chain) noexcept;

/// `signed_bytes` as quote_to_be_signed() gave them. Malformed: of another size. Exhausted: more
/// authentication data than 65,535 bytes, or a quote beyond max_quote_size.
[[nodiscard]] core::Result<std::vector<std::uint8_t>> quote_bytes(core::ByteView signed_bytes,
                                                                  const QuoteSignatureData& data);

}  // namespace merlon::sgx
