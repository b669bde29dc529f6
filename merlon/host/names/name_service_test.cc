#include "merlon/host/names/name_service.h"

#include <gtest/gtest.h>

namespace merlon::host::names {
namespace {

TEST(NameService, NumericAddressesAreTheirOwnAnswer) {
  EXPECT_EQ(*addresses_of("127.0.0.1"), std::vector<std::string>{"127.0.0.1"});
}

TEST(NameService, NamesThatCannotExistAreAnError) {
  const auto result = addresses_of("no such host.invalid");
  ASSERT_FALSE(result.has_value());
  EXPECT_FALSE(result.error().empty());
}

}  // namespace
}  // namespace merlon::host::names
