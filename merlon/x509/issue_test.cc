#include "merlon/x509/issue.h"

#include <gtest/gtest.h>

#include "merlon/crypto/testing/signing_key.h"
#include "merlon/x509/certificate.h"
#include "merlon/x509/crl.h"
#include "merlon/x509/csr.h"

namespace merlon::x509 {
namespace {

using codec::DerBytes;
using crypto::KeyKind;
using crypto::testing::SigningKey;

constexpr codec::UnixTime start{1'750'000'000};
constexpr codec::UnixTime end{2'550'000'000};  // behind 2050

SignatureAlgorithm algorithm_of(const SigningKey& key) {
  return key.kind() == KeyKind::P256 ? SignatureAlgorithm::EcdsaSha256
                                     : SignatureAlgorithm::EcdsaSha384;
}

DerBytes signed_by(const SigningKey& key, const DerBytes& message) {
  const auto both = key.sign(message);
  return with_signature(message, algorithm_of(key),
                        crypto::EcdsaSignature::from_halves(both).value());
}

DerBytes key_of(const SigningKey& key) { return subject_public_key_info(key.kind(), key.point()); }

TEST(Issue, ACertificateIsReadAsItWasMeant) {
  for (const KeyKind kind : {KeyKind::P256, KeyKind::P384}) {
    const SigningKey key(kind);
    EXPECT_EQ(key_of(key), key.spki());
    const NewCertificate made{
        {0x80, 1},
        {"Maker", "issuer"},
        {"", "subject"},
        start,
        end,
        key_of(key),
        {new_basic_constraints(true), new_key_usage({KeyUsage::KeyCertSign, KeyUsage::CrlSign})}};
    const auto read = Certificate::parse(signed_by(key, to_be_signed(made, algorithm_of(key))));
    ASSERT_TRUE(read.has_value()) << read.error().what;
    EXPECT_EQ(read->common_name(), "subject");
    EXPECT_EQ(DerBytes(read->serial().begin(), read->serial().end()), (DerBytes{0, 0x80, 1}));
    EXPECT_TRUE(read->validity().contains(start));
    EXPECT_TRUE(read->validity().contains(end));
    EXPECT_FALSE(read->validity().contains({end.seconds + 1}));
    ASSERT_TRUE(read->basic_constraints().has_value());
    EXPECT_TRUE(read->basic_constraints()->ca);
    EXPECT_TRUE(verify(read->key(), read->signature()));
  }
}

TEST(Issue, AListNamesWhatIsRevoked) {
  const SigningKey key(KeyKind::P384);
  NewCrl made{{"", "issuer"}, start, end, 7, {{5}, {1, 2}}};
  const auto read = Crl::parse(signed_by(key, to_be_signed(made, algorithm_of(key))));
  ASSERT_TRUE(read.has_value()) << read.error().what;
  EXPECT_TRUE(read->lists(DerBytes{5}));
  EXPECT_TRUE(read->lists(DerBytes{1, 2}));
  EXPECT_FALSE(read->lists(DerBytes{6}));
  made.serials.clear();
  EXPECT_TRUE(Crl::parse(signed_by(key, to_be_signed(made, algorithm_of(key)))).has_value());
}

TEST(Issue, ARequestProvesItsKey) {
  constexpr codec::Oid any{1, 3, 6, 1, 4, 1, 58270, 1, 1};
  const SigningKey key(KeyKind::P256);
  const SigningKey other(KeyKind::P256);
  for (const bool with_extension : {false, true}) {
    NewRequest made{{}, key_of(key), {}};
    if (with_extension) made.extensions.push_back(new_extension(any, false, DerBytes{4, 0}));
    const auto read = CertificateRequest::parse(signed_by(key, to_be_signed(made)));
    ASSERT_TRUE(read.has_value()) << read.error().what;
    EXPECT_TRUE(read->is_signed_by_its_key());
    EXPECT_EQ(read->extensions().size(), with_extension ? 1U : 0U);
    EXPECT_FALSE(
        CertificateRequest::parse(signed_by(other, to_be_signed(made)))->is_signed_by_its_key());
  }
}

}  // namespace
}  // namespace merlon::x509
