#include "merlon/x509/certificate.h"

#include <gtest/gtest.h>

#include "merlon/codec/pem.h"
#include "merlon/codec/testing/vectors.h"
#include "merlon/x509/name.h"
#include "merlon/x509/testing/issue.h"

namespace merlon::x509 {
namespace {

using namespace testing;
using codec::testing::vector_file;

const SigningKey& key() {
  static const SigningKey made(crypto::KeyKind::P256);
  return made;
}

TEST(Certificate, FieldsAreRead) {
  CertificateTemplate shape = ca_template("The Root", "The Root");
  shape.path_length = 1;
  const Certificate certificate = issued(shape, key(), key());
  EXPECT_EQ(certificate.common_name(), "The Root");
  EXPECT_EQ(name_text(certificate.issuer()), "CN=The Root");
  EXPECT_TRUE(certificate.is_self_issued());
  EXPECT_TRUE(certificate.may(KeyUsage::KeyCertSign));
  EXPECT_FALSE(certificate.may(KeyUsage::DigitalSignature));
  EXPECT_EQ(certificate.basic_constraints()->path_length, 1U);
  EXPECT_TRUE(certificate.validity().contains(test_now));
  EXPECT_TRUE(verify(certificate.key(), certificate.signature()));
}

TEST(Certificate, CopiesOutliveTheirOriginal) {
  auto original = std::make_unique<Certificate>(issued(ca_template("a", "a"), key(), key()));
  const Certificate copy = *original;
  original.reset();
  EXPECT_EQ(name_text(copy.subject()), "CN=a");
  EXPECT_TRUE(verify(copy.key(), copy.signature()));
}

TEST(Certificate, EveryTruncationAndExtensionIsRefused) {
  Bytes der = issue(ca_template("a", "a"), key().spki(), key());
  for (std::size_t size = 0; size < der.size(); ++size) {
    EXPECT_FALSE(Certificate::parse(core::ByteView(der).first(size)).has_value()) << size;
  }
  der.push_back(0);
  EXPECT_FALSE(Certificate::parse(der).has_value());
}

TEST(Certificate, AnExtensionTwiceIsRefused) {
  CertificateTemplate shape = ca_template("a", "a");
  shape.extensions = {extension(oid::basic_constraints, true, codec::testing::sequence({}))};
  EXPECT_FALSE(Certificate::parse(issue(shape, key().spki(), key())).has_value());
}

TEST(Certificate, UnknownCriticalExtensionsAreNoticed) {
  CertificateTemplate shape;
  shape.extensions = {extension({1, 2, 3, 4}, false, {})};
  EXPECT_FALSE(issued(shape, key(), key()).has_unknown_critical());
  shape.extensions = {extension({1, 2, 3, 4}, true, {})};
  EXPECT_TRUE(issued(shape, key(), key()).has_unknown_critical());
}

TEST(Certificate, APathLengthNeedsACa) {
  CertificateTemplate shape;
  shape.ca = false;
  shape.path_length = 0;
  EXPECT_FALSE(Certificate::parse(issue(shape, key().spki(), key())).has_value());
}

TEST(Certificate, OfTheBoundIsReadAndOneByteMoreIsNot) {
  // A signature of ECDSA has one of a few sizes, so whoever wants a certificate of one size tries.
  const auto of_size = [](std::size_t wanted) {
    std::size_t value = wanted - 400;
    std::vector<std::uint8_t> der;
    for (int tries = 0; tries < 100; ++tries) {
      CertificateTemplate shape;
      shape.extensions = {extension({1, 2, 3, 4}, false, std::vector<std::uint8_t>(value, 7))};
      der = issue(shape, key().spki(), key());
      if (der.size() == wanted) break;
      value = value + wanted - der.size();
    }
    EXPECT_EQ(der.size(), wanted);
    return der;
  };
  const auto largest = Certificate::parse(of_size(max_certificate_size));
  ASSERT_TRUE(largest.has_value()) << largest.error().what;
  EXPECT_TRUE(verify(largest->key(), largest->signature()));
  EXPECT_EQ(Certificate::parse(of_size(max_certificate_size + 1)).error().code,
            core::ErrorCode::Exhausted);
}

TEST(Certificate, LargerThanItsBoundIsRefused) {
  EXPECT_EQ(Certificate::parse(std::vector<std::uint8_t>(max_certificate_size + 1)).error().code,
            core::ErrorCode::Exhausted);
}

TEST(Certificate, GenuineCertificatesOfBothVendors) {
  MERLON_NEEDS_VECTORS();
  for (const char* name : {"virtee-sev/turin.vcek.der", "trustee/milan-vlek.vlek.der",
                           "automata/pck.der", "steward/sgx_root.der"}) {
    const auto certificate = Certificate::parse(vector_file(name));
    ASSERT_TRUE(certificate.has_value()) << name << ": " << certificate.error().what;
    EXPECT_FALSE(certificate->has_unknown_critical());
  }
  for (const char* name : {"amd-chains/ask_ark_milan.pem", "amd-chains/ask_ark_turin_vlek.pem"}) {
    const auto text = vector_file(name);
    const auto blocks = codec::pem_blocks(core::as_text(text));
    ASSERT_EQ(blocks->size(), 2U);
    const auto issuer = Certificate::parse((*blocks)[1].bytes);
    const auto subject = Certificate::parse((*blocks)[0].bytes);
    ASSERT_TRUE(issuer.has_value() && subject.has_value()) << name;
    EXPECT_TRUE(verify(issuer->key(), subject->signature()));
    EXPECT_TRUE(verify(issuer->key(), issuer->signature()));
    EXPECT_FALSE(verify(subject->key(), issuer->signature()));
    EXPECT_EQ(to_string(issuer->signature().algorithm), "RSA-PSS with SHA-384");
  }
}

}  // namespace
}  // namespace merlon::x509
