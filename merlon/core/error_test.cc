#include "merlon/core/error.h"

#include <set>
#include <string_view>

#include <gtest/gtest.h>

namespace merlon::core {
namespace {

TEST(Error, EveryCodeHasItsOwnName) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(ErrorCode::Internal); ++code) {
    const auto name = to_string(static_cast<ErrorCode>(code));
    EXPECT_FALSE(name.empty());
    EXPECT_TRUE(names.insert(name).second) << name;
  }
}

TEST(Error, RemembersTheLineThatMadeIt) {
  const std::uint32_t line = __LINE__ + 1;
  const Error made = error(ErrorCode::Denied, "no");
  EXPECT_EQ(made.where.line, line);
  EXPECT_EQ(made.message(), "no");
}

}  // namespace
}  // namespace merlon::core
