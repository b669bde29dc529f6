#include "merlon/host/machine_process.h"

#include <array>
#include <cstdint>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "merlon/launch/channel.h"
#include "merlon/launch/readiness.h"
#include "merlon/os/channel.h"
#include "merlon/os/testing/child.h"
#include "merlon/sallyport/call.h"

namespace merlon::host {
namespace {

constexpr int keep_failed = launch::number(launch::ExitStatus::KeepFailed);

/// Who launched it has changed his mind, which is nothing to tell; anything else is.
TEST(MachineProcess, SaysWhyALaunchIsNotTakenUnlessThereIsNone) {
  struct Case {
    core::Error error;
    std::string_view said;
  };
  for (const Case& each :
       {Case{core::error(core::ErrorCode::Unavailable, "closed"), ""},
        Case{core::error(core::ErrorCode::Unavailable, "cut", 7), "merlon: "},
        Case{core::error(core::ErrorCode::Malformed, "no launch"), "merlon: no launch"}}) {
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(end_not_taken(each.error), keep_failed);
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(said.empty(), each.said.empty()) << said;
    EXPECT_TRUE(said.starts_with(each.said)) << said;
  }
}

TEST(MachineProcess, EndsWithALineAndItsStatus) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(end_failed("it broke", launch::ExitStatus::Trap),
            launch::number(launch::ExitStatus::Trap));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "merlon: it broke\n");
}

TEST(MachineProcess, TellsTheCallsThatThereWere) {
  std::array<std::uint64_t, sallyport::call_table.size()> counts{};
  EXPECT_EQ(described_calls(counts), "merlon: calls of the keep to its host:");
  counts[0] = 3;
  counts[1] = 1;
  EXPECT_EQ(described_calls(counts), "merlon: calls of the keep to its host: Read 3 Write 1");
}

TEST(MachineProcess, SaysWhetherItIsReady) {
  os::Channel channel = os::open_channel().value();
  const auto ended = os::testing::in_child([&] {
    if (::dup2(channel.there.number(), launch::keep_descriptor) < 0) return 1;
    return tell_readiness(false, "no KVM") ? 0 : 2;
  });
  EXPECT_TRUE(ended.with(0)) << ended;
  const auto heard = launch::receive_readiness(channel.here);
  ASSERT_TRUE(heard.has_value());
  EXPECT_FALSE(heard->ready);
  EXPECT_EQ(heard->text, "no KVM");
}

/// Its streams and its channel, in this order; the channel only once where nobody is told the end.
TEST(MachineProcess, GivesTheKeepItsFirstDescriptors) {
  for (const bool tells_end : {false, true}) {
    os::Channel channel = os::open_channel().value();
    const auto ended = os::testing::in_child([&] {
      if (::dup2(channel.there.number(), launch::keep_descriptor) < 0) return 1;
      DescriptorTable table;
      if (!give_descriptors(table, tells_end)) return 2;
      if (table.count() != launch::keep_descriptor + 1) return 3;
      table.clear();
      const bool is_open = ::fcntl(launch::keep_descriptor, F_GETFD) >= 0;
      return is_open == tells_end ? 0 : 4;
    });
    EXPECT_TRUE(ended.with(0)) << ended;
  }
}

}  // namespace
}  // namespace merlon::host
