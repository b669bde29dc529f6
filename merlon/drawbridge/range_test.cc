#include "merlon/drawbridge/range.h"

#include <gtest/gtest.h>

namespace merlon::drawbridge {
namespace {

std::string shown(std::string_view header, std::uint64_t length) {
  const WantedRange wanted = parse_range(header, length);
  if (!wanted.is_satisfiable) return "416";
  if (!wanted.range) return "all";
  return std::to_string(wanted.range->first) + "+" + std::to_string(wanted.range->count);
}

TEST(Range, IsAPartOfWhatIsThere) {
  EXPECT_EQ(shown("bytes=0-0", 10), "0+1");
  EXPECT_EQ(shown("bytes=3-", 10), "3+7");
  EXPECT_EQ(shown("bytes=3-99", 10), "3+7");
  EXPECT_EQ(shown("bytes=-4", 10), "6+4");
  EXPECT_EQ(shown("bytes=-40", 10), "0+10");
  EXPECT_EQ(shown("bytes=10-", 10), "416");
  EXPECT_EQ(shown("bytes=-0", 10), "416");
  EXPECT_EQ(shown("bytes=0-", 0), "416");
}

TEST(Range, OfAnotherKindAsksForAll) {
  for (const char* header : {"", "bytes=", "bytes=-", "bytes=5-3", "bytes=a-b", "bytes=1-2,4-5",
                             "lines=1-2", "bytes=1", "bytes=99999999999999999999-", "bytes=--1"}) {
    EXPECT_EQ(shown(header, 10), "all") << header;
  }
}

TEST(Range, AnEtagIsFoundAmongOthers) {
  EXPECT_TRUE(names_etag("\"a\"", "\"a\""));
  EXPECT_TRUE(names_etag("\"b\" , W/\"a\"", "\"a\""));
  EXPECT_TRUE(names_etag("*", "\"a\""));
  EXPECT_FALSE(names_etag("\"aa\",\"b\"", "\"a\""));
  EXPECT_FALSE(names_etag("", "\"a\""));
}

}  // namespace
}  // namespace merlon::drawbridge
