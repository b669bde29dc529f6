#include "merlon/drawbridge/small_contents.h"

#include <gtest/gtest.h>

namespace merlon::drawbridge {
namespace {

SmallContents::Bytes bytes(std::size_t size) {
  return std::make_shared<const std::string>(size, 'x');
}

TEST(SmallContents, KeepsTheOnesThatWereAskedForLast) {
  SmallContents contents;
  const std::size_t most = SmallContents::room / SmallContents::largest;
  for (std::size_t i = 0; i < most; ++i)
    contents.add(std::to_string(i), bytes(SmallContents::largest));
  EXPECT_TRUE(contents.find("0"));  // and so it stays
  contents.add("one more", bytes(SmallContents::largest));
  EXPECT_TRUE(contents.find("0"));
  EXPECT_FALSE(contents.find("1"));
  EXPECT_TRUE(contents.find("one more"));
}

TEST(SmallContents, TakesNothingLarge) {
  SmallContents contents;
  contents.add("large", bytes(SmallContents::largest + 1));
  EXPECT_FALSE(contents.find("large"));
  contents.add("empty", bytes(0));
  contents.add("empty", bytes(1));
  EXPECT_EQ(contents.find("empty")->size(), 0U);
}

}  // namespace
}  // namespace merlon::drawbridge
