#include "merlon/sgx/report_body.h"

namespace merlon::sgx {

using core::Reader;
using core::Result;

namespace {

Result<void> reserved(Reader& reader, std::size_t count) noexcept {
  const std::size_t offset = reader.offset();
  for (const std::uint8_t byte : TRY(reader.bytes(count))) {
    if (byte != 0) {
      return core::error(core::ErrorCode::Malformed, "reserved bytes of the report are not zero",
                         offset);
    }
  }
  return {};
}

}  // namespace

Result<ReportBody> ReportBody::parse(core::ByteView bytes) noexcept {
  if (bytes.size() != size) {
    return core::error(core::ErrorCode::Malformed, "a report body has 384 bytes", bytes.size());
  }
  Reader reader(bytes);
  ReportBody body;
  body.cpu_svn = TRY(CpuSvn::read(reader));
  body.misc_select = TRY(reader.u32());
  TRY(reserved(reader, 12));
  body.ext_product_id = TRY(IsvExtProdId::read(reader));
  body.flags = TRY(reader.u64());
  body.xfrm = TRY(reader.u64());
  body.mr_enclave = TRY(MrEnclave::read(reader));
  TRY(reserved(reader, 32));
  body.mr_signer = TRY(MrSigner::read(reader));
  TRY(reserved(reader, 32));
  body.config_id = TRY(ConfigId::read(reader));
  body.product_id = TRY(reader.u16());
  body.svn = TRY(reader.u16());
  body.config_svn = TRY(reader.u16());
  TRY(reserved(reader, 42));
  body.family_id = TRY(IsvFamilyId::read(reader));
  body.report_data = TRY(ReportData::read(reader));
  return body;
}

Attributes ReportBody::attributes() const noexcept {
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<std::uint8_t>(flags >> (8 * i));
    bytes[8 + i] = static_cast<std::uint8_t>(xfrm >> (8 * i));
  }
  return Attributes::from(bytes).value();
}

}  // namespace merlon::sgx
