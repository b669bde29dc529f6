#include "merlon/base/byte_writer.h"

#include <gtest/gtest.h>

#include "merlon/core/reader.h"

namespace merlon::base {
namespace {

TEST(ByteWriter, WritesWhatReaderReads) {
  ByteWriter writer;
  writer.u8(0xFE);
  writer.u32(0x01020304);
  writer.u64(0x1122334455667788);
  writer.text("ab");
  EXPECT_EQ(writer.size(), 15U);
  const auto bytes = writer.take();
  EXPECT_EQ(writer.size(), 0U);
  EXPECT_EQ(bytes[1], 0x04);

  core::Reader reader(bytes);
  EXPECT_EQ(*reader.u8(), 0xFE);
  EXPECT_EQ(*reader.u32(), 0x01020304U);
  EXPECT_EQ(*reader.u64(), 0x1122334455667788U);
  EXPECT_EQ(core::as_text(*reader.bytes(2)), "ab");
  EXPECT_TRUE(reader.at_end());
}

}  // namespace
}  // namespace merlon::base
