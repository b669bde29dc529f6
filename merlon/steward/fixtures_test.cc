// Genuine requests of Enarx's keeps, from its Steward's own tests, at a time when the vendors'
// documents about their platforms were fresh, and today.

#include <algorithm>

#include <gtest/gtest.h>

#include "merlon/codec/testing/vectors.h"
#include "merlon/evidence/attestation_result.h"
#include "merlon/steward/testing/requests.h"
#include "merlon/x509/certificate.h"

namespace merlon::steward {
namespace {

using codec::testing::vector_file;
using codec::testing::vectors_folder;
using verify::Collateral;
using verify::Moment;

constexpr std::string_view milan_request = "steward/milan.signed.crl.csr";
constexpr std::string_view xeon_request = "steward/icelake.signed.tcb.crl.multi.xeon.csr";

Moment at(std::string_view time) { return Moment::asked_for(codec::parse_rfc3339(time).value()); }

Issuer issuer_at(const Moment& moment) {
  return testing::ca_issuer({moment.now.seconds - 86'400}, {moment.now.seconds + 864'000});
}

Authority steward_with(std::string policy, const Moment& moment) {
  Authority::Settings settings;
  const auto parsed = verify::Policy::parse_any(policy, "policy.toml");
  EXPECT_TRUE(parsed.has_value()) << parsed.error().text();
  settings.policy = *parsed;
  settings.policy_source = std::move(policy);
  auto made = Authority::create(issuer_at(moment), std::move(settings));
  EXPECT_TRUE(made.has_value()) << made.error();
  return *std::move(made);
}

Collateral own_of(std::initializer_list<std::string_view> files) {
  evidence::Endorsements all;
  for (const std::string_view file : files) {
    EXPECT_TRUE(all.add(vector_file(std::string(file))).has_value()) << file;
  }
  return Collateral::prepare(all);
}

/// All of Intel's about that kind of platform in May 2023.
Collateral intels_of_may() {
  return own_of({"teepot/azure/pck_crl.crl", "teepot/azure/pck_crl_issuer_chain.pem",
                 "teepot/azure/qe_identity.json", "teepot/azure/root_ca_crl.crl",
                 "teepot/azure/tcb_info.json", "teepot/azure/tcb_info_issuer_chain.pem"});
}

class Fixtures : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!codec::testing::have_vectors()) GTEST_SKIP() << "no test data of others";
  }
};

constexpr std::string_view milan_policy = R"(technologies = ["snp"]
carried_lists = true
[snp]
author_key_sha384 = ["7dc22240a8344fce6ba5f22ffbedabc52d4123ae0ba1c59796e521b953916b503f223b15c4429e7d8c5489ad71f1e193"]
waivers = [ { advisory = "AMD-SB-3016", until = 2099-12-31 }, { advisory = "AMD-SB-3019", until = 2099-12-31 }, { advisory = "AMD-SB-3020", until = 2099-12-31 }, { advisory = "AMD-SB-3023", until = 2099-12-31 }, { advisory = "AMD-SB-3027", until = 2099-12-31 }, { advisory = "AMD-SB-3030", until = 2099-12-31 } ]
)";

TEST_F(Fixtures, TheMilanKeepGetsACertificateAtItsDate) {
  const Moment then = at("2023-05-01T00:00:00Z");
  const Authority steward = steward_with(std::string(milan_policy), then);
  const Bytes body = vector_file(std::string(milan_request));
  const auto answer =
      steward.certify(RequestForm::Single, body, own_of({"amd-chains/ask_ark_milan.pem"}), then);
  ASSERT_TRUE(answer.has_value()) << answer.error().code << ": " << answer.error().got;
  EXPECT_EQ(answer->issuances[0].technology, evidence::Technology::Snp);
  EXPECT_FALSE(answer->issuances[0].simulator);
  EXPECT_EQ(answer->issuances[0].measurement.size(), 48U);
}

TEST_F(Fixtures, TheMilanKeepIsRefusedTodayWithTheReason) {
  const Moment today = at("2026-11-28T00:00:00Z");
  const Authority steward = steward_with(std::string(milan_policy), today);
  const Bytes body = vector_file(std::string(milan_request));
  const auto answer =
      steward.certify(RequestForm::Single, body, own_of({"amd-chains/ask_ark_milan.pem"}), today);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, "snp.ca-revocation");
  EXPECT_EQ(answer.error().kind, Refusal::Kind::NotNow);
  EXPECT_NE(answer.error().got.find("2023-05-09"), std::string::npos) << answer.error().got;
}

TEST_F(Fixtures, WhatAKeepBringsAlongDoesNotSayThatNothingIsRevoked) {
  const Moment then = at("2023-05-01T00:00:00Z");
  std::string policy(milan_policy);
  policy.replace(policy.find("carried_lists = true"), 20, "carried_lists = false");
  const Bytes body = vector_file(std::string(milan_request));
  const Authority steward = steward_with(policy, then);
  const auto without =
      steward.certify(RequestForm::Single, body, own_of({"amd-chains/ask_ark_milan.pem"}), then);
  ASSERT_FALSE(without.has_value());
  EXPECT_EQ(without.error().code, "snp.ca-revocation");
  const auto with_own =
      steward.certify(RequestForm::Single, body,
                      own_of({"amd-chains/ask_ark_milan.pem", "steward/ark-milan.crl"}), then);
  EXPECT_TRUE(with_own.has_value());
}

// Enarx's own configuration has no floors: firmware with known holes passes there.
TEST_F(Fixtures, TheMilanKeepsFirmwareIsRefusedWhereNobodyWaivesItsHoles) {
  const Moment then = at("2023-05-01T00:00:00Z");
  const Authority steward = steward_with(
      "[snp]\nsigner = "
      "[\"7dc22240a8344fce6ba5f22ffbedabc52d4123ae0ba1c59796e521b953916b503f223b15c4429e7d8c5489ad"
      "71f1e193\"]\n",
      then);
  const Bytes body = vector_file(std::string(milan_request));
  const auto answer =
      steward.certify(RequestForm::Single, body, own_of({"amd-chains/ask_ark_milan.pem"}), then);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, "snp.bulletins");
  EXPECT_EQ(answer.error().kind, Refusal::Kind::Refused);
}

constexpr std::string_view xeon_policy = R"(technologies = ["sgx"]
[dcap]
statuses = ["OutOfDate"]
waivers = [{ advisory = "INTEL-SA-00586", until = 2099-12-31 }, { advisory = "INTEL-SA-00614", until = 2099-12-31 }, { advisory = "INTEL-SA-00615", until = 2099-12-31 }, { advisory = "INTEL-SA-00657", until = 2099-12-31 }, { advisory = "INTEL-SA-00730", until = 2099-12-31 }, { advisory = "INTEL-SA-00738", until = 2099-12-31 }, { advisory = "INTEL-SA-00767", until = 2099-12-31 }]
[sgx]
mr_signer = ["7a49a07df0f8e90a6e1d9a63e3c696d9c844f0e3f8739b21daa640f99facc48a"]
)";

TEST_F(Fixtures, TheXeonKeepGetsACertificateAtItsDate) {
  const Moment then = at("2023-05-20T00:00:00Z");
  const Authority steward = steward_with(std::string(xeon_policy), then);
  const Bytes body = vector_file(std::string(xeon_request));
  const auto answer = steward.certify(RequestForm::Single, body, intels_of_may(), then);
  ASSERT_TRUE(answer.has_value()) << answer.error().code << ": " << answer.error().got;
  EXPECT_EQ(answer->issuances[0].tcb_status, "OutOfDate");
  EXPECT_GT(answer->seen.evaluation_number, 0U);
  const auto path = codec::der_whole(answer->body, codec::DerTag::Sequence);
  codec::DerReader reader(path->content);
  (void)reader.any();
  const auto leaf = x509::Certificate::parse(reader.any()->whole);
  ASSERT_TRUE(leaf.has_value());
  const auto result = evidence::attestation_result_of(*leaf);
  ASSERT_TRUE(result.has_value() && result->has_value());
  EXPECT_EQ((*result)->status, evidence::TrustTier::Warning);
  EXPECT_EQ((*result)->tcb_status, "OutOfDate");
}

/// The same with something else in the place of the TCB info.
Collateral intels_of_may_with(std::string tcb_info) {
  evidence::Endorsements all;
  for (const char* file : {"teepot/azure/pck_crl.crl", "teepot/azure/pck_crl_issuer_chain.pem",
                           "teepot/azure/qe_identity.json", "teepot/azure/root_ca_crl.crl",
                           "teepot/azure/tcb_info_issuer_chain.pem"}) {
    EXPECT_TRUE(all.add(vector_file(file)).has_value()) << file;
  }
  EXPECT_TRUE(all.add(core::as_bytes(tcb_info)).has_value());
  return Collateral::prepare(all);
}

TEST_F(Fixtures, WhatIntelHadSignedIsRememberedOfARefusedRequestToo) {
  const Moment then = at("2023-05-20T00:00:00Z");
  const Bytes body = vector_file(std::string(xeon_request));
  const auto granted = steward_with(std::string(xeon_policy), then)
                           .certify(RequestForm::Single, body, intels_of_may(), then);
  ASSERT_TRUE(granted.has_value());
  ASSERT_EQ(granted->seen.documents.size(), 2U);
  ASSERT_EQ(granted->seen.lists.size(), 2U);
  // Another signer is wanted: all that is Intel's is as genuine as before.
  std::string policy(xeon_policy);
  policy.replace(policy.find("7a49"), 4, "0000");
  const Authority other = steward_with(policy, then);
  const auto refused = other.certify(RequestForm::Single, body, intels_of_may(), then);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "sgx.mr-signer");
  EXPECT_EQ(refused.error().seen, granted->seen);
  // What a request brings along is never remembered.
  EXPECT_EQ(other.certify(RequestForm::Single, body, {}, then).error().seen, verify::Memory{});
}

TEST_F(Fixtures, WhatWasNotItselfVerifiedIsNotRemembered) {
  const Moment then = at("2023-05-20T00:00:00Z");
  const Bytes body = vector_file(std::string(xeon_request));
  const Authority steward = steward_with(std::string(xeon_policy), then);
  const auto granted = steward.certify(RequestForm::Single, body, intels_of_may(), then);
  ASSERT_TRUE(granted.has_value());
  // A document that claims to be of next year, under a signature that is not about it.
  const Bytes genuine = vector_file("teepot/azure/tcb_info.json");
  std::string forged(core::as_text(genuine));
  const std::string_view member = "\"tcbEvaluationDataNumber\":";
  ASSERT_NE(forged.find(member), std::string::npos);
  forged.insert(forged.find(member) + member.size(), "9");
  const auto refused = steward.certify(RequestForm::Single, body, intels_of_may_with(forged), then);
  ASSERT_FALSE(refused.has_value());
  const verify::Memory& seen = refused.error().seen;
  EXPECT_LE(seen.evaluation_number, granted->seen.evaluation_number);
  EXPECT_EQ(seen.documents.size(), 1U);  // the identity, which is genuine
  EXPECT_EQ(seen.lists, granted->seen.lists);
  // A list that is over did not have the signer, and what he signed is as genuine as before.
  const Moment later = at("2024-11-28T00:00:00Z");
  const auto stale = steward_with(std::string(xeon_policy), later)
                         .certify(RequestForm::Single, body, intels_of_may(), later);
  ASSERT_FALSE(stale.has_value());
  EXPECT_EQ(stale.error().seen.documents, granted->seen.documents);
  EXPECT_TRUE(stale.error().seen.lists.empty());
  // Without any list nobody says that the signer is not revoked.
  const auto listless =
      steward.certify(RequestForm::Single, body,
                      own_of({"teepot/azure/pck_crl.crl", "teepot/azure/pck_crl_issuer_chain.pem",
                              "teepot/azure/qe_identity.json", "teepot/azure/tcb_info.json",
                              "teepot/azure/tcb_info_issuer_chain.pem"}),
                      then);
  ASSERT_FALSE(listless.has_value());
  EXPECT_EQ(listless.error().seen, verify::Memory{});
}

TEST_F(Fixtures, TheXeonKeepIsRefusedForWhatItsOwnStewardNeverLookedAt) {
  // In February its lists and TCB info are fresh, and nobody brings the quoting enclave's identity.
  const Moment february = at("2023-02-01T00:00:00Z");
  std::string policy(xeon_policy);
  policy.insert(0, "carried_lists = true\n");
  const Bytes body = vector_file(std::string(xeon_request));
  const auto answer =
      steward_with(policy, february).certify(RequestForm::Single, body, {}, february);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, "dcap.qe-identity");
  EXPECT_EQ(answer.error().kind, Refusal::Kind::NotNow);
}

TEST_F(Fixtures, TheXeonKeepIsRefusedTodayWithTheReason) {
  const Moment today = at("2026-11-28T00:00:00Z");
  const Authority steward = steward_with(std::string(xeon_policy), today);
  const Bytes body = vector_file(std::string(xeon_request));
  const auto answer = steward.certify(RequestForm::Single, body, intels_of_may(), today);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().kind, Refusal::Kind::NotNow);
  EXPECT_EQ(answer.error().code, "dcap.pck-ca-revocation");
  EXPECT_NE(answer.error().got.find("2023"), std::string::npos) << answer.error().got;
}

TEST_F(Fixtures, AnotherSignerThanTheConfigurationNamesIsRefused) {
  const Moment then = at("2023-05-20T00:00:00Z");
  const Authority steward = steward_with(
      "[sgx]\nsigner = "
      "[\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"]\n",
      then);
  const Bytes body = vector_file(std::string(xeon_request));
  const auto answer = steward.certify(RequestForm::Single, body, {}, then);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, "sgx.mr-signer");
  EXPECT_EQ(answer.error().kind, Refusal::Kind::Refused);
}

// Configurations of Enarx's own tests: each is refused, and the check that Enarx means is among
// those that fail. Another may be named first: Enarx has no floors for firmware.
struct Configured {
  std::string_view name;
  std::string_view request;
  std::string_view config;
  verify::Check refused;
};

constexpr std::string_view sgx_signer =
    "7a49a07df0f8e90a6e1d9a63e3c696d9c844f0e3f8739b21daa640f99facc48a";
constexpr std::string_view snp_author =
    "7dc22240a8344fce6ba5f22ffbedabc52d4123ae0ba1c59796e521b953916b503f223b15c4429e7d8c5489ad71f1e1"
    "93";
constexpr std::string_view snp_id_key =
    "d71a4d1da440d515cd69fbb1314acf4221726e82768a8bf6e4a4063ed542ac78349c8145b4666a4242a91a374387b4"
    "73";

TEST_F(Fixtures, EveryConfigurationThatEnarxRefusesIsRefused) {
  using verify::Check;
  const std::array cases{
      Configured{"version", xeon_request,
                 "[sgx]\nsigner = [\"SGX\"]\nenclave_security_version = 9999\n", Check::SgxSvn},
      Configured{"product", xeon_request, "[sgx]\nsigner = [\"SGX\"]\nenclave_product_id = 77\n",
                 Check::SgxProduct},
      Configured{"advisories", xeon_request,
                 "[sgx]\nsigner = [\"SGX\"]\nallowed_advisories = [\"bogus-1234\"]\n",
                 Check::Advisories},
      Configured{
          "author key", milan_request,
          "[snp]\npolicy_flags = [\"SingleSocket\", \"Debug\"]\nsigner = "
          "[\"e368c18e60842db9325778532dd81594d732078bf01aa91686be40333da639e08733b910bd057bdda5"
          "0d715968b075ce\"]\n",
          Check::SnpAuthorKey},
      Configured{"ABI", milan_request, "[snp]\nsigner = [\"SNP\"]\nabi = \">254.0\"\n",
                 Check::SnpAbi},
      Configured{"id key", milan_request,
                 "[snp]\nsigner = [\"SNP\"]\nid_key_digest_blacklist = [\"ID\"]\n",
                 Check::SnpIdKey},
  };
  for (const Configured& each : cases) {
    std::string config(each.config);
    for (const auto& [mark, value] :
         {std::pair{"SGX\"", sgx_signer}, std::pair{"SNP\"", snp_author},
          std::pair{"ID\"", snp_id_key}}) {
      const std::size_t found = config.find(std::string("\"") + mark);
      if (found != std::string::npos)
        config.replace(found + 1, std::string_view(mark).size() - 1, value);
    }
    const bool sgx = each.request == xeon_request;
    const Moment then = at(sgx ? "2023-05-20T00:00:00Z" : "2023-05-01T00:00:00Z");
    const Collateral own = sgx ? intels_of_may() : own_of({"amd-chains/ask_ark_milan.pem"});
    const Bytes body = vector_file(std::string(each.request));
    const Authority steward = steward_with(config, then);
    EXPECT_FALSE(steward.certify(RequestForm::Single, body, own, then).has_value()) << each.name;
    const auto evidence = evidence::Evidence::parse(body);
    const auto refusals = verify::appraise(*evidence, own.with_carried(evidence->endorsements),
                                           steward.settings().policy, then)
                              .refusals();
    EXPECT_NE(std::ranges::find(refusals, each.refused), refusals.end()) << each.name;
  }
}

}  // namespace
}  // namespace merlon::steward
