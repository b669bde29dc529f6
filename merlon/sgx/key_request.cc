#include "merlon/sgx/key_request.h"

#include "merlon/sgx/fixed_writer.h"

namespace merlon::sgx {

using core::ErrorCode;
using core::Reader;
using core::Result;

Result<KeyRequest> KeyRequest::parse(core::ByteView bytes) noexcept {
  constexpr const char* reserved = "reserved bytes of a KEYREQUEST are not zero";
  if (bytes.size() != size) {
    return core::error(ErrorCode::Malformed, "a KEYREQUEST has 512 bytes", bytes.size());
  }
  Reader reader(bytes);
  KeyRequest made;
  made.name = static_cast<KeyName>(TRY(reader.u16()));
  made.policy = TRY(reader.u16());
  if ((made.policy & ~unsigned{all_key_policies}) != 0) {
    return core::error(ErrorCode::Malformed, "a KEYPOLICY with an unknown bit", made.policy);
  }
  made.svn = TRY(reader.u16());
  made.cet_mask = TRY(reader.u8());
  TRY(read_zeros(reader, 1, reserved));
  made.cpu_svn = TRY(CpuSvn::read(reader));
  made.flags_mask = TRY(reader.u64());
  made.xfrm_mask = TRY(reader.u64());
  made.key_id = TRY(KeyId::read(reader));
  made.misc_mask = TRY(reader.u32());
  made.config_svn = TRY(reader.u16());
  TRY(read_zeros(reader, reader.remaining(), reserved));
  return made;
}

std::array<std::uint8_t, KeyRequest::size> KeyRequest::to_bytes() const noexcept {
  FixedWriter<size> writer;
  writer.little(static_cast<std::uint16_t>(name));
  writer.little(policy);
  writer.little(svn);
  writer.little(cet_mask);
  writer.skip(1);
  writer.bytes(cpu_svn.view());
  writer.little(flags_mask);
  writer.little(xfrm_mask);
  writer.bytes(key_id.view());
  writer.little(misc_mask);
  writer.little(config_svn);
  return writer.result();
}

}  // namespace merlon::sgx
