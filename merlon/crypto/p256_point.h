#pragma once

// Points of P-256 [SP800-186 §3.2.1.3], a group of prime order, computed by OpenSSL. How long a
// multiplication takes does not depend on the scalar. Encodings may be anybody's. Pure; any thread,
// for each point one at a time.

#include <memory>
#include <span>

#include "merlon/core/fixed_bytes.h"
#include "merlon/core/result.h"
#include "merlon/crypto/p256_scalar.h"

struct ec_point_st;

namespace merlon::crypto {

class P256Point {
 public:
  static constexpr std::size_t size = 33;
  using Encoded = core::FixedBytes<struct P256PointTag, size>;

  /// The identity, which has no encoding here.
  P256Point();
  P256Point(const P256Point& other);
  P256Point& operator=(const P256Point& other);
  P256Point(P256Point&& other) noexcept = default;
  P256Point& operator=(P256Point&& other) noexcept = default;
  ~P256Point() = default;

  [[nodiscard]] static const P256Point& generator();

  /// Compressed [SEC1 §2.3.4]: 02 or 03, then x. Malformed: another size or prefix, an x that is
  /// not below the prime or of no point. So each point has one encoding, and the identity none.
  [[nodiscard]] static core::Result<P256Point> decode(core::ByteView bytes);
  /// Malformed unless it is a point of the curve; 32 bytes each, most significant first.
  [[nodiscard]] static core::Result<P256Point> from_affine(core::ByteView x, core::ByteView y);

  /// Internal for the identity.
  [[nodiscard]] core::Result<Encoded> encode() const;

  [[nodiscard]] bool is_identity() const noexcept;

  /// scalar · generator
  [[nodiscard]] static P256Point times_generator(const P256Scalar& scalar);
  /// of_generator · generator + scalar · point
  [[nodiscard]] static P256Point combine(const P256Scalar& of_generator, const P256Point& point,
                                         const P256Scalar& scalar);

  friend P256Point operator*(const P256Scalar& scalar, const P256Point& point);
  friend P256Point operator+(const P256Point& a, const P256Point& b);
  friend P256Point operator-(const P256Point& a, const P256Point& b);
  friend P256Point operator-(const P256Point& a);
  friend bool operator==(const P256Point& a, const P256Point& b);

 private:
  struct Deleter {
    void operator()(ec_point_st* point) const noexcept;  // overwrites it: some are secrets
  };
  using Owner = std::unique_ptr<ec_point_st, Deleter>;
  explicit P256Point(Owner point) noexcept : point_(std::move(point)) {}
  [[nodiscard]] static P256Point multiply(const P256Scalar* of_generator, const P256Point* point,
                                          const P256Scalar* scalar);

  Owner point_;  // null only when moved from
};

}  // namespace merlon::crypto
