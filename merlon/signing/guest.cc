#include "merlon/signing/guest.h"

namespace merlon::signing {

using core::ByteView;
using core::ErrorCode;
using core::Result;
using crypto::Digest;
using crypto::HashKind;
using crypto::KeyKind;

namespace {

core::Error no_p384() noexcept {
  return core::error(ErrorCode::Unsupported, "no key of P-384, as SEV-SNP wants one");
}

Result<snp::Signature> sign(const crypto::PrivateKey& key, ByteView message) {
  if (key.kind() != KeyKind::P384) return no_p384();
  const auto numbers = TRY(key.sign_ecdsa(Digest::of(HashKind::Sha384, message)));
  return snp::Signature{TRY(snp::SignatureNumbers::from(numbers))};
}

bool holds(const snp::Signature& signature, const snp::PublicKey& signer, ByteView message) {
  const auto key = crypto::PublicKey::ec(KeyKind::P384, signer.point.view());
  const auto numbers = crypto::EcdsaSignature::from_halves(signature.numbers.view());
  return key && numbers && key->verify_ecdsa(Digest::of(HashKind::Sha384, message), *numbers);
}

}  // namespace

Result<snp::PublicKey> snp_key(const crypto::PublicHalf& half) {
  const auto* ec = std::get_if<crypto::EcPublicHalf>(&half);
  if (ec == nullptr || ec->curve != KeyKind::P384) return no_p384();
  return snp::PublicKey{TRY(snp::PublicPoint::from(ec->point))};
}

crypto::Sha384Digest digest_of(const snp::PublicKey& key) noexcept {
  return crypto::sha384({key.to_bytes()});
}

Result<snp::AuthorSignature> sign_id_key(const crypto::PrivateKey& author,
                                         const snp::PublicKey& id_key) {
  snp::AuthorSignature made;
  made.author = TRY(snp_key(TRY(crypto::public_half_of(author))));
  made.signature = TRY(sign(author, id_key.to_bytes()));
  return made;
}

Result<snp::IdAuth> sign_id_block(const snp::IdBlock& block, const crypto::PrivateKey& id_key,
                                  const snp::AuthorSignature& author) {
  snp::IdAuth auth;
  auth.id_key = TRY(snp_key(TRY(crypto::public_half_of(id_key))));
  if (!vouches_for(author, auth.id_key)) {
    return core::error(ErrorCode::Denied, "no author's signature of this ID key");
  }
  auth.block_signature = TRY(sign(id_key, block.to_bytes()));
  auth.author = author;
  return auth;
}

bool vouches_for(const snp::AuthorSignature& author, const snp::PublicKey& id_key) {
  return holds(author.signature, author.author, id_key.to_bytes());
}

bool is_signed(const snp::IdBlock& block, const snp::IdAuth& auth) {
  return holds(auth.block_signature, auth.id_key, block.to_bytes());
}

}  // namespace merlon::signing
