#include "merlon/sgx/quote_writer.h"

#include "merlon/base/byte_writer.h"
#include "merlon/sgx/quote_format.h"

namespace merlon::sgx {

using core::ErrorCode;

namespace {

constexpr std::uint16_t version = 3;
constexpr std::size_t signed_size = quote_header_size + ReportBody::size;
/// What is fixed of the signature data.
constexpr std::size_t fixed_size = QuoteSignature::size + AttestationKey::size + ReportBody::size +
                                   QeReportSignature::size + 2 + 2 + 4;

}  // namespace

std::vector<std::uint8_t> quote_to_be_signed(const QuoteHeader& header, const ReportBody& body) {
  base::ByteWriter out;
  out.u16(version);
  out.u16(ecdsa_p256_key_type);
  out.u32(0);
  out.u16(header.qe_svn);
  out.u16(header.pce_svn);
  out.bytes(intel_vendor);
  out.bytes(header.user_data.view());
  out.bytes(body.to_bytes());
  return out.take();
}

std::size_t quote_size(std::size_t authentication, std::size_t chain) noexcept {
  return signed_size + 4 + fixed_size + authentication + chain;
}

core::Result<std::vector<std::uint8_t>> quote_bytes(core::ByteView signed_bytes,
                                                    const QuoteSignatureData& data) {
  if (signed_bytes.size() != signed_size) {
    return core::error(ErrorCode::Malformed, "header and body of a quote have 432 bytes",
                       signed_bytes.size());
  }
  constexpr std::size_t most = max_quote_size - signed_size - 4 - fixed_size;
  if (data.pck_chain.size() > most || data.qe_authentication.size() > UINT16_MAX ||
      data.qe_authentication.size() > most - data.pck_chain.size()) {
    return core::error(ErrorCode::Exhausted, "quote larger than 64 KiB");
  }
  const std::size_t size = fixed_size + data.qe_authentication.size() + data.pck_chain.size();
  base::ByteWriter out;
  out.bytes(signed_bytes);
  out.u32(static_cast<std::uint32_t>(size));
  out.bytes(data.signature.view());
  out.bytes(data.attestation_key.view());
  out.bytes(data.qe_report.to_bytes());
  out.bytes(data.qe_signature.view());
  out.u16(static_cast<std::uint16_t>(data.qe_authentication.size()));
  out.bytes(data.qe_authentication);
  out.u16(certification_pck_chain);
  out.u32(static_cast<std::uint32_t>(data.pck_chain.size()));
  out.bytes(data.pck_chain);
  return out.take();
}

}  // namespace merlon::sgx
