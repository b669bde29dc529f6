#include "merlon/host/snp/chip_facts.h"

#include <gtest/gtest.h>

#include "merlon/host/snp/testing/fake_device.h"

namespace merlon::host::snp {
namespace {

using testing::FakeDevice;
using testing::FakeMachine;

TEST(ChipFacts, AreTheFirstSocketsIdAndTheReportedVersions) {
  FakeMachine machine;
  machine.chip_ids.assign(128, 7);
  machine.chip_ids[63] = 9;
  machine.platform.reported_tcb = 0xd1'14'00'00'00'00'00'03;
  FakeDevice device(machine);
  const auto facts = read_chip(device);
  ASSERT_TRUE(facts.has_value());
  EXPECT_EQ(facts->id[0], 7U);
  EXPECT_EQ(facts->id[63], 9U);
  EXPECT_EQ(facts->reported_tcb[0], 3U);
  EXPECT_EQ(facts->reported_tcb[7], 0xd1U);
}

TEST(ChipFacts, AreNoneWithoutTheDeviceOrAWholeId) {
  FakeMachine machine;
  machine.has_sev = false;
  FakeDevice none(machine);
  EXPECT_FALSE(read_chip(none).has_value());
  machine.has_sev = true;
  machine.chip_ids.assign(63, 7);
  FakeDevice shorter(machine);
  EXPECT_FALSE(read_chip(shorter).has_value());
  machine.chip_ids.assign(300, 7);
  FakeDevice longer(machine);
  EXPECT_FALSE(read_chip(longer).has_value());
}

}  // namespace
}  // namespace merlon::host::snp
