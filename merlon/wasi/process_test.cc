#include <gtest/gtest.h>

#include "merlon/wasi/testing/guest.h"

namespace merlon::wasi {
namespace {

using testing::Guest;

Result<void> raised(std::uint32_t signal) {
  Guest guest;
  return api::proc_raise(guest.context(), guest.memory(), signal);
}

TEST(ProcExit, EndsTheGuestWithItsCode) {
  Guest guest;
  for (const std::uint32_t code : {0U, 1U, 255U, ~0U}) {
    EXPECT_EQ(api::proc_exit(guest.context(), guest.memory(), code).error(), exited(code));
  }
}

TEST(ProcRaise, TerminatingSignalsEndTheGuestAsAShellWouldSay) {
  EXPECT_EQ(raised(6).error(), exited(134));   // abrt
  EXPECT_EQ(raised(9).error(), exited(137));   // kill
  EXPECT_EQ(raised(11).error(), exited(139));  // segv
  EXPECT_EQ(raised(15).error(), exited(143));  // term
  EXPECT_EQ(raised(30).error(), exited(159));  // sys, which is 31 on Linux
}

TEST(ProcRaise, IgnoredSignalsAreIgnored) {
  for (const std::uint32_t signal : {0U, 13U, 16U, 17U, 22U, 27U}) {
    EXPECT_TRUE(raised(signal).has_value()) << signal;
  }
}

TEST(ProcRaise, StoppingIsNotSupportedAndUnknownSignalsAreInvalid) {
  for (std::uint32_t signal = 18; signal <= 21; ++signal) {
    EXPECT_EQ(raised(signal).error(), fail(Errno::Notsup)) << signal;
  }
  EXPECT_EQ(raised(31).error(), fail(Errno::Inval));
}

TEST(SchedYield, Returns) {
  Guest guest;
  EXPECT_EQ(guest.call<&api::sched_yield>(), Errno::Success);
}

}  // namespace
}  // namespace merlon::wasi
