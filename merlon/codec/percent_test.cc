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

TEST(Percent, AllThatHasAMeaningIsEncoded) {
  EXPECT_EQ(encode_percent("aZ9-._~"), "aZ9-._~");
  EXPECT_EQ(encode_percent("a b&c=%\xC3"), "a%20b%26c%3D%25%C3");
  EXPECT_EQ(decode_percent(encode_percent("a b&c=%\xC3")), "a b&c=%\xC3");
}

}  // namespace
}  // namespace merlon::codec
