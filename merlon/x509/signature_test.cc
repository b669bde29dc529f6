#include "merlon/x509/signature.h"

#include <gtest/gtest.h>

#include "merlon/codec/pem.h"
#include "merlon/codec/testing/der_writer.h"
#include "merlon/codec/testing/vectors.h"
#include "merlon/x509/certificate.h"
#include "merlon/x509/testing/issue.h"

namespace merlon::x509 {
namespace {

using codec::DerTag;
using codec::Oid;
using codec::testing::bit_string;
using codec::testing::Bytes;
using codec::testing::der;
using codec::testing::integer;
using codec::testing::oid;
using codec::testing::sequence;
using core::ErrorCode;
using crypto::testing::SigningKey;

const Bytes null = der(DerTag::Null, {});

TEST(Algorithm, IsKnownByAllOfItsIdentifier) {
  // As they stand in certificates of both vendors.
  const Bytes rsa{0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86,
                  0xF7, 0x0D, 0x01, 0x01, 0x0B, 0x05, 0x00};
  EXPECT_EQ(parse_algorithm(rsa).value(), SignatureAlgorithm::RsaPkcs1Sha256);
  const Bytes ecdsa{0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02};
  EXPECT_EQ(parse_algorithm(ecdsa).value(), SignatureAlgorithm::EcdsaSha256);
  for (const Bytes& known : {rsa, ecdsa}) {
    const std::size_t first = 4;
    for (std::size_t i = first; i < first + known[3]; ++i) {
      Bytes other = known;
      other[i] ^= 0x10;
      EXPECT_FALSE(parse_algorithm(other).has_value()) << i;
    }
  }
}

TEST(Algorithm, HasTheParametersOfItsKind) {
  const Bytes rsa_sha256 = oid({1, 2, 840, 113549, 1, 1, 11});
  const Bytes ecdsa_sha256 = oid({1, 2, 840, 10045, 4, 3, 2});
  EXPECT_TRUE(parse_algorithm(sequence({rsa_sha256, null})).has_value());
  EXPECT_FALSE(parse_algorithm(sequence({rsa_sha256})).has_value());
  EXPECT_FALSE(parse_algorithm(sequence({rsa_sha256, der(DerTag::Null, {0})})).has_value());
  EXPECT_FALSE(parse_algorithm(sequence({rsa_sha256, null, null})).has_value());
  EXPECT_TRUE(parse_algorithm(sequence({ecdsa_sha256})).has_value());
  EXPECT_FALSE(parse_algorithm(sequence({ecdsa_sha256, null})).has_value());
}

/// RSASSA-PSS with these parts, each of them as the only one that may be given.
struct Pss {
  Bytes hash = sequence({oid({2, 16, 840, 1, 101, 3, 4, 2, 2}), null});
  Bytes mask = sequence(
      {oid({1, 2, 840, 113549, 1, 1, 8}), sequence({oid({2, 16, 840, 1, 101, 3, 4, 2, 2}), null})});
  Bytes salt = integer(48);
  Bytes trailer = integer(1);

  [[nodiscard]] bool is_read() const {
    const Bytes params =
        sequence({der(codec::context_tag(0, true), hash), der(codec::context_tag(1, true), mask),
                  der(codec::context_tag(2, true), salt),
                  trailer.empty() ? Bytes{} : der(codec::context_tag(3, true), trailer)});
    return parse_algorithm(sequence({oid({1, 2, 840, 113549, 1, 1, 10}), params})).has_value();
  }
};

TEST(Algorithm, PssIsWithSha384Throughout) {
  EXPECT_TRUE(Pss().is_read());
  EXPECT_TRUE(Pss{.trailer = {}}.is_read());
  const Bytes sha384 = oid({2, 16, 840, 1, 101, 3, 4, 2, 2});
  const Bytes sha256 = oid({2, 16, 840, 1, 101, 3, 4, 2, 1});
  const Bytes mgf1 = oid({1, 2, 840, 113549, 1, 1, 8});
  EXPECT_TRUE(Pss{.hash = sequence({sha384})}.is_read());
  EXPECT_TRUE((Pss{.mask = sequence({mgf1, sequence({sha384})})}).is_read());
  EXPECT_FALSE(Pss{.hash = sequence({sha256})}.is_read());
  EXPECT_FALSE(Pss{.hash = sequence({sha384, der(DerTag::Null, {0})})}.is_read());
  EXPECT_FALSE((Pss{.hash = sequence({sha384, null, null})}).is_read());
  EXPECT_FALSE((Pss{.mask = sequence({mgf1, sequence({sha256})})}).is_read());
  EXPECT_FALSE((Pss{.mask = sequence({sha384, sequence({sha384})})}).is_read());
  EXPECT_FALSE((Pss{.mask = sequence({mgf1, sequence({sha384}), null})}).is_read());
  EXPECT_FALSE(Pss{.salt = integer(49)}.is_read());
  EXPECT_FALSE(Pss{.salt = integer(32)}.is_read());
  EXPECT_FALSE(Pss{.trailer = integer(2)}.is_read());
}

TEST(EcdsaSignature, IsTwoNumbersOfTheCurvesSize) {
  const Bytes small = sequence({integer(1), integer(0x1FF)});
  const auto numbers = parse_ecdsa_signature(small, 32);
  ASSERT_TRUE(numbers.has_value());
  EXPECT_EQ(numbers->view().r.back(), 1);
  EXPECT_EQ(numbers->view().s.back(), 0xFF);
  EXPECT_EQ(numbers->view().s[30], 1);
  EXPECT_EQ(numbers->view().r.size(), 32U);
  Bytes highest(33, 0xFF);  // with the zero in front that makes it positive
  highest[0] = 0;
  const auto number = [](const Bytes& bytes) { return der(DerTag::Integer, bytes); };
  EXPECT_TRUE(parse_ecdsa_signature(sequence({number(highest), number(highest)}), 32).has_value());
  for (const Bytes& wrong : {Bytes{0x80}, Bytes{0xFF, 0x01}, Bytes(33, 0x01), Bytes(48, 0x01)}) {
    EXPECT_FALSE(parse_ecdsa_signature(sequence({number(wrong), integer(1)}), 32).has_value());
    EXPECT_FALSE(parse_ecdsa_signature(sequence({integer(1), number(wrong)}), 32).has_value());
  }
  EXPECT_FALSE(parse_ecdsa_signature(sequence({integer(1)}), 32).has_value());
  EXPECT_FALSE(
      parse_ecdsa_signature(sequence({integer(1), integer(1), integer(1)}), 32).has_value());
}

TEST(SubjectKey, IsOfTwoCurvesOrRsa) {
  const SigningKey key(crypto::KeyKind::P256);
  const Bytes ec = oid({1, 2, 840, 10045, 2, 1});
  const Bytes p256 = oid({1, 2, 840, 10045, 3, 1, 7});
  const Bytes point = key.point();
  const auto code = [](const Bytes& spki) {
    const auto parsed = parse_subject_key(spki);
    return parsed ? std::optional<ErrorCode>() : parsed.error().code;
  };
  const auto with_point = [&](std::uint8_t form, const Bytes& rest) {
    return sequence({sequence({ec, p256}), bit_string(codec::testing::join({{form}, rest}))});
  };
  EXPECT_EQ(code(with_point(4, point)), std::nullopt);
  const Bytes half(point.begin(), point.begin() + 32);
  EXPECT_EQ(code(with_point(2, half)), ErrorCode::Unsupported);
  EXPECT_EQ(code(with_point(2, point)), ErrorCode::Unsupported);
  EXPECT_EQ(code(sequence({sequence({ec, p256}), bit_string({})})), ErrorCode::Unsupported);
  const Bytes p521 = oid({1, 3, 132, 0, 35});
  EXPECT_EQ(code(sequence({sequence({ec, p521}), bit_string(point)})), ErrorCode::Unsupported);

  Bytes modulus(257, 0xC5);
  modulus[0] = 0;
  const Bytes rsa_key = bit_string(sequence({der(DerTag::Integer, modulus), integer(65537)}));
  const Bytes rsa = oid({1, 2, 840, 113549, 1, 1, 1});
  EXPECT_EQ(code(sequence({sequence({rsa, null}), rsa_key})), std::nullopt);
  const Bytes rsa_pss = oid({1, 2, 840, 113549, 1, 1, 10});
  EXPECT_EQ(code(sequence({sequence({rsa_pss, null}), rsa_key})), ErrorCode::Unsupported);
  const Bytes ed25519 = oid({1, 3, 101, 112});
  EXPECT_EQ(code(sequence({sequence({ed25519}), bit_string(half)})), ErrorCode::Unsupported);
  EXPECT_EQ(code(sequence({sequence({rsa, der(DerTag::Null, {0})}), rsa_key})),
            ErrorCode::Malformed);
  EXPECT_EQ(code(sequence({sequence({rsa}), rsa_key})), ErrorCode::Malformed);
}

TEST(SignatureMemo, RemembersEachOnce) {
  const SigningKey key(crypto::KeyKind::P256);
  const Certificate certificate = testing::issued({}, key, key);
  SignatureMemo memo;
  memo.learn(certificate.key(), certificate.signature());
  memo.learn(certificate.key(), certificate.signature());
  EXPECT_EQ(memo.size(), 1U);
  EXPECT_TRUE(memo.holds(certificate.key(), certificate.signature()));
  const Certificate other = testing::issued({.serial = 8}, key, key);
  memo.learn(other.key(), other.signature());
  EXPECT_EQ(memo.size(), 2U);
}

TEST(SignatureMemo, KeepsKeySignatureAndMessageApart) {
  MERLON_NEEDS_VECTORS();
  // With keys and signatures of more than 256 bytes, so that each byte of a length counts.
  const auto text = codec::testing::vector_file("amd-chains/ask_ark_milan.pem");
  const auto blocks = codec::pem_blocks(core::as_text(text)).value();
  const Certificate root = Certificate::parse(blocks.at(1).bytes).value();
  const Signed& whole = root.signature();
  const std::size_t key = root.key().spki.size();
  const std::size_t size = whole.signature.size();
  Bytes all(root.key().spki.begin(), root.key().spki.end());
  all.insert(all.end(), whole.signature.begin(), whole.signature.end());
  all.insert(all.end(), whole.message.begin(), whole.message.end());
  const core::ByteView bytes(all);
  const auto cut = [&](std::size_t key_size, std::size_t signature_size) {
    return std::pair{SubjectKey{root.key().key, bytes.first(key_size)},
                     Signed{bytes.subspan(key_size + signature_size), whole.algorithm,
                            bytes.subspan(key_size, signature_size)}};
  };
  SignatureMemo memo;
  const auto good = cut(key, size);
  memo.learn(good.first, good.second);
  ASSERT_EQ(memo.size(), 1U);
  for (const std::size_t shift : {1U, 2U, 128U, 255U, 256U, 257U, 512U}) {
    for (const auto& [other_key, other_size] :
         {std::pair{key + shift, size - shift}, std::pair{key + shift, size},
          std::pair{key, size + shift}, std::pair{key - 1, size + 1}}) {
      const auto wrong = cut(other_key, other_size);
      EXPECT_FALSE(memo.holds(wrong.first, wrong.second)) << other_key << " " << other_size;
    }
  }
}

}  // namespace
}  // namespace merlon::x509
