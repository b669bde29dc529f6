#pragma once

// Numbers modulo the order of P-256 [SP800-186 §3.2.1.3]: private keys, blindings, challenges and
// responses of zero-knowledge proofs. Most are secrets, so all are treated as one: no time and no
// address depends on a value, and each is overwritten when it goes. Pure but for random(); any
// thread.

#include <array>
#include <cstdint>
#include <optional>

#include "merlon/core/fixed_bytes.h"
#include "merlon/core/result.h"

namespace merlon::crypto {

class P256Scalar {
 public:
  static constexpr std::size_t size = 32;
  using Encoded = core::FixedBytes<struct P256ScalarTag, size>;
  /// From the least significant up.
  using Limbs = std::array<std::uint64_t, 4>;

  /// Zero.
  constexpr P256Scalar() noexcept = default;
  constexpr explicit P256Scalar(std::uint64_t value) noexcept : limbs_{value, 0, 0, 0} {}
  P256Scalar(const P256Scalar&) noexcept = default;
  P256Scalar& operator=(const P256Scalar&) noexcept = default;
  ~P256Scalar();

  /// 32 bytes, most significant first [SEC1 §2.3.6]. Malformed: another size, or a number that is
  /// not below the order, since each number has one encoding only.
  [[nodiscard]] static core::Result<P256Scalar> decode(core::ByteView bytes) noexcept;

  /// The rest of a number of 48 bytes, as hashes give it: so many that no rest is likelier than
  /// another by more than 2⁻¹²⁸.
  [[nodiscard]] static P256Scalar reduce_big_endian(
      std::span<const std::uint8_t, 48> bytes) noexcept;
  [[nodiscard]] static P256Scalar reduce_little_endian(
      std::span<const std::uint8_t, 48> bytes) noexcept;

  /// Not zero, and nobody can guess it. Nothing if the library gives no random bytes.
  [[nodiscard]] static std::optional<P256Scalar> random() noexcept;

  /// Whoever encodes a secret has its bytes to wipe.
  [[nodiscard]] Encoded encode() const noexcept;

  [[nodiscard]] bool is_zero() const noexcept;
  /// The number by which this one gives 1; of zero, zero.
  [[nodiscard]] P256Scalar inverse() const noexcept;

  friend P256Scalar operator+(const P256Scalar& a, const P256Scalar& b) noexcept;
  friend P256Scalar operator-(const P256Scalar& a, const P256Scalar& b) noexcept;
  friend P256Scalar operator*(const P256Scalar& a, const P256Scalar& b) noexcept;
  friend P256Scalar operator-(const P256Scalar& a) noexcept { return P256Scalar() - a; }
  friend bool operator==(const P256Scalar& a, const P256Scalar& b) noexcept;

  /// One of two that are congruent: the one whose highest limb is not zero. A multiplication that
  /// takes this one takes as long for small secrets as for large ones. Whoever asks for it has its
  /// bytes to wipe.
  [[nodiscard]] Limbs full_width() const noexcept;

 private:
  explicit constexpr P256Scalar(const Limbs& limbs) noexcept : limbs_(limbs) {}
  Limbs limbs_{};  // always below the order
};

}  // namespace merlon::crypto
