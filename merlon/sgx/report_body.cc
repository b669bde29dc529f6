#include "merlon/sgx/report_body.h"

#include "merlon/sgx/fixed_writer.h"

namespace merlon::sgx {

using core::Reader;
using core::Result;

namespace {

Result<void> reserved(Reader& reader, std::size_t count) noexcept {
  return read_zeros(reader, count, "reserved bytes of the report are not zero");
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

std::array<std::uint8_t, ReportBody::size> ReportBody::to_bytes() const noexcept {
  FixedWriter<size> writer;
  writer.bytes(cpu_svn.view());
  writer.little(misc_select);
  writer.skip(12);
  writer.bytes(ext_product_id.view());
  writer.little(flags);
  writer.little(xfrm);
  writer.bytes(mr_enclave.view());
  writer.skip(32);
  writer.bytes(mr_signer.view());
  writer.skip(32);
  writer.bytes(config_id.view());
  writer.little(product_id);
  writer.little(svn);
  writer.little(config_svn);
  writer.skip(42);
  writer.bytes(family_id.view());
  writer.bytes(report_data.view());
  return writer.result();
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
