#include "merlon/wasm/validate/feature_place.h"

#include <gtest/gtest.h>

#include "merlon/wasm/binary/decoder.h"
#include "merlon/wasm/testing/binary.h"

namespace merlon::wasm {
namespace {

std::size_t place_in(const testing::Binary& binary) {
  auto module = decode(binary.bytes());
  EXPECT_TRUE(module.has_value());
  const auto valid = validate(std::move(*module));
  EXPECT_TRUE(valid.has_value());
  return place_of_threads(*valid);
}

TEST(FeaturePlace, ASharedMemoryIsFoundWhereverItStands) {
  constexpr std::size_t first_section = 10;
  EXPECT_EQ(place_in(testing::Binary().section(5, {1, 3, 1, 1})), first_section);
  EXPECT_EQ(place_in(testing::Binary().section(5, {2, 0, 1, 3, 1, 1})), first_section);
  // (import "" "" (memory 1 1 shared)), then a memory of the module's own.
  EXPECT_EQ(place_in(testing::Binary().section(2, {1, 0, 0, 2, 3, 1, 1}).section(5, {1, 0, 1})),
            first_section);
}

TEST(FeaturePlace, ElseItIsTheFirstAtomicInstruction) {
  // A memory that is not shared; a local, nop, atomic.fence, atomic.fence.
  testing::Binary binary;
  binary.types({1, 0x60, 0, 0}).section(3, {1, 0}).section(5, {1, 0, 1});
  const std::size_t before = binary.bytes().size();
  binary.code({1, 1, 0x7f, 0x01, 0xfe, 3, 0, 0xfe, 3, 0, 0x0b});
  const std::size_t section_size_count_size = 4;
  EXPECT_EQ(place_in(binary), before + section_size_count_size + 4);
}

TEST(FeaturePlace, OfAModuleWithoutEitherIsNone) {
  EXPECT_EQ(place_in(testing::Binary().section(5, {1, 0, 1})), 0U);
}

}  // namespace
}  // namespace merlon::wasm
