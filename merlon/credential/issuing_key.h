#pragma once

// A key with its private half: what an issuer keeps, and what it gives to those who admit holders.
// Pure. The text is a secret.

#include "merlon/credential/request.h"
#include "merlon/crypto/secret_bytes.h"

namespace merlon::credential {

class IssuingKey {
 public:
  static constexpr std::size_t max_file_size = 4096;

  /// A new one for what `wanted` says; its `key` is filled in. Internal: no random numbers.
  [[nodiscard]] static core::Result<IssuingKey> generate(KeyRecord wanted);
  /// As to_file() wrote it. Malformed: anything else, also a private half that is another's.
  [[nodiscard]] static core::Result<IssuingKey> parse(core::ByteView file);

  /// The record with its size in front, then the private half.
  [[nodiscard]] crypto::SecretBytes to_file() const;

  [[nodiscard]] const KeyId& id() const noexcept { return id_; }
  [[nodiscard]] const KeyRecord& record() const noexcept { return record_; }
  [[nodiscard]] const Bytes& record_bytes() const noexcept { return record_bytes_; }
  [[nodiscard]] const zk::ArcPrivateKey& private_half() const noexcept { return private_half_; }

  /// What a keep gets whose evidence was accepted. Denied: its request's proof does not hold.
  [[nodiscard]] core::Result<Bytes> issue(const zk::ArcRequest& request) const;

 private:
  IssuingKey(KeyRecord record, Bytes bytes, zk::ArcPrivateKey private_half);

  KeyRecord record_;
  Bytes record_bytes_;
  KeyId id_;
  zk::ArcPrivateKey private_half_;
};

}  // namespace merlon::credential
