#include "merlon/sgx/sigstruct.h"

#include "merlon/sgx/fixed_writer.h"

namespace merlon::sgx {

using core::ByteView;
using core::ErrorCode;
using core::Reader;
using core::Result;

namespace {

constexpr std::array<std::uint8_t, 16> header{6, 0, 0, 0, 0xE1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0};
constexpr std::array<std::uint8_t, 16> header2{1,    1, 0, 0, 0x60, 0, 0, 0,
                                               0x60, 0, 0, 0, 1,    0, 0, 0};

constexpr std::size_t signed_head = 128;
constexpr std::size_t signed_body_at = 900;

Result<void> zeros(Reader& reader, std::size_t count) noexcept {
  return read_zeros(reader, count, "reserved bytes of a SIGSTRUCT are not zero");
}

Result<void> expect(Reader& reader, ByteView bytes) noexcept {
  const std::size_t offset = reader.offset();
  if (!std::ranges::equal(TRY(reader.bytes(bytes.size())), bytes)) {
    return core::error(ErrorCode::Malformed, "no header of a SIGSTRUCT", offset);
  }
  return {};
}

/// 0x000 to 0x384.
Result<void> read_head(Reader& reader, Sigstruct& made) noexcept {
  TRY(expect(reader, header));
  made.vendor = TRY(reader.u32());
  if (made.vendor != 0 && made.vendor != Sigstruct::vendor_intel) {
    return core::error(ErrorCode::Unsupported, "a SIGSTRUCT of an unknown vendor", made.vendor);
  }
  made.date = TRY(reader.u32());
  TRY(expect(reader, header2));
  made.software_defined = TRY(reader.u32());
  TRY(zeros(reader, 84));
  made.modulus = TRY(SignerModulus::read(reader));
  const std::uint32_t exponent = TRY(reader.u32());
  if (exponent != Sigstruct::exponent) {
    return core::error(ErrorCode::Unsupported, "a SIGSTRUCT with another exponent than 3",
                       exponent);
  }
  made.signature = TRY(EnclaveSignature::read(reader));
  return {};
}

}  // namespace

Result<Sigstruct> Sigstruct::parse(ByteView bytes) noexcept {
  if (bytes.size() != size) {
    return core::error(ErrorCode::Malformed, "a SIGSTRUCT has 1808 bytes", bytes.size());
  }
  Reader reader(bytes);
  Sigstruct made;
  TRY(read_head(reader, made));
  made.misc_select = TRY(reader.u32());
  made.misc_mask = TRY(reader.u32());
  made.cet_attributes = TRY(reader.u8());
  made.cet_mask = TRY(reader.u8());
  TRY(zeros(reader, 2));
  made.family_id = TRY(IsvFamilyId::read(reader));
  made.flags = TRY(reader.u64());
  made.xfrm = TRY(reader.u64());
  made.flags_mask = TRY(reader.u64());
  made.xfrm_mask = TRY(reader.u64());
  made.mr_enclave = TRY(MrEnclave::read(reader));
  TRY(zeros(reader, 16));
  made.ext_product_id = TRY(IsvExtProdId::read(reader));
  made.product_id = TRY(reader.u16());
  made.svn = TRY(reader.u16());
  TRY(zeros(reader, 12));
  made.q1 = TRY(SignatureQuotient::read(reader));
  made.q2 = TRY(SignatureQuotient::read(reader));
  return made;
}

std::array<std::uint8_t, Sigstruct::size> Sigstruct::to_bytes() const noexcept {
  FixedWriter<size> writer;
  writer.bytes(header);
  writer.little(vendor);
  writer.little(date);
  writer.bytes(header2);
  writer.little(software_defined);
  writer.skip(84);
  writer.bytes(modulus.view());
  writer.little(exponent);
  writer.bytes(signature.view());
  writer.little(misc_select);
  writer.little(misc_mask);
  writer.little(cet_attributes);
  writer.little(cet_mask);
  writer.skip(2);
  writer.bytes(family_id.view());
  writer.little(flags);
  writer.little(xfrm);
  writer.little(flags_mask);
  writer.little(xfrm_mask);
  writer.bytes(mr_enclave.view());
  writer.skip(16);
  writer.bytes(ext_product_id.view());
  writer.little(product_id);
  writer.little(svn);
  writer.skip(12);
  writer.bytes(q1.view());
  writer.bytes(q2.view());
  return writer.result();
}

std::array<std::uint8_t, Sigstruct::signed_size> Sigstruct::signed_bytes() const noexcept {
  const auto whole = to_bytes();
  std::array<std::uint8_t, signed_size> parts{};
  std::ranges::copy(ByteView(whole).first(signed_head), parts.begin());
  std::ranges::copy(ByteView(whole).subspan(signed_body_at, signed_size - signed_head),
                    parts.begin() + signed_head);
  return parts;
}

}  // namespace merlon::sgx
