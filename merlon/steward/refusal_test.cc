#include "merlon/steward/refusal.h"

#include <gtest/gtest.h>

namespace merlon::steward {
namespace {

using verify::Appraisal;
using verify::Cause;
using verify::Check;
using verify::Finding;
using Kind = Refusal::Kind;

constexpr std::size_t place = 3;  // of the request

Finding passed(Check check) { return {check, true, true, "w", "g"}; }
Finding failed(Check check, Cause cause = Cause::Other) {
  return {check, false, true, "w", "g", cause};
}
Finding not_made(Check check) { return {check, false, false, "w", "g"}; }

Refusal of(std::vector<Finding> findings) {
  Appraisal appraisal;
  appraisal.findings = std::move(findings);
  return refuse(appraisal, place);
}

TEST(Refusal, IsTheFirstCheckThatSaysNo) {
  const Refusal refusal =
      of({passed(Check::Technology), failed(Check::TcbStatus), failed(Check::SgxDebug)});
  EXPECT_EQ(refusal.code, "dcap.tcb-status");
  EXPECT_EQ(refusal.kind, Kind::Refused);
  EXPECT_EQ(refusal.wanted, "w");
  EXPECT_EQ(refusal.got, "g");
  EXPECT_EQ(refusal.request, place);
}

TEST(Refusal, WaitsForWhatAVendorWouldGive) {
  for (const Cause cause : {Cause::MissingEndorsement, Cause::StaleEndorsement}) {
    // What hangs on endorsements may be right with the next ones.
    const Refusal refusal = of({failed(Check::TcbStatus), failed(Check::TcbInfoFound, cause)});
    EXPECT_EQ(refusal.code, "dcap.tcb-info");
    EXPECT_EQ(refusal.kind, Kind::NotNow);
  }
}

TEST(Refusal, DoesNotWaitWhereNoEndorsementWouldHelp) {
  for (const Check check :
       {Check::Technology, Check::ReportData, Check::KeyProof, Check::SgxDebug, Check::SgxKss,
        Check::TdxDebug, Check::MrServiceTd, Check::SnpVmpl, Check::SnpMeasurement}) {
    const Refusal refusal =
        of({failed(Check::PckRevocation, Cause::MissingEndorsement), failed(check)});
    EXPECT_EQ(refusal.code, row_of(check).name);
    EXPECT_EQ(refusal.kind, Kind::Refused);
  }
  // One that was not made says nothing.
  const Refusal refusal =
      of({not_made(Check::SgxDebug), failed(Check::PckRevocation, Cause::MissingEndorsement)});
  EXPECT_EQ(refusal.kind, Kind::NotNow);
}

TEST(Refusal, OfWhatCouldNotBeJudgedIsARefusal) {
  const Refusal refusal = of({passed(Check::Technology), not_made(Check::TcbLevel)});
  EXPECT_EQ(refusal.code, "dcap.tcb-level");
  EXPECT_EQ(refusal.kind, Kind::Refused);
}

TEST(Refusal, IsCertainWhereNoEndorsementWouldHelp) {
  Appraisal appraisal;
  appraisal.findings = {failed(Check::SnpSignature), not_made(Check::SnpMeasurement)};
  EXPECT_FALSE(is_certain(appraisal));
  appraisal.findings.push_back(failed(Check::SnpMeasurement));
  EXPECT_TRUE(is_certain(appraisal));
}

TEST(Refusal, WithoutAReasonIsADefectOfOurs) {
  EXPECT_EQ(of({}).kind, Kind::Internal);
  EXPECT_EQ(of({passed(Check::Technology)}).kind, Kind::Internal);
}

TEST(Refusal, TextsAreBoundedAndHarmlessForATerminal) {
  const Refusal refusal = refuse(Reason::Form, std::string(5000, 'x') + "\x1b[2J", 1);
  EXPECT_LT(refusal.got.size(), 1100U);
  EXPECT_EQ(refuse(Reason::Form, "\x1b[2J").got.find('\x1b'), std::string::npos);
  Appraisal appraisal;
  appraisal.findings.push_back({Check::SgxDebug, false, true, "\x1b", std::string(5000, 'y')});
  EXPECT_LT(refuse(appraisal, 0).got.size(), 1100U);
  EXPECT_EQ(refuse(appraisal, 0).wanted.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace merlon::steward
