#pragma once

// Digests of a content that comes piece by piece. Pure.

#include <optional>

#include "merlon/crypto/hash.h"
#include "merlon/registry/content_digest.h"

namespace merlon::registry {

class ContentHasher {
 public:
  /// By those hashes that `wanted` has, and by SHA-256 in any case.
  explicit ContentHasher(const ContentDigest& wanted);

  void add(core::ByteView bytes) noexcept;
  /// The hasher is used up.
  [[nodiscard]] ContentDigest finish() &&;

 private:
  std::optional<crypto::Sha224Stream> sha224_;
  crypto::Sha256Stream sha256_;
  std::optional<crypto::Sha384Stream> sha384_;
  std::optional<crypto::Sha512Stream> sha512_;
};

/// Whether each digest of `wanted` is among those that were `found`; false if it has none.
[[nodiscard]] bool agrees(const ContentDigest& wanted, const ContentDigest& found) noexcept;

}  // namespace merlon::registry
