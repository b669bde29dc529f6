#include "merlon/shim/x86/stale_translations.h"

#include <gtest/gtest.h>

namespace merlon::shim::x86 {
namespace {

TEST(StaleTranslations, AFewAreForgottenOneByOne) {
  StaleTranslations stale;
  EXPECT_TRUE(stale.pages().empty());
  for (std::uint64_t i = 0; i < StaleTranslations::most; ++i) stale.add(i * 4096);
  ASSERT_EQ(stale.pages().size(), StaleTranslations::most);
  EXPECT_EQ(stale.pages()[3], 3 * 4096U);
  EXPECT_FALSE(stale.are_all());
  stale.clear();
  EXPECT_TRUE(stale.pages().empty());
}

TEST(StaleTranslations, ManyAreForgottenAtOnce) {
  StaleTranslations stale;
  for (std::uint64_t i = 0; i <= StaleTranslations::most; ++i) stale.add(i * 4096);
  EXPECT_TRUE(stale.are_all());
  EXPECT_TRUE(stale.pages().empty());
  stale.clear();
  stale.add(4096);
  stale.add_all();
  EXPECT_TRUE(stale.are_all());
  stale.add(8192);
  EXPECT_TRUE(stale.are_all());
}

}  // namespace
}  // namespace merlon::shim::x86
