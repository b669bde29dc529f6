#include "merlon/codec/percent.h"

#include <gtest/gtest.h>

namespace merlon::codec {
namespace {

TEST(Percent, OnlyWholeEscapesAreDecoded) {
  EXPECT_EQ(decode_percent("a%20b%0Ac"), "a b\nc");
  EXPECT_EQ(decode_percent("%"), "%");
  EXPECT_EQ(decode_percent("%2"), "%2");
  EXPECT_EQ(decode_percent("%zz%41"), "%zzA");
}

}  // namespace
}  // namespace merlon::codec
