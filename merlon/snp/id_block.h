#pragma once

// What the owner of a guest signs, and what the firmware checks when the guest's launch is
// finished: ID block and ID authentication information [SNP-ABI 1.58 §8.18], with public keys and
// signatures as its appendix on digital signatures lays them out. Little-endian, all of it; here,
// as in Report, numbers of a curve stand most significant byte first. Bytes are
// attacker-controlled.
//
// The only algorithm there is: ECDSA P-384 with SHA-384.

#include <array>
#include <optional>

#include "merlon/snp/report.h"

namespace merlon::snp {

using PublicPoint = core::FixedBytes<struct PublicPointTag, 96>;            ///< x ‖ y
using SignatureNumbers = core::FixedBytes<struct SignatureNumbersTag, 96>;  ///< r ‖ s

/// Its SHA-384 over these bytes is an ID_KEY_DIGEST or AUTHOR_KEY_DIGEST.
struct PublicKey {
  static constexpr std::size_t size = 1028;

  PublicPoint point;  // 0x004, behind the curve's number

  /// Malformed: another size, a coordinate of 2^384 or more, reserved bytes that are not zero.
  /// Unsupported: another curve. Whether the point is on its curve is not looked at.
  [[nodiscard]] static core::Result<PublicKey> parse(core::ByteView bytes) noexcept;
  [[nodiscard]] std::array<std::uint8_t, size> to_bytes() const noexcept;

  friend bool operator==(const PublicKey&, const PublicKey&) = default;
};

struct Signature {
  static constexpr std::size_t size = 512;

  SignatureNumbers numbers;  // 0x000

  /// Malformed: another size, a number of 2^384 or more, reserved bytes that are not zero.
  [[nodiscard]] static core::Result<Signature> parse(core::ByteView bytes) noexcept;
  [[nodiscard]] std::array<std::uint8_t, size> to_bytes() const noexcept;

  friend bool operator==(const Signature&, const Signature&) = default;
};

/// An author's word for an ID key: his signature over the PublicKey of the ID key, and his own.
/// These bytes lie together in IdAuth, and are the file that `enarx key sev sign` writes.
struct AuthorSignature {
  static constexpr std::size_t size = Signature::size + PublicKey::size;

  Signature signature;
  PublicKey author;

  /// As Signature::parse and PublicKey::parse.
  [[nodiscard]] static core::Result<AuthorSignature> parse(core::ByteView bytes) noexcept;
  [[nodiscard]] std::array<std::uint8_t, size> to_bytes() const noexcept;

  friend bool operator==(const AuthorSignature&, const AuthorSignature&) = default;
};

/// Which guest the owner means.
struct IdBlock {
  static constexpr std::size_t size = 96;

  LaunchDigest digest;          // 0x00
  FamilyId family_id;           // 0x30
  ImageId image_id;             // 0x40
  std::uint32_t guest_svn = 0;  // 0x54, behind the version, which is 1
  GuestPolicy policy;           // 0x58

  /// Malformed: another size, reserved bits of the policy that are not as they must be.
  /// Unsupported: another version.
  [[nodiscard]] static core::Result<IdBlock> parse(core::ByteView bytes) noexcept;
  [[nodiscard]] std::array<std::uint8_t, size> to_bytes() const noexcept;

  friend bool operator==(const IdBlock&, const IdBlock&) = default;
};

/// Who signed an ID block, and who vouches for his key.
struct IdAuth {
  static constexpr std::size_t size = 4096;

  Signature block_signature;  // 0x040, of the ID block's bytes
  PublicKey id_key;           // 0x240
  std::optional<AuthorSignature>
      author;  // 0x680; without one all of it is zero, and AUTHOR_KEY_ALGO

  /// Malformed and Unsupported as for its parts, for another algorithm, and for reserved bytes that
  /// are not zero.
  [[nodiscard]] static core::Result<IdAuth> parse(core::ByteView bytes) noexcept;
  [[nodiscard]] std::array<std::uint8_t, size> to_bytes() const noexcept;

  friend bool operator==(const IdAuth&, const IdAuth&) = default;
};

}  // namespace merlon::snp
