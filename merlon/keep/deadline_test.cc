// A time limit before there is anything to stop; tests/e2e has what it does to a workload.

#include "merlon/keep/deadline.h"

#include <gtest/gtest.h>

#include "merlon/launch/exit_status.h"
#include "merlon/os/poll.h"
#include "merlon/os/testing/child.h"

namespace merlon::keep {
namespace {

using namespace std::chrono_literals;
using os::testing::in_child;

TEST(Deadline, UntilSomethingIsWatchedItEndsTheProcess) {
  const auto ended = in_child([] {
    Deadline deadline;
    if (!deadline.start(1ms) || deadline.is_over()) return 1;
    for (int i = 0; i < 100; ++i) static_cast<void>(os::poll({}, 50ms));
    return 2;
  });
  EXPECT_TRUE(ended.with(launch::number(launch::ExitStatus::TimeLimit))) << ended;
  EXPECT_EQ(ended.said, "merlon: the time limit is over\n");
}

TEST(Deadline, OneThatIsForgottenNeverComes) {
  const auto ended = in_child([] {
    Deadline deadline;
    if (!deadline.start(50ms)) return 1;
    deadline.forget();
    static_cast<void>(os::poll({}, 300ms));
    return deadline.is_over() ? 2 : 42;
  });
  EXPECT_TRUE(ended.with(42)) << ended;
}

}  // namespace
}  // namespace merlon::keep
