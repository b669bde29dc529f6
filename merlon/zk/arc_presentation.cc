#include "merlon/zk/arc.h"
#include "merlon/zk/arc_context.h"

namespace merlon::zk {

using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

ProofUse presentation_use(ByteView bound_to) {
  ProofUse use{Transcript::Draft01, "ARCV1-P256CredentialPresentation"};
  if (!bound_to.empty()) {
    use.tag += "-merlon/bound/v1-";
    use.tag.append(bound_to.begin(), bound_to.end());
  }
  return use;
}

/// [ARC §presentation-proof]; `v` is what the client knows and the verifier computes with its key.
LinearRelation presentation_relation(const ArcPresentation& shown, const P256Point& v,
                                     const P256Point& x1_of_key, const P256Point& generator) {
  LinearRelation relation;
  const Secret m1 = relation.add_secret();
  const Secret z = relation.add_secret();
  const Secret minus_r = relation.add_secret();
  const Secret nonce = relation.add_secret();
  const Secret nonce_blinding = relation.add_secret();
  const Element g = Element::Generator;
  const Element h = relation.add_element(blinding_generator());
  const Element u = relation.add_element(shown.u);
  static_cast<void>(relation.add_element(shown.u_prime_commitment));
  const Element m1_commitment = relation.add_element(shown.m1_commitment);
  const Element v_element = relation.add_element(v);
  const Element x1 = relation.add_element(x1_of_key);
  const Element tag = relation.add_element(shown.tag);
  const Element generator_of_context = relation.add_element(generator);
  const Element nonce_commitment = relation.add_element(shown.nonce_commitment);
  relation.add_equation(m1_commitment, {{m1, u}, {z, h}});
  relation.add_equation(v_element, {{z, x1}, {minus_r, g}});
  relation.add_equation(nonce_commitment, {{nonce, g}, {nonce_blinding, h}});
  relation.add_equation(generator_of_context, {{m1, tag}, {nonce, tag}});
  constrain_range(relation, shown.bit_commitments, h, shown.nonce_commitment, nonce_commitment);
  return relation;
}

}  // namespace

ArcPresenter::ArcPresenter(ArcCredential credential, ByteView presentation_context,
                           std::uint64_t limit)
    : credential_(std::move(credential)),
      generator_(tag_generator(presentation_context)),
      limit_(limit) {
  MERLON_CHECK(limit >= min_limit && limit <= max_limit);
}

Result<ArcPresentation> ArcPresenter::present(ByteView bound_to, ScalarSource& source) {
  if (next_ >= limit_) {
    return core::error(ErrorCode::Denied, "shown as often as it may be in this context", limit_);
  }
  const std::uint64_t number = next_++;
  const P256Scalar nonce(number);
  const P256Scalar a = TRY(draw(source));
  const P256Scalar r = TRY(draw(source));
  const P256Scalar z = TRY(draw(source));
  const P256Point& h = blinding_generator();
  ArcPresentation shown;
  shown.u = a * credential_.u;
  shown.u_prime_commitment = P256Point::combine(r, credential_.u_prime, a);
  shown.m1_commitment = credential_.m1 * shown.u + z * h;
  const P256Scalar nonce_blinding = TRY(draw(source));
  shown.nonce_commitment = commit({nonce, nonce_blinding});
  shown.tag = (credential_.m1 + nonce).inverse() * generator_;
  const P256Point v = P256Point::combine(-r, credential_.x1, z);
  RangeProver range = TRY(split(number, nonce_blinding, limit_, source));
  shown.bit_commitments = std::move(range.bit_commitments);
  std::vector<P256Scalar> secrets{credential_.m1, z, -r, nonce, nonce_blinding};
  secrets.insert(secrets.end(), range.secrets.begin(), range.secrets.end());
  shown.proof = TRY(prove_compact(presentation_use(bound_to),
                                  presentation_relation(shown, v, credential_.x1, generator_),
                                  secrets, source));
  return shown;
}

Result<void> arc_verify(const ArcPrivateKey& key, ByteView request_context,
                        ByteView presentation_context, ByteView bound_to,
                        const ArcPresentation& shown, std::uint64_t limit) {
  if (limit < min_limit || limit > max_limit || shown.bit_commitments.size() != bits_of(limit)) {
    return core::error(ErrorCode::Malformed, "a presentation of another limit");
  }
  if (!adds_up(shown.bit_commitments, shown.nonce_commitment, limit)) {
    return core::error(ErrorCode::Denied, "the bits do not add up to the number");
  }
  const P256Scalar m2 = request_scalar(request_context);
  const P256Point v =
      (key.x0 + key.x2 * m2) * shown.u + key.x1 * shown.m1_commitment - shown.u_prime_commitment;
  const P256Point x1 = key.x1 * blinding_generator();
  return verify_compact(presentation_use(bound_to),
                        presentation_relation(shown, v, x1, tag_generator(presentation_context)),
                        shown.proof);
}

}  // namespace merlon::zk
