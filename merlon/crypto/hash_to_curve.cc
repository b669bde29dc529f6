#include "merlon/crypto/hash_to_curve.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <utility>

#include "merlon/crypto/hash.h"
#include "merlon/crypto/owned.h"

namespace merlon::crypto {

using core::ByteView;

namespace {

constexpr std::size_t field_size = 48;  // L of the suite

/// expand_message_xmd with SHA-256. [RFC9380 §5.3.1]
template <std::size_t Size>
std::array<std::uint8_t, Size> expand(ByteView text, std::string_view purpose) {
  static_assert(Size % Sha256Digest::size == 0 || Size == field_size);
  MERLON_CHECK(!purpose.empty() && purpose.size() <= 255);
  const ByteView tag = core::as_bytes(purpose);
  const auto tag_size = static_cast<std::uint8_t>(purpose.size());
  const std::array<std::uint8_t, 64> block{};
  const std::array<std::uint8_t, 3> sizes{static_cast<std::uint8_t>(Size >> 8U),
                                          static_cast<std::uint8_t>(Size & 0xffU), 0};
  const Sha256Digest first = sha256({block, text, sizes, tag, {&tag_size, 1}});
  std::array<std::uint8_t, Size> made{};
  std::array<std::uint8_t, Sha256Digest::size> before{};
  std::uint8_t number = 1;
  for (std::size_t at = 0; at < Size; at += Sha256Digest::size, ++number) {
    std::ranges::transform(before, first.view(), before.begin(), std::bit_xor<>());
    const Sha256Digest next = sha256({before, {&number, 1}, tag, {&tag_size, 1}});
    std::ranges::copy(next.view(), before.begin());
    std::ranges::copy(ByteView(before).first(std::min(before.size(), Size - at)),
                      made.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return made;
}

/// Numbers modulo the prime of P-256.
class Field {
 public:
  Field() : context_(BN_CTX_new()), prime_(BN_dup(BN_get0_nist_prime_256())) {
    MERLON_CHECK(context_ != nullptr && prime_ != nullptr);
  }

  class Number {
   public:
    explicit Number(Owned<BIGNUM> value) : value_(std::move(value)) {
      MERLON_CHECK(value_ != nullptr);
    }
    Number(const Number& other) : Number(Owned<BIGNUM>(BN_dup(other.value_.get()))) {}
    Number& operator=(const Number& other) {
      value_.reset(BN_dup(other.value_.get()));
      MERLON_CHECK(value_ != nullptr);
      return *this;
    }
    Number(Number&&) noexcept = default;
    Number& operator=(Number&&) noexcept = default;
    ~Number() = default;
    [[nodiscard]] BIGNUM* get() const { return value_.get(); }
    [[nodiscard]] bool is_zero() const { return BN_is_zero(value_.get()) == 1; }
    [[nodiscard]] bool is_odd() const { return BN_is_odd(value_.get()) == 1; }

   private:
    Owned<BIGNUM> value_;
  };

  [[nodiscard]] Number of(ByteView big_endian) const {
    Number made(
        Owned<BIGNUM>(BN_bin2bn(big_endian.data(), static_cast<int>(big_endian.size()), nullptr)));
    MERLON_CHECK(BN_nnmod(made.get(), made.get(), prime_.get(), context_.get()) == 1);
    return made;
  }
  [[nodiscard]] Number small(std::uint8_t value) const { return of({&value, 1}); }
  [[nodiscard]] Number add(const Number& a, const Number& b) const { return by(BN_mod_add, a, b); }
  [[nodiscard]] Number subtract(const Number& a, const Number& b) const {
    return by(BN_mod_sub, a, b);
  }
  [[nodiscard]] Number multiply(const Number& a, const Number& b) const {
    return by(BN_mod_mul, a, b);
  }
  [[nodiscard]] Number inverse(const Number& a) const {
    return Number(Owned<BIGNUM>(BN_mod_inverse(nullptr, a.get(), prime_.get(), context_.get())));
  }
  /// Where there is one: a to the power of (prime + 1) / 4, since the prime leaves 3 divided by 4.
  [[nodiscard]] std::optional<Number> root(const Number& a) const {
    const Number exponent(Owned<BIGNUM>(BN_dup(prime_.get())));
    Number made{Owned<BIGNUM>(BN_new())};
    MERLON_CHECK(
        BN_add_word(exponent.get(), 1) == 1 && BN_rshift(exponent.get(), exponent.get(), 2) == 1 &&
        BN_mod_exp(made.get(), a.get(), exponent.get(), prime_.get(), context_.get()) == 1);
    if (BN_cmp(multiply(made, made).get(), a.get()) != 0) return std::nullopt;
    return made;
  }

 private:
  template <typename Operation>
  [[nodiscard]] Number by(Operation operation, const Number& a, const Number& b) const {
    Number made{Owned<BIGNUM>(BN_new())};
    MERLON_CHECK(operation(made.get(), a.get(), b.get(), prime_.get(), context_.get()) == 1);
    return made;
  }

  Owned<BN_CTX> context_;
  Owned<BIGNUM> prime_;
};

using Number = Field::Number;

constexpr std::array<std::uint8_t, 32> curve_b{
    0x5a, 0xc6, 0x35, 0xd8, 0xaa, 0x3a, 0x93, 0xe7, 0xb3, 0xeb, 0xbd, 0x55, 0x76, 0x98, 0x86, 0xbc,
    0x65, 0x1d, 0x06, 0xb0, 0xcc, 0x53, 0xb0, 0xf6, 0x3b, 0xce, 0x3c, 0x3e, 0x27, 0xd2, 0x60, 0x4b};

P256Point point_of(const Number& x, const Number& y) {
  std::array<std::uint8_t, 32> first{};
  std::array<std::uint8_t, 32> second{};
  MERLON_CHECK(BN_bn2binpad(x.get(), first.data(), 32) == 32 &&
               BN_bn2binpad(y.get(), second.data(), 32) == 32);
  return P256Point::from_affine(first, second).value();
}

/// The simplified method of Shallue, van de Woestijne and Ulas, with Z = -10. [RFC9380 §6.6.2,
/// §8.2]
P256Point map_to_curve(const Field& field, const Number& u) {
  const Number zero = field.small(0);
  const Number one = field.small(1);
  const Number a = field.subtract(zero, field.small(3));
  const Number b = field.of(curve_b);
  const Number z = field.subtract(zero, field.small(10));
  const auto right_side = [&](const Number& x) {  // x³ + a·x + b
    const Number square = field.multiply(x, x);
    return field.add(field.multiply(field.add(square, a), x), b);
  };
  const Number zu2 = field.multiply(z, field.multiply(u, u));
  const Number tv = field.add(field.multiply(zu2, zu2), zu2);
  const Number x1 = tv.is_zero()
                        ? field.multiply(b, field.inverse(field.multiply(z, a)))
                        : field.multiply(field.multiply(field.subtract(zero, b), field.inverse(a)),
                                         field.add(one, field.inverse(tv)));
  Number x = x1;
  std::optional<Number> y = field.root(right_side(x1));
  if (!y) {
    x = field.multiply(zu2, x1);
    y = field.root(right_side(x));
  }
  MERLON_CHECK(y.has_value());  // of both right sides one is a square
  if (u.is_odd() != y->is_odd()) y = field.subtract(zero, *y);
  return point_of(x, *y);
}

}  // namespace

P256Point hash_to_curve(ByteView text, std::string_view purpose) {
  const auto uniform = expand<2 * field_size>(text, purpose);
  const ByteView both(uniform);
  const Field field;
  return map_to_curve(field, field.of(both.first(field_size))) +
         map_to_curve(field, field.of(both.last(field_size)));
}

P256Scalar hash_to_scalar(ByteView text, std::string_view purpose) {
  return P256Scalar::reduce_big_endian(expand<field_size>(text, purpose));
}

}  // namespace merlon::crypto
