#pragma once

// Anonymous rate-limited credentials, suite ARCV1-P256 [ARC]: an issuer gives one to a client, who
// can show up to a number of times per context that it has one. Nobody, the issuer least, can tell
// which, nor that two showings are of one; only one that is shown more often than allowed is seen,
// by its tag. Verifying takes the issuer's private key. Pure but for random numbers; any thread.
// Messages may be anybody's: their points and scalars are checked as they are read, their proofs
// by whoever answers them.
//
// Two things beyond the draft. A presentation can be bound to bytes that both sides know, such as a
// TLS connection's exporter; bound to none it is the draft's. And the draft does not have the
// issuer see for which request context it issues: so here each context has a key of its own (room
// credential).

#include <array>

#include "merlon/zk/range.h"

namespace merlon::zk {

struct ArcPublicKey {
  static constexpr std::size_t size = 3 * P256Point::size;
  P256Point x0;
  P256Point x1;
  P256Point x2;

  [[nodiscard]] core::Result<std::vector<std::uint8_t>> encode() const;
  [[nodiscard]] static core::Result<ArcPublicKey> decode(core::ByteView bytes);
};

struct ArcPrivateKey {
  static constexpr std::size_t size = 4 * P256Scalar::size;
  P256Scalar x0;
  P256Scalar x1;
  P256Scalar x2;
  P256Scalar x0_blinding;

  [[nodiscard]] static core::Result<ArcPrivateKey> generate(ScalarSource& source);
  [[nodiscard]] ArcPublicKey public_key() const;
  /// Whoever encodes it has its bytes to wipe.
  [[nodiscard]] std::vector<std::uint8_t> encode() const;
  /// Malformed: another size, a scalar that is zero or not below the order.
  [[nodiscard]] static core::Result<ArcPrivateKey> decode(core::ByteView bytes);
};

/// What a client keeps between its request and the answer.
struct ArcClientSecrets {
  P256Scalar m1;
  P256Scalar m2;
  P256Scalar r1;
  P256Scalar r2;
};

struct ArcRequest {
  static constexpr std::size_t size = 2 * P256Point::size + 5 * P256Scalar::size;
  P256Point m1_encrypted;
  P256Point m2_encrypted;
  std::vector<std::uint8_t> proof;

  [[nodiscard]] core::Result<std::vector<std::uint8_t>> encode() const;
  [[nodiscard]] static core::Result<ArcRequest> decode(core::ByteView bytes);
};

struct ArcResponse {
  static constexpr std::size_t size = 6 * P256Point::size + 8 * P256Scalar::size;
  P256Point u;
  P256Point u_prime_encrypted;
  P256Point x0_aux;
  P256Point x1_aux;
  P256Point x2_aux;
  P256Point h_aux;
  std::vector<std::uint8_t> proof;

  [[nodiscard]] core::Result<std::vector<std::uint8_t>> encode() const;
  [[nodiscard]] static core::Result<ArcResponse> decode(core::ByteView bytes);
};

/// All of it but x1 is secret.
struct ArcCredential {
  P256Scalar m1;
  P256Point u;
  P256Point u_prime;
  P256Point x1;
};

struct ArcPresentation {
  P256Point u;
  P256Point u_prime_commitment;
  P256Point m1_commitment;
  P256Point tag;
  P256Point nonce_commitment;
  std::vector<P256Point> bit_commitments;
  std::vector<std::uint8_t> proof;

  [[nodiscard]] static std::size_t size(std::uint64_t limit) noexcept;
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> encode() const;
  /// Malformed: another size than presentations of this limit have.
  [[nodiscard]] static core::Result<ArcPresentation> decode(core::ByteView bytes,
                                                            std::uint64_t limit);
};

/// The client's. Internal: no random numbers.
struct ArcRequested {
  ArcClientSecrets secrets;
  ArcRequest request;
};
[[nodiscard]] core::Result<ArcRequested> arc_request(core::ByteView request_context,
                                                     ScalarSource& source);

/// The issuer's answer. Denied: the request's proof does not hold.
[[nodiscard]] core::Result<ArcResponse> arc_respond(const ArcPrivateKey& key,
                                                    const ArcRequest& request,
                                                    ScalarSource& source);

/// The client's. Denied: the answer is of another key than the one that everybody gets.
[[nodiscard]] core::Result<ArcCredential> arc_finalize(const ArcRequested& requested,
                                                       const ArcPublicKey& key,
                                                       const ArcResponse& response);

/// A credential in use for one context, in which it is shown `limit` times at most.
class ArcPresenter {
 public:
  /// `limit` from min_limit to max_limit.
  ArcPresenter(ArcCredential credential, core::ByteView presentation_context, std::uint64_t limit);

  /// Denied: shown as often as it may be. Internal: no random numbers; it counts as shown, since
  /// two of one number would be seen to be of one credential.
  [[nodiscard]] core::Result<ArcPresentation> present(core::ByteView bound_to,
                                                      ScalarSource& source);
  [[nodiscard]] std::uint64_t shown() const noexcept { return next_; }

 private:
  ArcCredential credential_;
  P256Point generator_;  // of the context
  std::uint64_t limit_;
  std::uint64_t next_ = 0;
};

/// Denied unless it is of a credential of this key. Whoever admits it also has to see to it that
/// its tag was not there before in this context.
[[nodiscard]] core::Result<void> arc_verify(
    const ArcPrivateKey& key, core::ByteView request_context, core::ByteView presentation_context,
    core::ByteView bound_to, const ArcPresentation& presentation, std::uint64_t limit);

}  // namespace merlon::zk
