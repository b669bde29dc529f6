#include "merlon/os/helper.h"

#include <gtest/gtest.h>

#include "merlon/os/clock.h"

namespace merlon::os {
namespace {

Result<HelperAnswer> run(std::vector<std::string> words, std::string_view input = "",
                         std::uint64_t milliseconds = 60'000) {
  const std::uint64_t deadline = now(Clock::Monotonic).value() + milliseconds * 1'000'000;
  return run_helper(words, core::as_bytes(input), 100, deadline);
}

TEST(Helpers, GetTheirInputAndGiveAnAnswer) {
  const auto answer = run({"sh", "-c", "read x; echo \"got $x\"; exit 3"}, "hello\n");
  ASSERT_TRUE(answer);
  EXPECT_EQ(core::as_text(answer->output), "got hello\n");
  EXPECT_EQ(answer->status.kind, ExitStatus::Kind::Exited);
  EXPECT_EQ(answer->status.value, 3);
  EXPECT_TRUE(run({"true"}, "nobody reads this"));
}

TEST(Helpers, AreBounded) {
  EXPECT_EQ(run({"sh", "-c", "head -c 101 /dev/zero"}).error(), Errno::Fbig);
  EXPECT_EQ(run({"sh", "-c", "exec sleep 1000"}, "", 0).error(), Errno::Timedout);
  EXPECT_EQ(run({"sh", "-c", "exec >&-; exec sleep 1000"}, "", 100).error(), Errno::Timedout);
  EXPECT_EQ(run({"merlon-no-such-program"}).error(), Errno::Noent);
  EXPECT_EQ(run({}).error(), Errno::Inval);
  EXPECT_EQ(run({"cat"}, std::string(40'000, 'x')).error(), Errno::Inval);
}

TEST(Helpers, HaveTheEnvironment) {
  ASSERT_EQ(::setenv("MERLON_HELPER_TEST", "there", 1), 0);
  EXPECT_EQ(core::as_text(run({"printenv", "MERLON_HELPER_TEST"})->output), "there\n");
  ::unsetenv("MERLON_HELPER_TEST");
}

}  // namespace
}  // namespace merlon::os
