#include "merlon/x509/issue.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "merlon/crypto/testing/signing_key.h"
#include "merlon/x509/certificate.h"
#include "merlon/x509/crl.h"
#include "merlon/x509/csr.h"
#include "merlon/x509/name.h"

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
    EXPECT_EQ(name_text(read->issuer()), "O=Maker, CN=issuer");
    EXPECT_EQ(name_text(read->subject()), "CN=subject");
    EXPECT_TRUE(read->may(KeyUsage::KeyCertSign));
    EXPECT_TRUE(read->may(KeyUsage::CrlSign));
    EXPECT_FALSE(read->may(KeyUsage::DigitalSignature));
    EXPECT_EQ(read->extensions().size(), 2U);
    EXPECT_TRUE(read->extensions()[0].critical);
    EXPECT_TRUE(read->extensions()[1].critical);
    EXPECT_EQ(DerBytes(read->serial().begin(), read->serial().end()), (DerBytes{0, 0x80, 1}));
    EXPECT_TRUE(read->validity().contains(start));
    EXPECT_TRUE(read->validity().contains(end));
    EXPECT_FALSE(read->validity().contains({end.seconds + 1}));
    ASSERT_TRUE(read->basic_constraints().has_value());
    EXPECT_TRUE(read->basic_constraints()->ca);
    EXPECT_TRUE(verify(read->key(), read->signature()));
  }
}

TEST(Issue, ExtensionsAreTheShortestOfTheirMeaning) {
  const DerBytes ca{0x30, 0x0F, 0x06, 0x03, 0x55, 0x1D, 0x13, 0x01, 0x01,
                    0xFF, 0x04, 0x05, 0x30, 0x03, 0x01, 0x01, 0xFF};
  EXPECT_EQ(new_basic_constraints(true), ca);
  const DerBytes no_ca{0x30, 0x0C, 0x06, 0x03, 0x55, 0x1D, 0x13,
                       0x01, 0x01, 0xFF, 0x04, 0x02, 0x30, 0x00};
  EXPECT_EQ(new_basic_constraints(false), no_ca);
  const auto usage = [](std::uint8_t unused, std::uint8_t bits) {
    return DerBytes{0x30, 0x0E, 0x06, 0x03, 0x55, 0x1D, 0x0F,   0x01,
                    0x01, 0xFF, 0x04, 0x04, 0x03, 0x02, unused, bits};
  };
  EXPECT_EQ(new_key_usage({KeyUsage::DigitalSignature}), usage(7, 0x80));
  EXPECT_EQ(new_key_usage({KeyUsage::CrlSign, KeyUsage::KeyCertSign}), usage(1, 0x06));
  const DerBytes other{0x30, 0x0A, 0x06, 0x03, 0x2A, 0x03, 0x04, 0x04, 0x03, 1, 2, 3};
  EXPECT_EQ(new_extension({1, 2, 3, 4}, false, DerBytes{1, 2, 3}), other);
}

const Extension& extension_of(const Certificate& read, const codec::Oid& id) {
  const Extension* found = find_extension(read.extensions(), id);
  EXPECT_NE(found, nullptr);
  return *found;
}

TEST(Issue, WhatALeafSaysIsReadAsItWasMeant) {
  const SigningKey key(KeyKind::P256);
  const std::vector<std::string> names{"keep.example", "*.keeps.example"};
  const DerBytes id = key_id_of(key_of(key));
  EXPECT_EQ(id.size(), 20U);
  const NewCertificate made{
      {1},
      {"", "issuer"},
      {},
      start,
      end,
      key_of(key),
      {new_dns_names(names, true),
       new_extended_key_usage({ExtendedKeyUsage::ServerAuth, ExtendedKeyUsage::ClientAuth}),
       new_subject_key_id(id), new_authority_key_id(DerBytes{1, 2, 3})}};
  const auto read = Certificate::parse(signed_by(key, to_be_signed(made, algorithm_of(key))));
  ASSERT_TRUE(read.has_value()) << read.error().what;
  EXPECT_FALSE(read->has_unknown_critical());
  const Extension& name = extension_of(*read, oid::subject_alt_name);
  EXPECT_TRUE(name.critical);
  EXPECT_EQ(SubjectAltNames::parse(name.value)->dns, names);
  const Extension& usage = extension_of(*read, oid::extended_key_usage);
  EXPECT_FALSE(usage.critical);
  const auto usages = ExtendedKeyUsages::parse(usage.value);
  ASSERT_TRUE(usages.has_value());
  EXPECT_TRUE(usages->has(ExtendedKeyUsage::ServerAuth));
  EXPECT_TRUE(usages->has(ExtendedKeyUsage::ClientAuth));
  const auto subject_id = parse_subject_key_id(extension_of(*read, oid::subject_key_id).value);
  EXPECT_TRUE(std::ranges::equal(*subject_id, id));
  const auto issuer_id = parse_authority_key_id(extension_of(*read, oid::authority_key_id).value);
  EXPECT_TRUE(std::ranges::equal(*issuer_id, DerBytes{1, 2, 3}));
}

TEST(Issue, ANameOfAnotherCertificateIsTakenAsItIs) {
  const SigningKey key(KeyKind::P256);
  const NewCertificate ca{{1}, {"Maker", "old"}, {"Maker", "old"}, start, end, key_of(key), {}};
  const auto old = Certificate::parse(signed_by(key, to_be_signed(ca, algorithm_of(key))));
  ASSERT_TRUE(old.has_value());
  const NewName name{"not", "counted", DerBytes(old->subject().begin(), old->subject().end())};
  const NewCertificate made{{2}, name, {}, start, end, key_of(key), {}};
  const auto read = Certificate::parse(signed_by(key, to_be_signed(made, algorithm_of(key))));
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(std::ranges::equal(read->issuer(), old->subject()));
}

TEST(Issue, ACaMaySayHowManyFollow) {
  const SigningKey key(KeyKind::P256);
  const NewCertificate made{
      {1}, {"", "i"}, {"", "s"}, start, end, key_of(key), {new_basic_constraints(true, 0)}};
  const auto read = Certificate::parse(signed_by(key, to_be_signed(made, algorithm_of(key))));
  ASSERT_TRUE(read.has_value() && read->basic_constraints().has_value());
  EXPECT_EQ(read->basic_constraints()->path_length, 0U);
}

TEST(Issue, ACertificateMayHaveNoExtensions) {
  const SigningKey key(KeyKind::P256);
  const NewCertificate made{{1}, {"", "i"}, {"", "s"}, start, end, key_of(key), {}};
  const auto read = Certificate::parse(signed_by(key, to_be_signed(made, algorithm_of(key))));
  ASSERT_TRUE(read.has_value()) << read.error().what;
  EXPECT_TRUE(read->extensions().empty());
}

TEST(Issue, AListNamesWhatIsRevoked) {
  const SigningKey key(KeyKind::P384);
  NewCrl made{{"", "issuer"}, start, end, 7, {{5}, {1, 2}}};
  const auto read = Crl::parse(signed_by(key, to_be_signed(made, algorithm_of(key))));
  ASSERT_TRUE(read.has_value()) << read.error().what;
  EXPECT_TRUE(read->lists(DerBytes{5}));
  EXPECT_TRUE(read->lists(DerBytes{1, 2}));
  EXPECT_FALSE(read->lists(DerBytes{6}));
  EXPECT_EQ(name_text(read->issuer()), "CN=issuer");
  EXPECT_EQ(DerBytes(read->number().begin(), read->number().end()), DerBytes{7});
  EXPECT_EQ(read->validity().not_before, start);
  EXPECT_EQ(read->validity().not_after, end);
  EXPECT_TRUE(verify(SubjectKey{crypto::PublicKey::ec(key.kind(), key.point()).value(), {}},
                     read->signature()));
  // A number that were critical would be refused by others. [RFC5280 §5.2.3]
  const DerBytes whole = to_be_signed(made, algorithm_of(key));
  const DerBytes number{0x30, 0x0A, 0x06, 0x03, 0x55, 0x1D, 0x14, 0x04, 0x03, 0x02, 0x01, 0x07};
  EXPECT_NE(std::ranges::search(whole, number).begin(), whole.end());
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
    EXPECT_EQ(name_text(read->subject()), "");
    ASSERT_EQ(read->extensions().size(), with_extension ? 1U : 0U);
    if (with_extension) {
      EXPECT_TRUE(any.is(read->extensions()[0].oid));
      EXPECT_FALSE(read->extensions()[0].critical);
      EXPECT_EQ(read->extensions()[0].value.size(), 2U);
    }
    EXPECT_FALSE(
        CertificateRequest::parse(signed_by(other, to_be_signed(made)))->is_signed_by_its_key());
  }
}

}  // namespace
}  // namespace merlon::x509
