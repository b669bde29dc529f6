#include "merlon/signing/guest.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/testing/vectors.h"

namespace merlon::signing {
namespace {

using core::ErrorCode;
using crypto::KeyKind;
using crypto::PrivateKey;

core::Result<snp::PublicKey> snp_key(const PrivateKey& key) {
  return signing::snp_key(crypto::public_half_of(key).value());
}
PrivateKey new_key(KeyKind kind = KeyKind::P384) { return PrivateKey::generate(kind).value(); }

snp::IdBlock block() {
  std::array<std::uint8_t, 48> digest{1, 2, 3};
  return {snp::LaunchDigest::from(digest).value(), {}, {}, 1, snp::GuestPolicy{0x30133}};
}

TEST(GuestSigning, TheDigestOfAKeyIsOfAll1028Bytes) {
  const auto key = snp_key(new_key()).value();
  EXPECT_EQ(digest_of(key), crypto::sha384({key.to_bytes()}));
}

TEST(GuestSigning, AKeyIsTheSameFromEitherHalf) {
  const auto key = new_key();
  const crypto::PublicHalf half = crypto::EcPublicHalf{KeyKind::P384, key.point().value()};
  EXPECT_EQ(signing::snp_key(half).value(), snp_key(key).value());
}

TEST(GuestSigning, AnAuthorVouchesForTheKeyThatHeSignedAndNoOther) {
  const auto author = new_key();
  const auto id_key = snp_key(new_key()).value();
  const auto other = snp_key(new_key()).value();
  const auto signature = sign_id_key(author, id_key).value();
  EXPECT_EQ(signature.author, snp_key(author).value());
  EXPECT_TRUE(vouches_for(signature, id_key));
  EXPECT_FALSE(vouches_for(signature, other));
  auto of_another = signature;
  of_another.author = other;
  EXPECT_FALSE(vouches_for(of_another, id_key));
  auto without_numbers = signature;
  without_numbers.signature = {};
  EXPECT_FALSE(vouches_for(without_numbers, id_key));
  EXPECT_FALSE(vouches_for(signature, snp::PublicKey{}));
  EXPECT_FALSE(vouches_for(snp::AuthorSignature{}, id_key));  // no point of the curve
}

TEST(GuestSigning, ABlockIsSignedByItsIdKey) {
  const auto id_key = new_key();
  const auto author = sign_id_key(new_key(), snp_key(id_key).value()).value();
  const auto auth = sign_id_block(block(), id_key, author).value();
  EXPECT_EQ(auth.id_key, snp_key(id_key).value());
  EXPECT_EQ(auth.author, author);
  EXPECT_TRUE(is_signed(block(), auth));
  auto other = block();
  other.guest_svn = 2;
  EXPECT_FALSE(is_signed(other, auth));
  auto of_another = auth;
  of_another.id_key = snp_key(new_key()).value();
  EXPECT_FALSE(is_signed(block(), of_another));
}

TEST(GuestSigning, AnAuthorsSignatureOfAnotherIdKeyIsRefused) {
  const auto author = sign_id_key(new_key(), snp_key(new_key()).value()).value();
  const auto refused = sign_id_block(block(), new_key(), author);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::Denied);
}

TEST(GuestSigning, OnlyKeysOfP384AreTaken) {
  const auto author = sign_id_key(new_key(), snp_key(new_key()).value()).value();
  for (const KeyKind kind : {KeyKind::P256, KeyKind::Rsa}) {
    const auto key = new_key(kind);
    EXPECT_EQ(snp_key(key).error().code, ErrorCode::Unsupported);
    EXPECT_EQ(sign_id_key(key, snp::PublicKey{}).error().code, ErrorCode::Unsupported);
    EXPECT_EQ(sign_id_block(block(), key, author).error().code, ErrorCode::Unsupported);
  }
  EXPECT_EQ(signing::snp_key(crypto::RsaPublicHalf{}).error().code, ErrorCode::Unsupported);
  EXPECT_EQ(signing::snp_key(crypto::EcPublicHalf{KeyKind::P256, {}}).error().code,
            ErrorCode::Unsupported);
}

std::vector<std::uint8_t> of_enarx(const std::string& name) {
  return codec::testing::vector_file("enarx/" + name);
}

TEST(GuestSigning, OfEnarxIsReadAndHolds) {
  MERLON_NEEDS_VECTORS();
  if (of_enarx("id_auth.bin").empty()) GTEST_SKIP() << "vectors/enarx is not here";
  const auto id_key = PrivateKey::from_pem(of_enarx("sev-id.key")).value();
  const auto author = PrivateKey::from_pem(of_enarx("sev-author.key")).value();
  // What Enarx' own tests say of these keys.
  EXPECT_EQ(base::hex(digest_of(snp_key(author).value()).view()),
            "0dd83a8c088945ea8577ff94c29ddda82488ddf8b5723299b5b01ef28f10be53"
            "88be7af8aa00b06dd9deaeddc74b487a");
  EXPECT_EQ(base::hex(digest_of(snp_key(id_key).value()).view()),
            "0ea04f87205f95585f8037850f37104470ac2d79ca42033057fa56926a8ee3f0"
            "6313f6da3742e2115222d1205ca0a1fe");
  const auto word = snp::AuthorSignature::parse(of_enarx("sev-id-key-signature.blob")).value();
  EXPECT_EQ(word.author, snp_key(author).value());
  EXPECT_TRUE(vouches_for(word, snp_key(id_key).value()));
  const auto guest = snp::IdBlock::parse(of_enarx("id_block.bin")).value();
  const auto auth = snp::IdAuth::parse(of_enarx("id_auth.bin")).value();
  EXPECT_EQ(auth.id_key, snp_key(id_key).value());
  EXPECT_TRUE(is_signed(guest, auth));
  ASSERT_TRUE(auth.author.has_value());
  EXPECT_EQ(auth.author->author, snp_key(author).value());
  EXPECT_TRUE(vouches_for(*auth.author, auth.id_key));
}

}  // namespace
}  // namespace merlon::signing
