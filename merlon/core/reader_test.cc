#include "merlon/core/reader.h"

#include <array>
#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace merlon::core {
namespace {

constexpr std::array<std::uint8_t, 8> bytes{0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x88};

TEST(Reader, ReadsIntegersLeastSignificantByteFirst) {
  EXPECT_EQ(*Reader(bytes).u8(), 0x01U);
  EXPECT_EQ(*Reader(bytes).u16(), 0x0201U);
  EXPECT_EQ(*Reader(bytes).u32(), 0x04030201U);
  EXPECT_EQ(*Reader(bytes).u64(), 0x8807060504030201U);
}

TEST(Reader, MovesOnByWhatWasRead) {
  Reader reader(bytes);
  ASSERT_TRUE(reader.u16().has_value());
  EXPECT_EQ(reader.offset(), 2U);
  EXPECT_EQ(reader.remaining(), 6U);
  EXPECT_EQ(*reader.u8(), 0x03U);
}

TEST(Reader, BorrowsViewsFromItsBytes) {
  Reader reader(bytes);
  const auto view = reader.bytes(3);
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view->data(), bytes.data());
  EXPECT_EQ(view->size(), 3U);
}

TEST(Reader, EndIsReachedExactly) {
  Reader reader(bytes);
  ASSERT_TRUE(reader.skip(bytes.size()).has_value());
  EXPECT_TRUE(reader.at_end());
  EXPECT_TRUE(reader.bytes(0).has_value());
  EXPECT_FALSE(reader.u8().has_value());
}

TEST(Reader, AReadBeyondTheEndIsMalformedAndDoesNotMove) {
  Reader reader(bytes);
  ASSERT_TRUE(reader.skip(6).has_value());
  const auto result = reader.u32();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::Malformed);
  EXPECT_EQ(result.error().detail, 6U);
  EXPECT_EQ(reader.offset(), 6U);
  EXPECT_TRUE(reader.u16().has_value());
}

TEST(Reader, HugeCountsDoNotWrapAround) {
  Reader reader(bytes);
  ASSERT_TRUE(reader.skip(4).has_value());
  EXPECT_FALSE(reader.bytes(std::numeric_limits<std::size_t>::max()).has_value());
  EXPECT_FALSE(reader.skip(std::numeric_limits<std::size_t>::max() - 3).has_value());
  EXPECT_EQ(reader.offset(), 4U);
}

}  // namespace
}  // namespace merlon::core
