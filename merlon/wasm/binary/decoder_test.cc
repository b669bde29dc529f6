#include "merlon/wasm/binary/decoder.h"

#include <gtest/gtest.h>

#include "merlon/wasm/testing/binary.h"

namespace merlon::wasm {
namespace {

using core::ErrorCode;
using testing::Binary;

TEST(Decoder, TheEmptyModuleIsTheSmallest) {
  const Binary binary;
  const auto module = decode(binary.bytes());
  ASSERT_TRUE(module.has_value());
  EXPECT_TRUE(module->functions.empty());
}

TEST(Decoder, OtherFilesAreNamedAsWhatTheyAreNot) {
  const std::vector<std::uint8_t> text = {'(', 'm', 'o', 'd', 'u', 'l', 'e', ')'};
  const auto module = decode(text);
  ASSERT_FALSE(module.has_value());
  EXPECT_EQ(module.error().code, ErrorCode::Malformed);
  EXPECT_NE(module.error().message().find("not a WebAssembly module"), std::string_view::npos);
}

TEST(Decoder, ComponentsAreRefusedByName) {
  const std::vector<std::uint8_t> component = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};
  const auto module = decode(component);
  ASSERT_FALSE(module.has_value());
  EXPECT_EQ(module.error().code, ErrorCode::Unsupported);
  EXPECT_NE(module.error().message().find("component"), std::string_view::npos);
}

TEST(Decoder, EveryTruncationIsRefused) {
  const auto whole = testing::function_module({0x7f}, {0x7f}, {0, 0x20, 0, 0x0b}, true);
  ASSERT_TRUE(decode(whole).has_value());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto module = decode(core::ByteView(whole).first(size));
    // A cut between two sections leaves a module that lacks only its code.
    if (module.has_value()) {
      EXPECT_EQ(module->functions.size(), 0U) << size;
    }
  }
}

TEST(Decoder, SectionsComeInOrderAndOnce) {
  Binary twice;
  twice.section(1, {0}).section(1, {0});
  EXPECT_FALSE(decode(twice.bytes()).has_value());
  Binary swapped;
  swapped.section(3, {0}).section(1, {0});
  EXPECT_FALSE(decode(swapped.bytes()).has_value());
  Binary tags_after_memories;
  tags_after_memories.section(5, {0}).section(13, {0}).section(6, {0});
  EXPECT_TRUE(decode(tags_after_memories.bytes()).has_value());
}

TEST(Decoder, BytesLeftInASectionAreRefusedWithTheirPlace) {
  Binary binary;
  binary.section(1, {0, 0});
  const auto module = decode(binary.bytes());
  ASSERT_FALSE(module.has_value());
  EXPECT_EQ(module.error().detail, 11U);
}

TEST(Decoder, GcTypesAreRefusedByName) {
  Binary structs;
  structs.types({1, 0x5f, 0});
  ASSERT_FALSE(decode(structs.bytes()).has_value());
  EXPECT_EQ(decode(structs.bytes()).error().code, ErrorCode::Unsupported);
  Binary anyref;
  anyref.types({1, 0x60, 1, 0x6e, 0});
  EXPECT_EQ(decode(anyref.bytes()).error().code, ErrorCode::Unsupported);
}

TEST(Decoder, CountsBeyondTheBytesThatAreLeftAllocateNothing) {
  Binary binary;
  binary.types({0xff, 0xff, 0x3f});
  EXPECT_FALSE(decode(binary.bytes()).has_value());
}

TEST(Decoder, IntegersHaveNoSpareBits) {
  Binary too_long;
  too_long.types({0x80, 0x80, 0x80, 0x80, 0x80, 0x00});
  EXPECT_FALSE(decode(too_long.bytes()).has_value());
  Binary too_large;
  too_large.types({0x80, 0x80, 0x80, 0x80, 0x10});
  EXPECT_FALSE(decode(too_large.bytes()).has_value());
  Binary padded;
  padded.types({0x80, 0x80, 0x80, 0x80, 0x00});
  EXPECT_TRUE(decode(padded.bytes()).has_value());
}

TEST(Utf8, OverlongSurrogateAndCutSequencesAreRefused) {
  const auto check = [](std::initializer_list<std::uint8_t> bytes) {
    const std::vector<std::uint8_t> copy(bytes);
    return is_utf8(copy);
  };
  EXPECT_TRUE(check({'a', 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80}));
  EXPECT_FALSE(check({0xc0, 0x80}));
  EXPECT_FALSE(check({0xe0, 0x80, 0x80}));
  EXPECT_FALSE(check({0xed, 0xa0, 0x80}));
  EXPECT_FALSE(check({0xf4, 0x90, 0x80, 0x80}));
  EXPECT_FALSE(check({0xe2, 0x82}));
  EXPECT_FALSE(check({0x80}));
}

}  // namespace
}  // namespace merlon::wasm
