#include "merlon/crypto/p256_scalar.h"

#include "merlon/crypto/random.h"
#include "merlon/crypto/secret_bytes.h"

namespace merlon::crypto {

using core::ByteView;

namespace {

using Limbs = P256Scalar::Limbs;
__extension__ using Wide = unsigned __int128;

constexpr Limbs order{0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff,
                      0xffffffff00000000};
/// What Montgomery's multiplication needs: -1/order modulo 2⁶⁴, and 2⁵¹² modulo the order.
constexpr std::uint64_t negative_inverse = 0xccd1c8aaee00bc4f;
constexpr Limbs radix_squared{0x83244c95be79eea2, 0x4699799c49bd6fa6, 0x2845b2392b6bec59,
                              0x66e12d94f3d95620};

constexpr std::uint64_t low(Wide wide) noexcept { return static_cast<std::uint64_t>(wide); }
constexpr std::uint64_t high(Wide wide) noexcept { return static_cast<std::uint64_t>(wide >> 64U); }

/// a - b, and whether it wraps.
constexpr std::uint64_t subtract(Limbs& result, const Limbs& a, const Limbs& b) noexcept {
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Wide difference = Wide{a[i]} - b[i] - borrow;
    result[i] = low(difference);
    borrow = high(difference) & 1U;
  }
  return borrow;
}

/// `a` where `mask` is all ones, else `b`.
constexpr Limbs select(std::uint64_t mask, const Limbs& a, const Limbs& b) noexcept {
  Limbs chosen{};
  for (std::size_t i = 0; i < a.size(); ++i) chosen[i] = (a[i] & mask) | (b[i] & ~mask);
  return chosen;
}

/// Of a number below twice the order, whose fifth limb is `carry`.
constexpr Limbs below_order(const Limbs& a, std::uint64_t carry) noexcept {
  Limbs less{};
  const std::uint64_t borrow = subtract(less, a, order);
  return select(0 - ((carry | (borrow ^ 1U)) & 1U), less, a);
}

/// a·b/2²⁵⁶ modulo the order; one of both may be any number of 256 bits. [HAC §14.36]
constexpr Limbs montgomery(const Limbs& a, const Limbs& b) noexcept {
  std::array<std::uint64_t, 6> t{};
  for (const std::uint64_t digit : a) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const Wide sum = Wide{digit} * b[j] + t[j] + carry;
      t[j] = low(sum);
      carry = high(sum);
    }
    const Wide top = Wide{t[4]} + carry;
    t[4] = low(top);
    t[5] = high(top);
    const std::uint64_t factor = t[0] * negative_inverse;
    carry = high(Wide{factor} * order[0] + t[0]);
    for (std::size_t j = 1; j < order.size(); ++j) {
      const Wide sum = Wide{factor} * order[j] + t[j] + carry;
      t[j - 1] = low(sum);
      carry = high(sum);
    }
    const Wide sum = Wide{t[4]} + carry;
    t[3] = low(sum);
    t[4] = t[5] + high(sum);
  }
  return below_order({t[0], t[1], t[2], t[3]}, t[4]);
}

template <bool BigEndian>
Limbs read_limbs(ByteView bytes) noexcept {
  Limbs limbs{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t place = BigEndian ? bytes.size() - 1 - i : i;
    limbs[place / 8] |= std::uint64_t{bytes[i]} << (8 * (place % 8));
  }
  return limbs;
}

/// low + high·2²⁵⁶
Limbs reduce(const Limbs& lower, const Limbs& upper) noexcept {
  const Limbs a = below_order(lower, 0);
  const Limbs b = montgomery(upper, radix_squared);
  Limbs sum{};
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const Wide digit = Wide{a[i]} + b[i] + carry;
    sum[i] = low(digit);
    carry = high(digit);
  }
  return below_order(sum, carry);
}

}  // namespace

P256Scalar::~P256Scalar() {
  // SAFETY: the bytes of an array of numbers.
  wipe({reinterpret_cast<std::uint8_t*>(limbs_.data()), sizeof(limbs_)});
}

core::Result<P256Scalar> P256Scalar::decode(ByteView bytes) noexcept {
  if (bytes.size() != size) {
    return core::error(core::ErrorCode::Malformed, "a scalar of another size", bytes.size());
  }
  const Limbs limbs = read_limbs<true>(bytes);
  Limbs less{};
  if (subtract(less, limbs, order) == 0) {
    return core::error(core::ErrorCode::Malformed, "a scalar that is not below the order");
  }
  return P256Scalar(limbs);
}

P256Scalar P256Scalar::reduce_big_endian(std::span<const std::uint8_t, 48> bytes) noexcept {
  return P256Scalar(
      reduce(read_limbs<true>(bytes.last<32>()), read_limbs<true>(bytes.first<16>())));
}

P256Scalar P256Scalar::reduce_little_endian(std::span<const std::uint8_t, 48> bytes) noexcept {
  return P256Scalar(
      reduce(read_limbs<false>(bytes.first<32>()), read_limbs<false>(bytes.last<16>())));
}

std::optional<P256Scalar> P256Scalar::random() noexcept {
  std::array<std::uint8_t, 48> bytes{};
  constexpr int tries = 8;  // a rest of zero comes once in 2²⁵⁶ times
  for (int i = 0; i < tries && fill_random(bytes); ++i) {
    const P256Scalar made = reduce_little_endian(bytes);
    wipe(bytes);
    if (!made.is_zero()) return made;
  }
  return std::nullopt;
}

P256Scalar::Encoded P256Scalar::encode() const noexcept {
  std::array<std::uint8_t, size> bytes{};
  for (std::size_t i = 0; i < size; ++i) {
    bytes[size - 1 - i] = static_cast<std::uint8_t>(limbs_[i / 8] >> (8 * (i % 8)));
  }
  const auto encoded = Encoded::from(bytes);
  wipe(bytes);
  return encoded.value();
}

bool P256Scalar::is_zero() const noexcept {
  return (limbs_[0] | limbs_[1] | limbs_[2] | limbs_[3]) == 0;
}

P256Scalar P256Scalar::inverse() const noexcept {
  // By Fermat: the power whose exponent is the order less 2, which everybody knows.
  const Limbs base = montgomery(limbs_, radix_squared);
  Limbs power = montgomery({1, 0, 0, 0}, radix_squared);
  for (std::size_t bit = 256; bit-- > 0;) {
    power = montgomery(power, power);
    const std::uint64_t limb = bit < 64 ? order[0] - 2 : order[bit / 64];
    if ((limb >> (bit % 64) & 1U) != 0) power = montgomery(power, base);
  }
  return P256Scalar(montgomery(power, {1, 0, 0, 0}));
}

P256Scalar operator+(const P256Scalar& a, const P256Scalar& b) noexcept {
  Limbs sum{};
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const Wide digit = Wide{a.limbs_[i]} + b.limbs_[i] + carry;
    sum[i] = low(digit);
    carry = high(digit);
  }
  return P256Scalar(below_order(sum, carry));
}

P256Scalar operator-(const P256Scalar& a, const P256Scalar& b) noexcept {
  Limbs difference{};
  const std::uint64_t mask = 0 - subtract(difference, a.limbs_, b.limbs_);
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < difference.size(); ++i) {
    const Wide digit = Wide{difference[i]} + (order[i] & mask) + carry;
    difference[i] = low(digit);
    carry = high(digit);
  }
  return P256Scalar(difference);
}

P256Scalar operator*(const P256Scalar& a, const P256Scalar& b) noexcept {
  return P256Scalar(montgomery(montgomery(a.limbs_, radix_squared), b.limbs_));
}

bool operator==(const P256Scalar& a, const P256Scalar& b) noexcept {
  std::uint64_t differ = 0;
  for (std::size_t i = 0; i < a.limbs_.size(); ++i) differ |= a.limbs_[i] ^ b.limbs_[i];
  return differ == 0;
}

P256Scalar::Limbs P256Scalar::full_width() const noexcept {
  // The order is a little below 2²⁵⁶: to a number below 2²²⁴ it can be added in 256 bits.
  const std::uint64_t top = limbs_[3] >> 32U;
  const std::uint64_t mask = 0 - (((top | (0 - top)) >> 63U) ^ 1U);
  Limbs wide{};
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < wide.size(); ++i) {
    const Wide digit = Wide{limbs_[i]} + (order[i] & mask) + carry;
    wide[i] = low(digit);
    carry = high(digit);
  }
  return wide;
}

}  // namespace merlon::crypto
