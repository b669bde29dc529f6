#include "merlon/crypto/hash_to_curve.h"
#include "merlon/zk/arc.h"
#include "merlon/zk/arc_context.h"

namespace merlon::zk {

using core::ByteView;
using core::Result;

namespace {

ProofUse request_use() { return {Transcript::Draft01, "ARCV1-P256CredentialRequest"}; }
ProofUse response_use() { return {Transcript::Draft01, "ARCV1-P256CredentialResponse"}; }

/// [ARC §request-proof]
LinearRelation request_relation(const P256Point& m1_encrypted, const P256Point& m2_encrypted) {
  LinearRelation relation;
  const Secret m1 = relation.add_secret();
  const Secret m2 = relation.add_secret();
  const Secret r1 = relation.add_secret();
  const Secret r2 = relation.add_secret();
  const Element g = Element::Generator;
  const Element h = relation.add_element(blinding_generator());
  const Element first = relation.add_element(m1_encrypted);
  const Element second = relation.add_element(m2_encrypted);
  relation.add_equation(first, {{m1, g}, {r1, h}});
  relation.add_equation(second, {{m2, g}, {r2, h}});
  return relation;
}

/// [ARC §response-proof]
LinearRelation response_relation(const ArcPublicKey& key, const ArcRequest& request,
                                 const ArcResponse& response) {
  LinearRelation relation;
  const Secret x0 = relation.add_secret();
  const Secret x1 = relation.add_secret();
  const Secret x2 = relation.add_secret();
  const Secret x0_blinding = relation.add_secret();
  const Secret b = relation.add_secret();
  const Secret t1 = relation.add_secret();
  const Secret t2 = relation.add_secret();
  const Element g = Element::Generator;
  const Element h = relation.add_element(blinding_generator());
  const Element m1_encrypted = relation.add_element(request.m1_encrypted);
  const Element m2_encrypted = relation.add_element(request.m2_encrypted);
  const Element u = relation.add_element(response.u);
  const Element u_prime_encrypted = relation.add_element(response.u_prime_encrypted);
  const Element key_x0 = relation.add_element(key.x0);
  const Element key_x1 = relation.add_element(key.x1);
  const Element key_x2 = relation.add_element(key.x2);
  const Element x0_aux = relation.add_element(response.x0_aux);
  const Element x1_aux = relation.add_element(response.x1_aux);
  const Element x2_aux = relation.add_element(response.x2_aux);
  const Element h_aux = relation.add_element(response.h_aux);
  relation.add_equation(key_x0, {{x0, g}, {x0_blinding, h}});
  relation.add_equation(key_x1, {{x1, h}});
  relation.add_equation(key_x2, {{x2, h}});
  relation.add_equation(h_aux, {{b, h}});
  relation.add_equation(x0_aux, {{x0_blinding, h_aux}});
  relation.add_equation(x1_aux, {{t1, h}});
  relation.add_equation(x1_aux, {{b, key_x1}});
  relation.add_equation(x2_aux, {{b, key_x2}});
  relation.add_equation(x2_aux, {{t2, h}});
  relation.add_equation(u, {{b, g}});
  relation.add_equation(u_prime_encrypted, {{b, key_x0}, {t1, m1_encrypted}, {t2, m2_encrypted}});
  return relation;
}

}  // namespace

Result<ArcPrivateKey> ArcPrivateKey::generate(ScalarSource& source) {
  ArcPrivateKey key;
  for (P256Scalar* scalar : {&key.x0, &key.x1, &key.x2, &key.x0_blinding}) {
    *scalar = TRY(draw(source));
  }
  return key;
}

ArcPublicKey ArcPrivateKey::public_key() const {
  const P256Point& h = blinding_generator();
  return {P256Point::combine(x0, h, x0_blinding), x1 * h, x2 * h};
}

Result<ArcRequested> arc_request(ByteView request_context, ScalarSource& source) {
  ArcRequested made;
  ArcClientSecrets& secrets = made.secrets;
  secrets.m1 = TRY(draw(source));
  secrets.m2 = request_scalar(request_context);
  secrets.r1 = TRY(draw(source));
  secrets.r2 = TRY(draw(source));
  made.request.m1_encrypted = commit({secrets.m1, secrets.r1});
  made.request.m2_encrypted = commit({secrets.m2, secrets.r2});
  made.request.proof = TRY(prove_compact(
      request_use(), request_relation(made.request.m1_encrypted, made.request.m2_encrypted),
      std::array{secrets.m1, secrets.m2, secrets.r1, secrets.r2}, source));
  return made;
}

Result<ArcResponse> arc_respond(const ArcPrivateKey& key, const ArcRequest& request,
                                ScalarSource& source) {
  TRY(verify_compact(request_use(), request_relation(request.m1_encrypted, request.m2_encrypted),
                     request.proof));
  const ArcPublicKey shown = key.public_key();
  const P256Point& h = blinding_generator();
  const P256Scalar b = TRY(draw(source));
  ArcResponse response;
  response.u = P256Point::times_generator(b);
  response.u_prime_encrypted =
      b * shown.x0 + (b * key.x1) * request.m1_encrypted + (b * key.x2) * request.m2_encrypted;
  response.x0_aux = (b * key.x0_blinding) * h;
  response.x1_aux = (b * key.x1) * h;
  response.x2_aux = (b * key.x2) * h;
  response.h_aux = b * h;
  response.proof = TRY(prove_compact(
      response_use(), response_relation(shown, request, response),
      std::array{key.x0, key.x1, key.x2, key.x0_blinding, b, b * key.x1, b * key.x2}, source));
  return response;
}

Result<ArcCredential> arc_finalize(const ArcRequested& requested, const ArcPublicKey& key,
                                   const ArcResponse& response) {
  TRY(verify_compact(response_use(), response_relation(key, requested.request, response),
                     response.proof));
  const ArcClientSecrets& secrets = requested.secrets;
  P256Point u_prime = response.u_prime_encrypted - response.x0_aux - secrets.r1 * response.x1_aux -
                      secrets.r2 * response.x2_aux;
  return ArcCredential{secrets.m1, response.u, std::move(u_prime), key.x1};
}

}  // namespace merlon::zk
