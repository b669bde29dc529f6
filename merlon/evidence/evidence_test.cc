#include "merlon/evidence/evidence.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/pem.h"
#include "merlon/codec/testing/vectors.h"
#include "merlon/x509/testing/issue.h"

namespace merlon::evidence {
namespace {

using namespace x509::testing;

Bytes blank_report() {
  Bytes bytes(snp::Report::size, 0);
  bytes[0] = 2;
  bytes[0x0A] = 2;
  return bytes;
}

TEST(Evidence, AReportInEveryWrapping) {
  const Bytes report = blank_report();
  for (const std::string& text :
       {base::hex(report), "0x" + base::hex(report), codec::encode_base64(report),
        "\n" + codec::encode_base64(report) + "\n"}) {
    const auto evidence = Evidence::parse(core::as_bytes(text));
    ASSERT_TRUE(evidence.has_value()) << evidence.error().what;
    EXPECT_EQ(evidence->technology(), Technology::Snp);
  }
  EXPECT_EQ(Evidence::parse(report)->format, "SEV-SNP report");
}

TEST(Evidence, ACertificateTableComesAlong) {
  const SigningKey key(crypto::KeyKind::P384);
  const Bytes certificate = issue(ca_template("a", "a"), key.spki(), key);
  Bytes bytes = blank_report();
  constexpr std::array<std::uint8_t, 16> ask{0x79, 0xB3, 0xB7, 0x4A, 0xAC, 0xBB, 0xE4, 0x4F,
                                             0xA0, 0x2F, 0x05, 0xAE, 0xF3, 0x27, 0xC7, 0x82};
  bytes.insert(bytes.end(), ask.begin(), ask.end());
  bytes.insert(bytes.end(), {48, 0, 0, 0, static_cast<std::uint8_t>(certificate.size()),
                             static_cast<std::uint8_t>(certificate.size() >> 8U), 0, 0});
  bytes.resize(bytes.size() + 24);
  bytes.insert(bytes.end(), certificate.begin(), certificate.end());
  const auto evidence = Evidence::parse(bytes);
  ASSERT_TRUE(evidence.has_value()) << evidence.error().what;
  EXPECT_EQ(evidence->endorsements.certificates.at(0), certificate);
  bytes.resize(snp::Report::size + 10);
  EXPECT_FALSE(Evidence::parse(bytes).has_value());
}

TEST(Evidence, AKvmKeepProvesNothing) {
  const SigningKey key(crypto::KeyKind::P256);
  const auto request = issue_request(
      {{extension({1, 3, 6, 1, 4, 1, 58270, 1, 1}, false, codec::testing::octets({}))}}, key);
  const auto evidence = Evidence::parse(request);
  ASSERT_TRUE(evidence.has_value()) << evidence.error().what;
  EXPECT_EQ(evidence->technology(), Technology::Kvm);
  EXPECT_TRUE(evidence->key->proven);
  const std::string pem = codec::to_pem("CERTIFICATE REQUEST", request);
  EXPECT_EQ(Evidence::parse(core::as_bytes(pem))->technology(), Technology::Kvm);
}

TEST(Evidence, RequestsWithAnythingElseAreRefused) {
  const SigningKey key(crypto::KeyKind::P256);
  const auto one = extension({1, 3, 6, 1, 4, 1, 58270, 1, 1}, false, codec::testing::octets({}));
  const auto other = extension({1, 2, 3}, false, {});
  EXPECT_FALSE(Evidence::parse(issue_request({{one, other}}, key)).has_value());
  EXPECT_FALSE(Evidence::parse(issue_request({{other}}, key)).has_value());
  EXPECT_FALSE(Evidence::parse(issue_request({{}}, key)).has_value());
  EXPECT_FALSE(Evidence::parse(issue_request({{extension({1, 3, 6, 1, 4, 1, 58270, 1, 1}, true,
                                                         codec::testing::octets({}))}},
                                             key))
                   .has_value());
  EXPECT_FALSE(Evidence::parse(issue_request({{extension({1, 3, 6, 1, 4, 1, 58270, 1, 1}, false,
                                                         codec::testing::octets({1}))}},
                                             key))
                   .has_value());
}

TEST(Evidence, WhatComesAlongIsBounded) {
  using codec::testing::octets;
  using codec::testing::sequence;
  const SigningKey key(crypto::KeyKind::P384);
  const auto with = [&](std::uint8_t count, bool distinct) {
    const Bytes url = codec::testing::der(codec::DerTag::Utf8String, {});
    Bytes lists;
    for (std::uint8_t i = 0; i < count; ++i) {  // whatever they hold
      const Bytes entry = sequence({url, sequence({octets({distinct ? i : std::uint8_t{7}})})});
      lists.insert(lists.end(), entry.begin(), entry.end());
    }
    const Bytes body =
        sequence({sequence({sequence({}), sequence({sequence({lists})})}), octets(blank_report())});
    return Evidence::parse(
        issue_request({{extension({1, 3, 6, 1, 4, 1, 58270, 1, 3}, false, body)}}, key));
  };
  EXPECT_TRUE(with(max_carried - 1, true).has_value());  // and the VCEK
  EXPECT_EQ(with(max_carried, true).error().code, core::ErrorCode::Exhausted);
  EXPECT_TRUE(with(max_carried, false).has_value());
  EXPECT_EQ(with(max_carried + 1, false).error().code, core::ErrorCode::Exhausted);
}

TEST(Evidence, WhatIsNoneIsRefused) {
  for (const char* text :
       {"", " \n", "words", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", "00",
        "MDA=", "\x7f"}) {
    EXPECT_FALSE(Evidence::parse(core::as_bytes(text)).has_value()) << text;
  }
  EXPECT_EQ(Evidence::parse(core::as_bytes("HCLA\x01")).error().code, core::ErrorCode::Unsupported);
  EXPECT_EQ(Evidence::parse(Bytes(max_evidence_size + 1)).error().code, core::ErrorCode::Exhausted);
}

TEST(Evidence, GenuineRequests) {
  MERLON_NEEDS_VECTORS();
  using codec::testing::vector_file;
  const auto sgx = Evidence::parse(vector_file("steward/icelake.signed.tcb.crl.multi.xeon.csr"));
  ASSERT_TRUE(sgx.has_value()) << sgx.error().what;
  EXPECT_EQ(sgx->technology(), Technology::Sgx);
  EXPECT_EQ(sgx->endorsements.revocation_lists.size(), 3U);
  EXPECT_EQ(sgx->endorsements.certificates.size(), 2U);
  EXPECT_EQ(sgx->endorsements.documents.size(), 1U);
  const auto snp = Evidence::parse(vector_file("steward/milan.signed.crl.csr"));
  ASSERT_TRUE(snp.has_value()) << snp.error().what;
  EXPECT_EQ(snp->technology(), Technology::Snp);
  EXPECT_EQ(snp->endorsements.revocation_lists.size(), 2U);
  EXPECT_EQ(Evidence::parse(vector_file("phala/tdx_quote.dat"))->technology(), Technology::Tdx);
}

}  // namespace
}  // namespace merlon::evidence
