// Whether an ID block is about this guest, and who says so.

#include "merlon/snp/id_block.h"

#include "merlon/crypto/public_key.h"
#include "merlon/simulate/launch_context.h"

namespace merlon::simulate {

using core::ByteView;
using core::Unexpected;
using launch::FirmwareStatus;

namespace {

bool holds(const snp::PublicKey& key, const snp::Signature& signature, ByteView message) {
  const auto imported = crypto::PublicKey::ec(crypto::KeyKind::P384, key.point.view());
  const auto numbers = crypto::EcdsaSignature::from_halves(signature.numbers.view());
  return imported && numbers &&
         imported->verify_ecdsa(crypto::Digest::of(crypto::HashKind::Sha384, message), *numbers);
}

template <typename T>
T digest_of(const snp::PublicKey& key) {
  return T::from(crypto::sha384({key.to_bytes()}).view()).value();
}

}  // namespace

core::Result<Identity, FirmwareStatus> judge_id_block(const launch::FinishedLaunch& finished,
                                                      const snp::LaunchDigest& digest,
                                                      const snp::GuestPolicy& policy) {
  if (finished.id_block.empty()) return Identity{};
  const auto block = snp::IdBlock::parse(finished.id_block);
  const auto auth = snp::IdAuth::parse(finished.id_auth);
  if (!block || !auth || auth->author.has_value() != finished.has_author_key) {
    return Unexpected(FirmwareStatus::InvalidParameter);
  }
  const bool is_signed = holds(auth->id_key, auth->block_signature, finished.id_block) &&
                         (!auth->author || holds(auth->author->author, auth->author->signature,
                                                 auth->id_key.to_bytes()));
  if (!is_signed) return Unexpected(FirmwareStatus::BadSignature);
  if (block->digest != digest) return Unexpected(FirmwareStatus::BadMeasurement);
  if (block->policy != policy) return Unexpected(FirmwareStatus::PolicyFailure);
  Identity made{block->family_id,
                block->image_id,
                block->guest_svn,
                digest_of<snp::IdKeyDigest>(auth->id_key),
                {}};
  if (auth->author) {
    made.author_key_digest = digest_of<snp::AuthorKeyDigest>(auth->author->author);
  }
  return made;
}

}  // namespace merlon::simulate
