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

/// "words" as other programs lay them out: groups of `group` characters, `groups` of these a line.
std::string in_lines(std::string_view text, std::size_t group, std::size_t groups,
                     std::string_view line_end) {
  std::string laid;
  for (std::size_t i = 0; i < text.size(); i += group) {
    if (i > 0) laid += i / group % groups == 0 ? line_end : std::string_view(" ");
    laid += text.substr(i, group);
  }
  return laid + std::string(line_end);
}

TEST(Evidence, HexadecimalInLinesAndGroups) {
  const Bytes report = blank_report();
  const std::string digits = base::hex(report);
  for (const std::string& text :
       {in_lines(digits, 60, 1, "\n"), in_lines(digits, 2, 16, "\n "), "0x" + digits + "\r\n",
        in_lines(digits, 4, 8, "\r\n"), "\xEF\xBB\xBF" + digits, "\xEF\xBB\xBF\n0x" + digits,
        "\xEF\xBB\xBF" + codec::encode_base64(report),
        in_lines(codec::encode_base64(report), 76, 1, "\n")}) {
    const auto evidence = Evidence::parse(core::as_bytes(text));
    ASSERT_TRUE(evidence.has_value()) << evidence.error().what << text.substr(0, 40);
    EXPECT_EQ(evidence->technology(), Technology::Snp);
  }
  for (const std::string& text :
       {digits.substr(1), "0x0x" + digits, digits + "-", "\xEF\xBB\xBF\xEF\xBB\xBF" + digits,
        "\xEF\xBB\xBF" + std::string(core::as_text(report)), std::string("\xEF\xBB\xBF")}) {
    EXPECT_FALSE(Evidence::parse(core::as_bytes(text)).has_value()) << text.substr(0, 40);
  }
}

TEST(Evidence, ADumpMustBeWhole) {
  const auto refused = Evidence::parse(core::as_bytes(" 02 00\n*\n 00 00\n"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_TRUE(refused.error().message().starts_with("not evidence: a dump in which lines are"));
}

std::string refusal(std::string_view text) {
  const auto evidence = Evidence::parse(core::as_bytes(text));
  return evidence ? "accepted" : evidence.error().what;
}
std::string refusal(const Bytes& bytes) { return refusal(core::as_text(bytes)); }

TEST(Evidence, PemUnderEachLabelThatToolsWrite) {
  const Bytes report = blank_report();
  for (const char* label :
       {"QUOTE", "SGX QUOTE", "TDX QUOTE", "SNP REPORT", "SEV-SNP REPORT", "ATTESTATION REPORT",
        "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"}) {
    const std::string pem = codec::to_pem(label, report);
    for (const std::string& text : {pem, "what it is\n" + pem, "\xEF\xBB\xBF" + pem,
                                    codec::to_pem("CERTIFICATE", {}) + pem}) {
      const auto evidence = Evidence::parse(core::as_bytes(text));
      ASSERT_TRUE(evidence.has_value()) << label << ": " << evidence.error().what;
      EXPECT_EQ(evidence->technology(), Technology::Snp);
    }
  }
  EXPECT_EQ(refusal(codec::to_pem("QUOTE", {})), "there is nothing in it");
  EXPECT_NE(refusal(codec::to_pem("QUOTE", codec::testing::octets({}))), "accepted");
  const std::string one = codec::to_pem("SNP REPORT", report);
  EXPECT_EQ(refusal(one + codec::to_pem("QUOTE", {})),
            "PEM of more than one piece of evidence: each is judged by itself");
  EXPECT_EQ(refusal(one.substr(0, one.size() - 10)), "a PEM block that does not end");
}

TEST(Evidence, PemOfSomethingElseIsRefusedByItsLabel) {
  const std::string certificate = codec::to_pem("CERTIFICATE", blank_report());
  EXPECT_TRUE(refusal(certificate).starts_with("PEM of a certificate: "));
  EXPECT_TRUE(refusal(codec::to_pem("X509 CRL", {})).starts_with("PEM of a revocation list: "));
  for (const std::string& key :
       {codec::to_pem("PRIVATE KEY", {}), codec::to_pem("EC PRIVATE KEY", {}),
        certificate + codec::to_pem("ENCRYPTED PRIVATE KEY", {}),
        std::string("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n")}) {
    EXPECT_TRUE(refusal(key).starts_with("PEM of a private key: ")) << key;
  }
  for (const char* label : {"PUBLIC KEY", "REPORT", "quote", "QUOTE ", ""}) {
    EXPECT_TRUE(refusal(codec::to_pem(label, blank_report())).starts_with("PEM without evidence: "))
        << label;
  }
}

TEST(Evidence, WhatVouchesForEvidenceIsSaidToBeNone) {
  using codec::testing::sequence;
  const SigningKey key(crypto::KeyKind::P384);
  const Bytes certificate = issue(ca_template("a", "a"), key.spki(), key);
  const Bytes path = sequence({certificate, certificate});
  const Bytes list = issue_crl({}, key);
  for (const Bytes& bytes : {certificate, path, Bytes(path.begin(), path.begin() + 40)}) {
    for (const std::string& what : {refusal(bytes), refusal(codec::encode_base64(bytes))}) {
      EXPECT_TRUE(what.starts_with("a certificate: it vouches for evidence but is none")) << what;
    }
    EXPECT_TRUE(is_shaped_as_endorsement(bytes));
  }
  EXPECT_TRUE(refusal(list).starts_with("a revocation list: it vouches"));
  EXPECT_TRUE(refusal(base::hex(list)).starts_with("a revocation list: it vouches"));
  EXPECT_TRUE(is_shaped_as_endorsement(list));
  for (const char* text : {"{\"tcbInfo\":{}}", " {\"a\":1,\n\"qe_identity\": \"\"", "{\"tcb_info\"",
                           "\xEF\xBB\xBF{\"enclaveIdentity\""}) {
    EXPECT_TRUE(refusal(text).starts_with("a document of Intel's: it vouches")) << text;
    EXPECT_TRUE(is_shaped_as_endorsement(core::as_bytes(text)));
  }
  EXPECT_TRUE(is_shaped_as_endorsement(core::as_bytes("-----BEGIN CERTIFICATE-----\nAA")));
}

TEST(Evidence, WhatIsNeitherIsNotSaidToVouch) {
  const SigningKey key(crypto::KeyKind::P256);
  const Bytes request = issue_request({{}}, key);
  EXPECT_EQ(refusal(request).find("vouches"), std::string::npos);
  for (const Bytes& bytes :
       {request, Bytes(request.begin(), request.begin() + 60), blank_report(), Bytes{0x30}, Bytes{},
        Bytes{0x30, 0x80, 0x30}, Bytes{0x30, 0xFF, 0x30, 0xA0}, Bytes{0x30, 2, 0x30}}) {
    EXPECT_FALSE(is_shaped_as_endorsement(bytes)) << base::hex(bytes);
    EXPECT_EQ(refusal(bytes).find("vouches"), std::string::npos);
  }
  EXPECT_EQ(refusal("{\"certificate\":\"-----BEGIN CERTIFICATE-----\"}"),
            "not evidence: JSON in which no member is called as services call a quote or report");
}

TEST(Evidence, WhatIsCutOffSaysWhatItShouldHaveBeen) {
  Bytes report = blank_report();
  report.push_back('\n');
  EXPECT_EQ(refusal(report), "behind a report stands something that is no certificate table");
  report.resize(1000);
  EXPECT_EQ(refusal(report), "shorter than a report of 1184 bytes");
  EXPECT_EQ(Evidence::parse(report).error().detail, 1000U);
  EXPECT_EQ(refusal(Bytes{3, 0, 2, 0, 0, 0}),
            "a quote ends before its header does, by so many bytes");
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
  constexpr codec::Oid kvm{1, 3, 6, 1, 4, 1, 58270, 1, 1};
  EXPECT_EQ(Evidence::parse(issue_request({{extension(kvm, false, {})}}, key))->technology(),
            Technology::Kvm);
  EXPECT_FALSE(Evidence::parse(issue_request({{extension(kvm, false, {1})}}, key)).has_value());
  const auto request = issue_request({{extension(kvm, false, codec::testing::octets({}))}}, key);
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
  EXPECT_EQ(Evidence::parse(core::as_bytes("HCLA\x01")).error().code, core::ErrorCode::Malformed);
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
