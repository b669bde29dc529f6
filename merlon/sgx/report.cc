#include "merlon/sgx/report.h"

#include "merlon/sgx/fixed_writer.h"

namespace merlon::sgx {

using core::ErrorCode;
using core::Reader;
using core::Result;

Result<TargetInfo> TargetInfo::parse(core::ByteView bytes) noexcept {
  constexpr const char* reserved = "reserved bytes of a TARGETINFO are not zero";
  if (bytes.size() != size) {
    return core::error(ErrorCode::Malformed, "a TARGETINFO has 512 bytes", bytes.size());
  }
  Reader reader(bytes);
  TargetInfo made;
  made.mr_enclave = TRY(MrEnclave::read(reader));
  made.flags = TRY(reader.u64());
  made.xfrm = TRY(reader.u64());
  made.cet_attributes = TRY(reader.u8());
  TRY(read_zeros(reader, 1, reserved));
  made.config_svn = TRY(reader.u16());
  made.misc_select = TRY(reader.u32());
  TRY(read_zeros(reader, 8, reserved));
  made.config_id = TRY(ConfigId::read(reader));
  TRY(read_zeros(reader, reader.remaining(), reserved));
  return made;
}

std::array<std::uint8_t, TargetInfo::size> TargetInfo::to_bytes() const noexcept {
  FixedWriter<size> writer;
  writer.bytes(mr_enclave.view());
  writer.little(flags);
  writer.little(xfrm);
  writer.little(cet_attributes);
  writer.skip(1);
  writer.little(config_svn);
  writer.little(misc_select);
  writer.skip(8);
  writer.bytes(config_id.view());
  return writer.result();
}

TargetInfo TargetInfo::of(const ReportBody& body) noexcept {
  TargetInfo made;
  made.mr_enclave = body.mr_enclave;
  made.flags = body.flags;
  made.xfrm = body.xfrm;
  made.config_svn = body.config_svn;
  made.misc_select = body.misc_select;
  made.config_id = body.config_id;
  return made;
}

Result<Report> Report::parse(core::ByteView bytes) noexcept {
  if (bytes.size() != size) {
    return core::error(ErrorCode::Malformed, "a REPORT has 432 bytes", bytes.size());
  }
  Reader reader(bytes);
  Report made;
  made.body = TRY(ReportBody::parse(TRY(reader.bytes(ReportBody::size))));
  made.key_id = TRY(KeyId::read(reader));
  made.mac = TRY(ReportMac::read(reader));
  return made;
}

std::array<std::uint8_t, Report::size> Report::to_bytes() const noexcept {
  FixedWriter<size> writer;
  writer.bytes(body.to_bytes());
  writer.bytes(key_id.view());
  writer.bytes(mac.view());
  return writer.result();
}

}  // namespace merlon::sgx
