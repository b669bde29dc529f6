#include "merlon/os/system.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace merlon::os {
namespace {

TEST(System, HasMemory) {
  // Whatever runs this has as much.
  EXPECT_GT(physical_memory(), std::uint64_t{16} << 20U);
}

TEST(Stack, EndsAsFarBelowAsTheLimitSays) {
  ::rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_STACK, &limit), 0);
  const std::uintptr_t lowest = lowest_stack_address();
  if (limit.rlim_cur == RLIM_INFINITY) {
    EXPECT_EQ(lowest, 0U);
    return;
  }
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  ASSERT_LT(lowest, here);
  EXPECT_LT(here - lowest, limit.rlim_cur);
}

TEST(Stack, HasNoEndWithoutALimit) {
  ::rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_STACK, &limit), 0);
  if (limit.rlim_max != RLIM_INFINITY) GTEST_SKIP() << "the limit cannot be lifted";
  const ::rlimit lifted{RLIM_INFINITY, RLIM_INFINITY};
  ASSERT_EQ(::setrlimit(RLIMIT_STACK, &lifted), 0);
  EXPECT_EQ(lowest_stack_address(), 0U);
  ASSERT_EQ(::setrlimit(RLIMIT_STACK, &limit), 0);
}

}  // namespace
}  // namespace merlon::os
