#include "merlon/host/snp/trouble.h"

#include <set>

#include <gtest/gtest.h>

namespace merlon::host::snp {
namespace {

TEST(SnpTrouble, EveryStepAndCauseHasItsOwnName) {
  std::set<std::string> names;
  for (std::size_t step = 0; step < step_count; ++step) {
    for (std::uint8_t cause = 0; cause < 6; ++cause) {
      names.insert(
          Trouble{static_cast<Step>(step), static_cast<Cause>(cause), os::Errno::Io, 7}.name());
    }
  }
  EXPECT_EQ(names.size(), step_count * 6);
  EXPECT_EQ(name_of(Step::OpenKvm), "open-kvm");
  EXPECT_EQ(name_of(Step::SetPrivate), "set-private");
  EXPECT_EQ(name_of(Step::LaunchUpdateCpuid), "launch-update-cpuid");
  EXPECT_EQ(name_of(Step::Run), "run");
}

TEST(SnpTrouble, TellsWhatTheFirmwareSaid) {
  Trouble trouble{Step::LaunchFinish, Cause::Firmware, os::Errno::Io, 0xb};
  EXPECT_EQ(trouble.name(), "launch-finish: firmware: bad measurement (0xb)");
  trouble.firmware = 0x27;
  EXPECT_EQ(trouble.name(), "launch-finish: firmware: invalid key (0x27)");
  trouble.firmware = 0x1234'5678;
  EXPECT_EQ(trouble.name(), "launch-finish: firmware: status (0x12345678)");
  EXPECT_EQ(firmware_status_name(0), "success");
  EXPECT_EQ(firmware_status_name(0x20), "RMP must be initialized");
  EXPECT_EQ(firmware_status_name(0x28), "");
}

}  // namespace
}  // namespace merlon::host::snp
