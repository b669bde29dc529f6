#include "merlon/credential/issuing_key.h"

#include <algorithm>

#include "merlon/base/byte_writer.h"
#include "merlon/core/reader.h"

namespace merlon::credential {

using core::ByteView;
using core::Result;

IssuingKey::IssuingKey(KeyRecord record, Bytes bytes, zk::ArcPrivateKey private_half)
    : record_(std::move(record)),
      record_bytes_(std::move(bytes)),
      id_(key_id(record_bytes_)),
      private_half_(private_half) {}

Result<IssuingKey> IssuingKey::generate(KeyRecord wanted) {
  zk::RandomScalars random;
  const auto private_half = TRY(zk::ArcPrivateKey::generate(random));
  wanted.key = private_half.public_key();
  Bytes bytes = TRY(wanted.encode());
  return IssuingKey(std::move(wanted), std::move(bytes), private_half);
}

Result<IssuingKey> IssuingKey::parse(ByteView file) {
  core::Reader reader(file);
  const ByteView bytes = TRY(reader.bytes(TRY(reader.u32())));
  KeyRecord record = TRY(KeyRecord::parse(bytes));
  const auto private_half = TRY(zk::ArcPrivateKey::decode(TRY(reader.bytes(reader.remaining()))));
  const Bytes own = TRY(private_half.public_key().encode());
  if (!std::ranges::equal(own, TRY(record.key.encode()))) {
    return core::error(core::ErrorCode::Malformed, "a private half that is another key's");
  }
  return IssuingKey(std::move(record), Bytes(bytes.begin(), bytes.end()), private_half);
}

crypto::SecretBytes IssuingKey::to_file() const {
  base::ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(record_bytes_.size()));
  writer.bytes(record_bytes_);
  Bytes file = writer.take();
  Bytes secret = private_half_.encode();
  file.reserve(file.size() + secret.size());
  file.insert(file.end(), secret.begin(), secret.end());
  crypto::wipe(secret);
  return crypto::SecretBytes(std::move(file));
}

Result<Bytes> IssuingKey::issue(const zk::ArcRequest& request) const {
  zk::RandomScalars random;
  return TRY(zk::arc_respond(private_half_, request, random)).encode();
}

}  // namespace merlon::credential
