#pragma once

// The content of a file or directory of a package, in an object, with digests of each piece: no
// byte leaves that was not compared, whatever the store answers.

#include <cstdint>
#include <string>
#include <vector>

#include "merlon/crypto/hash.h"
#include "merlon/registry/content_digest.h"
#include "merlon/registry_store/object_store.h"

namespace merlon::registry_store {

/// Of the whole.
using BlobKey = crypto::Sha256Digest;

struct Blob {
  static constexpr std::size_t piece_size = std::size_t{256} << 10U;

  BlobKey key;
  ObjectName object;
  std::uint64_t length = 0;
  std::vector<crypto::Sha256Digest> pieces;  ///< of each piece_size bytes

  /// How many pieces so many bytes have.
  [[nodiscard]] static constexpr std::uint64_t pieces_of(std::uint64_t length) noexcept {
    return (length + piece_size - 1) / piece_size;
  }
  /// That piece, compared. Unavailable: the store has it no more · Denied: it has other bytes.
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> read(const ObjectReader& reader,
                                                             std::uint64_t piece) const;
  /// All of it compared.
  [[nodiscard]] core::Result<void> check(const ObjectStore& store) const;
};

/// Digests of the pieces of what comes.
class PieceHasher {
 public:
  void add(core::ByteView bytes);
  [[nodiscard]] std::uint64_t length() const noexcept { return length_; }
  [[nodiscard]] std::vector<crypto::Sha256Digest> finish() &&;

 private:
  crypto::Sha256Stream piece_;
  std::vector<crypto::Sha256Digest> pieces_;
  std::uint64_t length_ = 0;
};

}  // namespace merlon::registry_store
