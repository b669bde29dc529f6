#include "merlon/cli_deploy/restarts.h"

#include <gtest/gtest.h>

namespace merlon::cli_deploy {
namespace {

using std::chrono::seconds;

Attempt ended(int status) { return {.delivered = true, .status = status}; }
const Attempt cut{.delivered = true};
const Attempt not_started{};

TEST(Restarts, AreForWhoAsksForThem) {
  EXPECT_FALSE(Restarts(RestartPolicy::Never, 9).after(cut));
  EXPECT_FALSE(Restarts(RestartPolicy::Never, 9).after(ended(1)));
  EXPECT_FALSE(Restarts(RestartPolicy::OnFailure, 9).after(ended(0)));
  EXPECT_TRUE(Restarts(RestartPolicy::OnFailure, 9).after(ended(1)));
  EXPECT_TRUE(Restarts(RestartPolicy::OnFailure, 9).after(cut));
  EXPECT_TRUE(Restarts(RestartPolicy::Always, 9).after(ended(0)));
  EXPECT_FALSE(Restarts(RestartPolicy::Always, 0).after(ended(0)));
}

TEST(Restarts, AreNoneAfterARefusalOrAStop) {
  Attempt refused;
  refused.refused = true;
  Restarts restarts(RestartPolicy::Always, 9);
  EXPECT_TRUE(restarts.after(cut));
  EXPECT_FALSE(restarts.after(refused));
  Attempt stopped = cut;
  stopped.stopped = true;
  EXPECT_FALSE(Restarts(RestartPolicy::Always, 9).after(stopped));
}

TEST(Restarts, WantADeliveryFirst) {
  Restarts restarts(RestartPolicy::Always, 9);
  EXPECT_FALSE(restarts.after(not_started));
  EXPECT_TRUE(restarts.after(cut));
  EXPECT_TRUE(restarts.after(not_started));
}

TEST(Restarts, WaitLongerEachTimeAndEnd) {
  Restarts restarts(RestartPolicy::Always, 8);
  for (const int wanted : {1, 2, 4, 8, 16, 32, 60, 60}) {
    EXPECT_EQ(restarts.after(cut), seconds(wanted));
  }
  EXPECT_EQ(restarts.in_row(), 8U);
  EXPECT_FALSE(restarts.after(cut));
}

TEST(Restarts, BeginAnewAfterAKeepThatLasted) {
  Restarts restarts(RestartPolicy::Always, 2);
  EXPECT_EQ(restarts.after(cut), seconds(1));
  EXPECT_EQ(restarts.after(cut), seconds(2));
  Attempt long_one = cut;
  long_one.lasted = seconds(60);
  EXPECT_EQ(restarts.after(long_one), seconds(1));
  // One that never got the workload did not last, however long that took.
  Attempt slow;
  slow.lasted = seconds(90);
  EXPECT_EQ(restarts.after(slow), seconds(2));
  EXPECT_FALSE(restarts.after(slow));
}

TEST(RestartPolicies, HaveThreeNames) {
  EXPECT_EQ(find_restart_policy("never"), RestartPolicy::Never);
  EXPECT_EQ(find_restart_policy("on-failure"), RestartPolicy::OnFailure);
  EXPECT_EQ(find_restart_policy("always"), RestartPolicy::Always);
  EXPECT_FALSE(find_restart_policy("sometimes"));
}

}  // namespace
}  // namespace merlon::cli_deploy
