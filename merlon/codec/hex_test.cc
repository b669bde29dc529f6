#include "merlon/codec/hex.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"

namespace merlon::codec {
namespace {

TEST(Hex, BothCasesAreRead) {
  EXPECT_EQ(base::hex(*decode_hex("00fFAb")), "00ffab");
  EXPECT_TRUE(decode_hex("")->empty());
}

TEST(Hex, NothingElseIsRead) {
  for (const char* text : {"0", "0g", "0x00", " 00", "00 ", "é"}) {
    EXPECT_FALSE(decode_hex(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace merlon::codec
