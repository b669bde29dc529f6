#include "merlon/os/errno.h"

#include <gtest/gtest.h>

namespace merlon::os {
namespace {

TEST(Errno, DescribesTheKernelsNumbersAndOurOwn) {
  EXPECT_EQ(describe(Errno::Noent), "No such file or directory");
  EXPECT_EQ(describe(Errno::Outside), "Path leaves its directory");
  EXPECT_EQ(describe(static_cast<Errno>(99999)), "Unknown error");
}

TEST(Errno, BecomesAnErrorThatKeepsTheNumberAndThePlace) {
  const core::Error error = to_error(Errno::Nospc, "cannot write");
  EXPECT_EQ(error.code, core::ErrorCode::Exhausted);
  EXPECT_EQ(error.message(), "cannot write");
  EXPECT_EQ(error.detail, static_cast<std::uint64_t>(ENOSPC));
  EXPECT_NE(error.where.line, 0U);
}

TEST(Errno, SortsIntoCodesThatCallersBranchOn) {
  EXPECT_EQ(to_error(Errno::Noent, "").code, core::ErrorCode::NotFound);
  EXPECT_EQ(to_error(Errno::Outside, "").code, core::ErrorCode::Denied);
  EXPECT_EQ(to_error(Errno::Nosys, "").code, core::ErrorCode::Unsupported);
  EXPECT_EQ(to_error(Errno::Connrefused, "").code, core::ErrorCode::Unavailable);
}

}  // namespace
}  // namespace merlon::os
