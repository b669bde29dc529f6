#include "merlon/crypto/p256_point.h"

#include <array>

#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include "merlon/crypto/owned.h"
#include "merlon/crypto/ready.h"
#include "merlon/crypto/secret_bytes.h"

namespace merlon::crypto {

using core::ByteView;

namespace {

/// Made once; nothing changes it.
const EC_GROUP* group() {
  static const Owned<EC_GROUP> curve(ready() ? EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)
                                             : nullptr);
  MERLON_CHECK(curve != nullptr);
  return curve.get();
}

/// As a number of the library's, always of four words.
Owned<BIGNUM> number(const P256Scalar& scalar) {
  P256Scalar::Limbs limbs = scalar.full_width();
  // SAFETY: the bytes of an array of numbers; the processor has the least significant first.
  const core::ByteSpan bytes(reinterpret_cast<std::uint8_t*>(limbs.data()), sizeof(limbs));
  Owned<BIGNUM> made(BN_lebin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  wipe(bytes);
  MERLON_CHECK(made != nullptr);
  return made;
}

core::Error not_a_point() {
  ERR_clear_error();
  return core::error(core::ErrorCode::Malformed, "not a point of P-256");
}

}  // namespace

void P256Point::Deleter::operator()(ec_point_st* point) const noexcept {
  EC_POINT_clear_free(point);
}

P256Point::P256Point() : point_(EC_POINT_new(group())) { MERLON_CHECK(point_ != nullptr); }

P256Point::P256Point(const P256Point& other) : point_(EC_POINT_dup(other.point_.get(), group())) {
  MERLON_CHECK(point_ != nullptr);
}

P256Point& P256Point::operator=(const P256Point& other) {
  if (this != &other) *this = P256Point(other);
  return *this;
}

const P256Point& P256Point::generator() {
  static const P256Point found(Owner(EC_POINT_dup(EC_GROUP_get0_generator(group()), group())));
  return found;
}

core::Result<P256Point> P256Point::decode(ByteView bytes) {
  P256Point made;
  if (bytes.size() != size || (bytes[0] != 2 && bytes[0] != 3) ||
      EC_POINT_oct2point(group(), made.point_.get(), bytes.data(), bytes.size(), nullptr) != 1) {
    return not_a_point();
  }
  return made;
}

core::Result<P256Point> P256Point::from_affine(ByteView x, ByteView y) {
  P256Point made;
  const Owned<BIGNUM> first(BN_bin2bn(x.data(), static_cast<int>(x.size()), nullptr));
  const Owned<BIGNUM> second(BN_bin2bn(y.data(), static_cast<int>(y.size()), nullptr));
  if (x.size() != 32 || y.size() != 32 || first == nullptr || second == nullptr ||
      EC_POINT_set_affine_coordinates(group(), made.point_.get(), first.get(), second.get(),
                                      nullptr) != 1) {
    return not_a_point();
  }
  return made;
}

core::Result<P256Point::Encoded> P256Point::encode() const {
  std::array<std::uint8_t, size> bytes{};
  if (is_identity() || EC_POINT_point2oct(group(), point_.get(), POINT_CONVERSION_COMPRESSED,
                                          bytes.data(), bytes.size(), nullptr) != bytes.size()) {
    ERR_clear_error();
    return core::error(core::ErrorCode::Internal, "the identity has no encoding");
  }
  return Encoded::from(bytes);
}

bool P256Point::is_identity() const noexcept {
  return EC_POINT_is_at_infinity(group(), point_.get()) == 1;
}

P256Point P256Point::multiply(const P256Scalar* of_generator, const P256Point* point,
                              const P256Scalar* scalar) {
  P256Point made;
  const Owned<BIGNUM> first = of_generator == nullptr ? nullptr : number(*of_generator);
  const Owned<BIGNUM> second = scalar == nullptr ? nullptr : number(*scalar);
  MERLON_CHECK(EC_POINT_mul(group(), made.point_.get(), first.get(),
                            point == nullptr ? nullptr : point->point_.get(), second.get(),
                            nullptr) == 1);
  return made;
}

P256Point P256Point::times_generator(const P256Scalar& scalar) {
  return multiply(&scalar, nullptr, nullptr);
}

P256Point P256Point::combine(const P256Scalar& of_generator, const P256Point& point,
                             const P256Scalar& scalar) {
  return multiply(&of_generator, &point, &scalar);
}

P256Point operator*(const P256Scalar& scalar, const P256Point& point) {
  return P256Point::multiply(nullptr, &point, &scalar);
}

P256Point operator+(const P256Point& a, const P256Point& b) {
  P256Point sum;
  MERLON_CHECK(EC_POINT_add(group(), sum.point_.get(), a.point_.get(), b.point_.get(), nullptr) ==
               1);
  return sum;
}

P256Point operator-(const P256Point& a) {
  P256Point made(a);
  MERLON_CHECK(EC_POINT_invert(group(), made.point_.get(), nullptr) == 1);
  return made;
}

P256Point operator-(const P256Point& a, const P256Point& b) { return a + (-b); }

bool operator==(const P256Point& a, const P256Point& b) {
  return EC_POINT_cmp(group(), a.point_.get(), b.point_.get(), nullptr) == 0;
}

}  // namespace merlon::crypto
