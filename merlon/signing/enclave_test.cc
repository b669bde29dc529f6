#include "merlon/signing/enclave.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/testing/vectors.h"

namespace merlon::signing {
namespace {

using core::ErrorCode;
using crypto::KeyKind;
using crypto::PrivateKey;
using Bytes = std::vector<std::uint8_t>;

const PrivateKey& signer() {
  static const PrivateKey key = PrivateKey::generate(KeyKind::Rsa).value();
  return key;
}

sgx::Sigstruct wanted() {
  sgx::Sigstruct enclave;
  enclave.mr_enclave = sgx::MrEnclave::from(std::array<std::uint8_t, 32>{1, 2, 3}).value();
  enclave.flags = sgx::attribute_mode64bit;
  enclave.xfrm = 0xE7;
  enclave.svn = 7;
  return enclave;
}

TEST(EnclaveSigning, WhatWasSignedHoldsAndIsTheSameEachTime) {
  const auto made = sign_enclave(wanted(), signer()).value();
  EXPECT_TRUE(is_signed(made));
  EXPECT_EQ(sign_enclave(wanted(), signer()).value(), made);
  EXPECT_EQ(made.modulus, signer_modulus(crypto::public_half_of(signer()).value()).value());
  EXPECT_EQ(made.mr_enclave, wanted().mr_enclave);
  EXPECT_EQ(made.svn, 7);
  EXPECT_EQ(sgx::Sigstruct::parse(made.to_bytes()).value(), made);
}

TEST(EnclaveSigning, EachSignedFieldIsHeldByTheSignature) {
  const auto made = sign_enclave(wanted(), signer()).value();
  const auto bytes = made.to_bytes();
  // One byte of each field: date, software defined, MISCSELECT, CET, family, attributes, masks,
  // MRENCLAVE, product id, SVN; then modulus, signature, Q1 and Q2.
  for (const std::size_t at : std::initializer_list<std::size_t>{
           20,   40,   900,  904, 908, 912, 928, 936,  944,  952,  960, 991,
           1008, 1024, 1026, 128, 511, 516, 899, 1040, 1423, 1424, 1807}) {
    auto changed = bytes;
    changed[at] ^= 1U;
    const auto parsed = sgx::Sigstruct::parse(changed);
    ASSERT_TRUE(parsed.has_value()) << at;
    EXPECT_FALSE(is_signed(*parsed)) << at;
  }
  EXPECT_FALSE(is_signed(sgx::Sigstruct{}));
}

TEST(EnclaveSigning, OnlyRsaOf3072BitsWithExponent3IsTaken) {
  const auto of_curve = PrivateKey::generate(KeyKind::P384).value();
  EXPECT_EQ(sign_enclave(wanted(), of_curve).error().code, ErrorCode::Unsupported);
  EXPECT_EQ(signer_modulus(crypto::EcPublicHalf{}).error().code, ErrorCode::Unsupported);
  EXPECT_TRUE(signer_modulus(crypto::RsaPublicHalf{Bytes(384, 0xCC), 3}).has_value());
  EXPECT_EQ(signer_modulus(crypto::RsaPublicHalf{Bytes(384, 0xCC), 65537}).error().code,
            ErrorCode::Unsupported);
  EXPECT_EQ(signer_modulus(crypto::RsaPublicHalf{Bytes(256, 0xCC), 3}).error().code,
            ErrorCode::Unsupported);
}

/// Signs what `recorded` says of its enclave once more, which must give the same bytes.
void expect_same_again(const Bytes& recorded, const PrivateKey& key) {
  const auto enclave = sgx::Sigstruct::parse(recorded).value();
  EXPECT_TRUE(is_signed(enclave));
  auto bare = enclave;
  bare.modulus = {};
  bare.signature = {};
  bare.q1 = {};
  bare.q2 = {};
  const auto again = sign_enclave(bare, key).value().to_bytes();
  EXPECT_EQ(Bytes(again.begin(), again.end()), recorded);
}

TEST(EnclaveSigning, RecordedSigstructsHoldAndComeOutAgain) {
  MERLON_NEEDS_VECTORS();
  const auto file = codec::testing::vector_file;
  expect_same_again(file("measurement/sig1.sigstruct.bin"),
                    PrivateKey::from_pem(file("measurement/sig1.key.pem")).value());
  const auto test = sgx::Sigstruct::parse(file("measurement/test_enclave.sig")).value();
  EXPECT_TRUE(is_signed(test));
}

TEST(EnclaveSigning, OfEnarxComesOutAgain) {
  MERLON_NEEDS_VECTORS();
  const auto file = codec::testing::vector_file;
  if (file("enarx/sigstruct.bin").empty()) GTEST_SKIP() << "vectors/enarx is not here";
  const auto key = PrivateKey::from_pem(file("enarx/sgx-test.key")).value();
  expect_same_again(file("enarx/sigstruct.bin"), key);
  EXPECT_EQ(
      base::hex(mr_signer(signer_modulus(crypto::public_half_of(key).value()).value()).view()),
      "298037d88782e022e019b3020745b78aa40ed95c77da4bf7f3253d3a44c4fd7e");
}

}  // namespace
}  // namespace merlon::signing
