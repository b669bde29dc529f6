#include "merlon/host/resolve.h"

#include <gtest/gtest.h>

namespace merlon::host {
namespace {

TEST(ResolveHost, NumericAddressesAreTheirOwnAnswer) {
  EXPECT_EQ(*resolve_host("127.0.0.1"), std::vector<std::string>{"127.0.0.1"});
  EXPECT_EQ(*resolve_host("::1"), std::vector<std::string>{"::1"});
}

TEST(ResolveHost, WithoutTheNameServiceTheReasonIsTold) {
  // This test is no program beside which merlon-resolve lies.
  const auto result = resolve_host("no such host.invalid");
  ASSERT_FALSE(result.has_value());
  EXPECT_FALSE(result.error().empty());
}

}  // namespace
}  // namespace merlon::host
