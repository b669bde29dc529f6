#pragma once

// A package that only who has its content key can read, as a registry keeps it
// (docs/sealed-package.md).
//
//   offset  size
//        0     8  magic "MRLNSEAL"
//        8     4  version, 1
//       12     4  zero
//       16    32  salt
//       48    32  check: whether a key is this package's
//       80        segments, each the sealed bytes of 65,536 (the last one: 1 to 65,536) ‖ tag (16)
//
// The segments are STREAM [STREAM §6] over AES-256-GCM: nonce = prefix (7) ‖ u32 number, big-endian
// ‖ u8 1 for the last one, else 0; beside each the 80 bytes of the header. Plain text: u64 size of
// the package, then the package (files/archive.h), then zeros, so that sizes fall into few classes.
//
//   salt    HKDF-Extract(content key, "merlon/sealed-package/1/salt" ‖ SHA-256 of the package); who
//           opens it need not look at it
//   secret  HKDF-Extract(salt, content key)
//   key, prefix, check   HKDF-Expand(secret, "merlon/sealed-package/1/key" (32), "…/prefix" (7),
//                        "…/check" (32))
//
// Integers are little-endian unless said. Another algorithm would be another version.

#include <array>
#include <cstdint>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"
#include "merlon/crypto/secret_bytes.h"

namespace merlon::sealed_package {

inline constexpr std::size_t header_size = 80;
inline constexpr std::size_t segment_size = std::size_t{64} << 10U;
/// Of the package in it.
inline constexpr std::size_t max_package_size = std::size_t{256} << 20U;

/// 32 bytes that open one package. A secret.
class ContentKey {
 public:
  static constexpr std::size_t size = 32;

  /// One that nobody has had.
  [[nodiscard]] static ContentKey make();
  /// Malformed: another size. The caller wipes `bytes`.
  [[nodiscard]] static core::Result<ContentKey> from(core::ByteView bytes);

  [[nodiscard]] core::ByteView reveal() const noexcept { return bytes_.reveal(); }

 private:
  explicit ContentKey(crypto::SecretBytes bytes) noexcept : bytes_(std::move(bytes)) {}
  crypto::SecretBytes bytes_;
};

using Salt = std::array<std::uint8_t, 32>;
/// One for each package under each key, so that a key may seal any number of them. The same package
/// becomes the same bytes again: an upload that broke off can go on.
[[nodiscard]] Salt salt_of(core::ByteView package, const ContentKey& key);

/// How large the plain text of a package of so many bytes is made: at most an eighth more, so that
/// few sizes are told apart [PADME §4].
[[nodiscard]] std::uint64_t padded_size(std::uint64_t size) noexcept;

/// Exhausted: larger than max_package_size.
[[nodiscard]] core::Result<std::vector<std::uint8_t>> seal(core::ByteView package,
                                                           const ContentKey& key, const Salt& salt);

/// Whether these bytes begin as a sealed package does.
[[nodiscard]] bool is_sealed(core::ByteView bytes) noexcept;

/// The package. Attacker-controlled until it is opened. Malformed: no sealed package · Unsupported:
/// of another version · Denied: of another key, or not as it was sealed.
[[nodiscard]] core::Result<std::vector<std::uint8_t>> open(core::ByteView sealed,
                                                           const ContentKey& key);

}  // namespace merlon::sealed_package
