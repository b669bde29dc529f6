#include "merlon/sgx/quote.h"

#include <algorithm>

#include "merlon/sgx/quote_format.h"

namespace merlon::sgx {

using core::ByteView;
using core::ErrorCode;
using core::Reader;
using core::Result;

namespace {

constexpr std::uint32_t tee_sgx = 0;
constexpr std::uint32_t tee_tdx = 0x81;

core::Error refused_certification(std::uint16_t type) noexcept {
  const char* what = "unknown certification data type";
  switch (type) {
    case 1:
      what = "certification data type 1 (plain PPID): needs a PCK look-up, not supported";
      break;
    case 2: what = "certification data type 2 (PPID, RSA-2048): not supported"; break;
    case 3: what = "certification data type 3 (PPID, RSA-3072): not supported"; break;
    case 4: what = "certification data type 4 (PCK leaf alone): not supported"; break;
    case 5: what = "certification data type 5 (PCK chain) where type 6 is expected"; break;
    case 6: what = "certification data type 6 (QE report) where type 5 is expected"; break;
    case 7: what = "certification data type 7 (platform manifest): not supported"; break;
    default: break;
  }
  return core::error(ErrorCode::Unsupported, what, type);
}

/// Refuses in words where the reader would only know that it is at its end. Details are how many
/// bytes are missing.
Result<void> needs(const Reader& reader, std::size_t size, const char* what) noexcept {
  if (size <= reader.remaining()) return {};
  return core::error(ErrorCode::Malformed, what, size - reader.remaining());
}

constexpr const char* no_header = "a quote ends before its header does, by so many bytes";
constexpr const char* no_body = "a quote ends before its body does, by so many bytes";
constexpr const char* no_signature = "a quote ends before its signature data do, by so many bytes";
constexpr const char* small_signature =
    "what the signature data of a quote hold is longer than they are, by so many bytes";

/// Type and length; gives the data.
Result<ByteView> certification(Reader& reader, std::uint16_t wanted) noexcept {
  TRY(needs(reader, 2 + 4, small_signature));
  const std::uint16_t type = TRY(reader.u16());
  if (type != wanted) return refused_certification(type);
  const std::uint32_t size = TRY(reader.u32());
  TRY(needs(reader, size, small_signature));
  return reader.bytes(size);
}

Result<std::uint32_t> read_header(Reader& reader, Quote& quote) noexcept {
  quote.version = TRY(reader.u16());
  if (quote.version < 3 || quote.version > 5) {
    return core::error(ErrorCode::Unsupported, "quote version is not 3, 4 or 5", quote.version);
  }
  const std::uint16_t key_type = TRY(reader.u16());
  if (key_type != ecdsa_p256_key_type) {
    return core::error(ErrorCode::Unsupported, "attestation key type is not 2 (ECDSA on P-256)",
                       key_type);
  }
  TRY(needs(reader, quote_header_size - 4, no_header));  // the words before say whether it is one
  const std::uint32_t tee = TRY(reader.u32());
  if (quote.version == 3 && tee != 0) {
    return core::error(ErrorCode::Malformed, "reserved bytes of the quote header are not zero", 4);
  }
  if (tee != tee_sgx && tee != tee_tdx) {
    return core::error(ErrorCode::Unsupported, "TEE type is neither SGX nor TDX", tee);
  }
  quote.qe_svn = TRY(reader.u16());
  quote.pce_svn = TRY(reader.u16());
  if (!std::ranges::equal(TRY(reader.bytes(16)), intel_vendor)) {
    return core::error(ErrorCode::Unsupported, "the quoting enclave's vendor is not Intel");
  }
  quote.user_data = TRY(reader.bytes(20));
  return tee;
}

/// Versions 3 and 4 imply the body; version 5 names it.
Result<BodyKind> read_body_kind(Reader& reader, std::uint16_t version, std::uint32_t tee) noexcept {
  if (version < 5) return tee == tee_sgx ? BodyKind::Enclave : BodyKind::Td10;
  TRY(needs(reader, 2 + 4, no_body));
  const std::uint16_t type = TRY(reader.u16());
  if (type < 1 || type > 3) {
    return core::error(ErrorCode::Unsupported, "body type of the quote is not 1, 2 or 3", type);
  }
  constexpr auto kinds = std::array{BodyKind::Enclave, BodyKind::Td10, BodyKind::Td15};
  const BodyKind kind = kinds[type - 1U];
  if ((kind == BodyKind::Enclave) != (tee == tee_sgx)) {
    return core::error(ErrorCode::Malformed, "body type and TEE type disagree", type);
  }
  const std::uint32_t size = TRY(reader.u32());
  if (size != size_of(kind)) {
    return core::error(ErrorCode::Malformed, "body size does not fit the body type", size);
  }
  return kind;
}

Result<void> read_qe(Reader& reader, Quote& quote) noexcept {
  TRY(needs(reader, ReportBody::size + QeReportSignature::size + 2, small_signature));
  quote.qe_report_bytes = TRY(reader.bytes(ReportBody::size));
  quote.qe_report = TRY(ReportBody::parse(quote.qe_report_bytes));
  quote.qe_signature = TRY(QeReportSignature::read(reader));
  const std::uint16_t size = TRY(reader.u16());
  TRY(needs(reader, size, small_signature));
  quote.qe_authentication = TRY(reader.bytes(size));
  quote.pck_chain = TRY(certification(reader, certification_pck_chain));
  if (!reader.at_end()) {
    return core::error(ErrorCode::Malformed, "bytes behind the certification data",
                       reader.remaining());
  }
  return {};
}

}  // namespace

std::size_t size_of(BodyKind kind) noexcept {
  switch (kind) {
    case BodyKind::Enclave: return 384;
    case BodyKind::Td10: return 584;
    case BodyKind::Td15: return 648;
  }
  return 0;
}

Result<Quote> Quote::parse(ByteView given) {
  if (given.size() > max_quote_size) {
    return core::error(ErrorCode::Exhausted, "quote larger than 64 KiB", given.size());
  }
  Quote quote;
  quote.bytes = std::make_shared<const std::vector<std::uint8_t>>(given.begin(), given.end());
  const ByteView all = *quote.bytes;
  Reader reader(all);
  static_assert(quote_header_size == 2 + 2 + 4 + 2 + 2 + 16 + 20);
  const std::uint32_t tee = TRY(read_header(reader, quote));
  quote.kind = TRY(read_body_kind(reader, quote.version, tee));
  TRY(needs(reader, size_of(quote.kind), no_body));
  quote.body = TRY(reader.bytes(size_of(quote.kind)));
  quote.signed_bytes = all.first(reader.offset());

  TRY(needs(reader, 4, no_signature));
  const std::uint32_t size = TRY(reader.u32());
  TRY(needs(reader, size, no_signature));
  Reader signature(TRY(reader.bytes(size)));
  TRY(needs(signature, QuoteSignature::size + AttestationKey::size, small_signature));
  quote.signature = TRY(QuoteSignature::read(signature));
  quote.attestation_key = TRY(AttestationKey::read(signature));
  if (quote.version == 3) {
    TRY(read_qe(signature, quote));
  } else {
    Reader nested(TRY(certification(signature, certification_qe_report)));
    if (!signature.at_end()) {
      return core::error(ErrorCode::Malformed, "bytes behind the certification data",
                         signature.remaining());
    }
    TRY(read_qe(nested, quote));
  }
  const ByteView rest = all.subspan(reader.offset());
  if (!std::ranges::all_of(rest, [](std::uint8_t byte) { return byte == 0; })) {
    return core::error(ErrorCode::Malformed, "bytes behind the quote are not zero",
                       reader.offset());
  }
  quote.padding = rest.size();
  return quote;
}

}  // namespace merlon::sgx
