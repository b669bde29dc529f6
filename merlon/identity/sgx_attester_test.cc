#include "merlon/identity/sgx_attester.h"

#include <gtest/gtest.h>

#include "merlon/identity/testing/quoting_machine.h"

namespace merlon::identity {
namespace {

using core::AttestKind;
using core::ErrorCode;
using testing::Bytes;
using testing::QuotingMachine;

evidence::ReportData data(std::uint8_t with) {
  return evidence::ReportData::from(Bytes(64, with)).value();
}

class SgxAttesterTest : public ::testing::Test {
 protected:
  /// The answer to `kind` with one byte changed.
  void spoil(AttestKind kind, std::size_t at) {
    machine_.lies[kind] = [at](Bytes answer) {
      answer.at(at) ^= 1U;
      return core::Result<Bytes>(std::move(answer));
    };
  }
  void cut(AttestKind kind) {
    machine_.lies[kind] = [](Bytes answer) {
      answer.pop_back();
      return core::Result<Bytes>(std::move(answer));
    };
  }
  void refuse(AttestKind kind, ErrorCode code) {
    machine_.lies[kind] = [code](const Bytes& /*answer*/) {
      return core::Result<Bytes>(core::error(code, "no"));
    };
  }

  QuotingMachine machine_;
  SgxAttester attester_{machine_};
};

TEST_F(SgxAttesterTest, GivesAQuoteOfWhatTheProcessorSaid) {
  EXPECT_EQ(attester_.technology(), evidence::Technology::Sgx);
  const auto quote = attester_.evidence_for(data(7));
  ASSERT_TRUE(quote.has_value()) << quote.error().message();
  const auto body = sgx::ReportBody::parse(sgx::Quote::parse(*quote)->body).value();
  EXPECT_EQ(body.report_data.view()[63], 7);
  EXPECT_EQ(attester_.measurement_of(*quote).value(), Bytes(32, 0x3e));
  EXPECT_EQ(machine_.asked,
            (std::vector{AttestKind::QuoteTarget, AttestKind::Report, AttestKind::Quote}));
  EXPECT_EQ(machine_.targets.at(0), machine_.target);
}

TEST_F(SgxAttesterTest, TakesNoReportNorQuoteThatWasNotAskedFor) {
  constexpr std::size_t report_data_at = 0x140, quote_header = 48;
  spoil(AttestKind::Report, report_data_at + 63);
  EXPECT_EQ(attester_.evidence_for(data(7)).error().code, ErrorCode::Denied);
  machine_.lies.clear();
  // Of another enclave, of other data, of other versions: each byte of the body counts that may
  // be another at all.
  for (const std::size_t at : {std::size_t{0x40}, report_data_at, std::size_t{0}}) {
    spoil(AttestKind::Quote, quote_header + at);
    EXPECT_EQ(attester_.evidence_for(data(7)).error().code, ErrorCode::Denied) << at;
  }
}

TEST_F(SgxAttesterTest, TakesNothingThatIsNone) {
  for (const AttestKind kind : {AttestKind::QuoteTarget, AttestKind::Report}) {
    machine_.lies.clear();
    cut(kind);
    EXPECT_EQ(attester_.evidence_for(data(1)).error().code, ErrorCode::Malformed);
  }
  machine_.lies.clear();
  spoil(AttestKind::Quote, 0);
  EXPECT_EQ(attester_.evidence_for(data(1)).error().code, ErrorCode::Unsupported)
      << "another version";
  EXPECT_FALSE(attester_.measurement_of(Bytes(100, 0)).has_value());
}

TEST_F(SgxAttesterTest, SaysWhyThereIsNoEvidence) {
  for (const AttestKind kind : {AttestKind::QuoteTarget, AttestKind::Report, AttestKind::Quote}) {
    for (const ErrorCode code : {ErrorCode::Unavailable, ErrorCode::Unsupported}) {
      machine_.lies.clear();
      refuse(kind, code);
      EXPECT_EQ(attester_.evidence_for(data(1)).error().code, code);
    }
  }
}

TEST_F(SgxAttesterTest, VersionsAreThoseOfAReportForNobody) {
  const auto versions = attester_.newest_key_versions();
  ASSERT_TRUE(versions.has_value());
  EXPECT_EQ(versions->svn, 7U);
  EXPECT_TRUE(std::ranges::equal(versions->tcb.view(), Bytes(16, 5)));
  EXPECT_EQ(versions->fields, SgxAttester::key_fields);
  EXPECT_EQ(machine_.targets.at(0), sgx::TargetInfo{});
  EXPECT_EQ(machine_.asked, std::vector{AttestKind::Report}) << "nothing for the host";
}

TEST_F(SgxAttesterTest, AKeyIsOfTheMeasurementAndAllAttributes) {
  const KeyVersions versions = attester_.newest_key_versions().value();
  const auto key = attester_.platform_key(versions);
  ASSERT_TRUE(key.has_value());
  Bytes both(16, 1);
  testing::append(both, Bytes(16, 2));
  EXPECT_TRUE(std::ranges::equal(key->reveal(), both));
  ASSERT_EQ(machine_.keys.size(), 2U);
  for (const sgx::KeyRequest& asked : machine_.keys) {
    EXPECT_EQ(asked.name, sgx::KeyName::Seal);
    EXPECT_EQ(asked.policy, static_cast<std::uint16_t>(sgx::KeyPolicy::OfEnclave));
    EXPECT_EQ(asked.svn, 7);
    EXPECT_TRUE(std::ranges::equal(asked.cpu_svn.view(), Bytes(16, 5)));
    EXPECT_EQ(asked.flags_mask, ~std::uint64_t{0}) << "a debug keep has another key";
    EXPECT_EQ(asked.xfrm_mask, ~std::uint64_t{0});
    EXPECT_EQ(asked.misc_mask, ~std::uint32_t{0});
  }
  EXPECT_NE(machine_.keys[0].key_id, machine_.keys[1].key_id);
}

TEST_F(SgxAttesterTest, ASeedIsForNothingElse) {
  ASSERT_TRUE(attester_.platform_key(attester_.newest_key_versions().value()).has_value());
  ASSERT_TRUE(attester_.seed().has_value());
  ASSERT_EQ(machine_.keys.size(), 4U);
  EXPECT_NE(machine_.keys[0].key_id, machine_.keys[2].key_id);
  EXPECT_NE(machine_.keys[1].key_id, machine_.keys[3].key_id);
}

TEST_F(SgxAttesterTest, KeysOfOtherFieldsOrVersionsAreRefused) {
  KeyVersions versions = attester_.newest_key_versions().value();
  versions.fields = 2;
  EXPECT_EQ(attester_.platform_key(versions).error().code, ErrorCode::Unsupported);
  versions.fields = SgxAttester::key_fields;
  versions.svn = 0x1'0000;
  EXPECT_EQ(attester_.platform_key(versions).error().code, ErrorCode::Denied);
  EXPECT_TRUE(machine_.keys.empty()) << "nobody was asked";
  versions.svn = 0xffff;
  EXPECT_TRUE(attester_.platform_key(versions).has_value());
}

TEST_F(SgxAttesterTest, HalfAKeyIsNone) {
  const KeyVersions versions = attester_.newest_key_versions().value();
  cut(AttestKind::Key);
  EXPECT_EQ(attester_.platform_key(versions).error().code, ErrorCode::Malformed);
  machine_.lies[AttestKind::Key] = [](Bytes answer) {
    return answer[0] == 2 ? core::Result<Bytes>(core::error(ErrorCode::Denied, "no"))
                          : core::Result<Bytes>(std::move(answer));
  };
  EXPECT_EQ(attester_.platform_key(versions).error().code, ErrorCode::Denied);
}

TEST_F(SgxAttesterTest, CertificatesAreTheHosts) {
  machine_.collateral = {1, 2, 3};
  EXPECT_EQ(attester_.certificates(), (Bytes{1, 2, 3}));
  refuse(AttestKind::Collateral, ErrorCode::Unsupported);
  EXPECT_TRUE(attester_.certificates().empty());
}

}  // namespace
}  // namespace merlon::identity
