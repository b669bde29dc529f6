#pragma once

// DCAP quotes [SGX-QUOTE Appendix A.4 "Quote Format"] [TDX-QUOTE Appendix A.3]: versions 3 (SGX), 4
// and 5 (SGX and TDX). Attacker-controlled; parsing is linear and bounded. Little-endian, but
// numbers of signatures and points of keys stand most significant byte first.

#include <memory>
#include <vector>

#include "merlon/sgx/report_body.h"

namespace merlon::sgx {

inline constexpr std::size_t max_quote_size = 65'536;

/// What the quote speaks about, by size and meaning.
enum class BodyKind : std::uint8_t {
  Enclave,  ///< 384 bytes, ReportBody
  Td10,     ///< 584 bytes, tdx::TdReport
  Td15,     ///< 648 bytes
};
[[nodiscard]] std::size_t size_of(BodyKind kind) noexcept;

using QeVendorId = core::FixedBytes<struct QeVendorIdTag, 16>;
using AttestationKey = core::FixedBytes<struct AttestationKeyTag, 64>;        ///< x ‖ y on P-256
using QuoteSignature = core::FixedBytes<struct QuoteSignatureTag, 64>;        ///< r ‖ s
using QeReportSignature = core::FixedBytes<struct QeReportSignatureTag, 64>;  ///< r ‖ s

/// A quote taken apart. Owns its bytes; views point into them.
struct Quote {
  std::uint16_t version = 0;
  BodyKind kind = BodyKind::Enclave;
  std::uint16_t qe_svn = 0;   ///< of the header; in current TDX quotes 0
  std::uint16_t pce_svn = 0;  ///< of the header
  core::ByteView user_data;   ///< 20 bytes; the first 16 name the platform's quoting enclave

  core::ByteView body;          ///< size_of(kind) bytes
  core::ByteView signed_bytes;  ///< header and body: what `signature` covers
  QuoteSignature signature;
  AttestationKey attestation_key;

  core::ByteView qe_report_bytes;  ///< what `qe_signature` covers
  ReportBody qe_report;
  QeReportSignature qe_signature;
  core::ByteView qe_authentication;  ///< bound, with the key, in the QE report's data
  core::ByteView pck_chain;          ///< PEM, certification data of type 5
  std::size_t padding = 0;           ///< zero bytes behind the quote

  std::shared_ptr<const std::vector<std::uint8_t>> bytes;  // owned by all copies

  /// Malformed: sizes that do not add up, reserved bytes, trailing bytes that are not zero.
  /// Unsupported, naming what: another version, TEE, key type, vendor or certification data type.
  [[nodiscard]] static core::Result<Quote> parse(core::ByteView given);
};

}  // namespace merlon::sgx
