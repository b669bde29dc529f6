#include "merlon/steward/trust.h"

#include <gtest/gtest.h>

namespace merlon::steward {
namespace {

using evidence::TrustTier;
using evidence::TrustVector;

TEST(Trust, OfGenuineHardwareWithTheRightWorkloadIsAffirming) {
  const TrustVector vector = trust_of({}, true, false);
  EXPECT_EQ(vector.executables, TrustVector::approved_executables);
  EXPECT_EQ(vector.hardware, TrustVector::genuine_hardware);
  EXPECT_EQ(vector.memory, TrustVector::encrypted_memory);
  EXPECT_EQ(status_of(vector), TrustTier::Affirming);
}

TEST(Trust, OfAWorkloadThatNobodyComparedIsAWarning) {
  EXPECT_EQ(status_of(trust_of({}, false, false)), TrustTier::Warning);
}

TEST(Trust, OfKnownWeaknessesIsAWarning) {
  verify::Appraisal open;
  open.advisories = {"AMD-SB-3019"};
  verify::Appraisal outdated;
  outdated.tcb_status = sgx::TcbStatus::OutOfDate;
  for (const verify::Appraisal& each : {open, outdated}) {
    const TrustVector vector = trust_of(each, true, false);
    EXPECT_EQ(vector.hardware, TrustVector::unsafe_hardware);
    EXPECT_EQ(status_of(vector), TrustTier::Warning);
  }
  verify::Appraisal current;
  current.tcb_status = sgx::TcbStatus::UpToDate;
  EXPECT_EQ(status_of(trust_of(current, true, false)), TrustTier::Affirming);
}

TEST(Trust, OfWhatADebuggerReadsIsNone) {
  const TrustVector vector = trust_of({}, true, true);
  EXPECT_EQ(vector.hardware, TrustVector::genuine_hardware);
  EXPECT_EQ(vector.memory, TrustVector::visible_memory);
  EXPECT_EQ(status_of(vector), TrustTier::Contraindicated);
}

TEST(Trust, OfWhatNoVendorsRootStandsForIsNone) {
  verify::Appraisal simulated;
  simulated.simulated = true;
  const TrustVector vector = trust_of(simulated, true, false);
  EXPECT_EQ(vector.hardware, TrustVector::unrecognized_hardware);
  EXPECT_EQ(vector.memory, TrustVector::visible_memory);
  EXPECT_EQ(status_of(vector), TrustTier::Contraindicated);
}

}  // namespace
}  // namespace merlon::steward
