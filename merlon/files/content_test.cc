#include "merlon/files/content.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "merlon/base/testing/limited_budget.h"

namespace merlon::files {
namespace {

using base::testing::LimitedBudget;

constexpr std::uint64_t plenty = LimitedBudget::plenty;

std::vector<std::uint8_t> all_of(const Content& content) {
  std::vector<std::uint8_t> bytes(content.size() + 1, 0xEE);
  bytes.resize(content.read(0, core::ByteSpan(bytes)));
  return bytes;
}

std::vector<std::uint8_t> numbered(std::size_t size, unsigned seed) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + seed);
  return bytes;
}

TEST(Content, BorrowsUntilItIsWritten) {
  LimitedBudget room(plenty);
  const auto owner = std::make_shared<const std::vector<std::uint8_t>>(numbered(200'000, 1));
  {
    Content content(room, owner, core::ByteView(*owner).subspan(100, 150'000));
    EXPECT_EQ(content.size(), 150'000U);
    EXPECT_EQ(room.left, plenty);
    EXPECT_EQ(all_of(content),
              std::vector<std::uint8_t>(owner->begin() + 100, owner->begin() + 150'100));
    const std::vector<std::uint8_t> word{1, 2, 3};
    EXPECT_EQ(content.write(70'000, core::ByteView(word)).value(), 3U);
    EXPECT_EQ(plenty - room.left, 65'536U);  // one piece
    auto expected = std::vector<std::uint8_t>(owner->begin() + 100, owner->begin() + 150'100);
    std::ranges::copy(word, expected.begin() + 70'000);
    EXPECT_EQ(all_of(content), expected);
  }
  EXPECT_EQ(room.left, plenty);
  EXPECT_EQ(*owner, numbered(200'000, 1));
}

TEST(Content, WhatIsCutGrowsBackAsZeros) {
  LimitedBudget room(plenty);
  const auto owner = std::make_shared<const std::vector<std::uint8_t>>(numbered(1000, 1));
  Content content(room, owner, *owner);
  ASSERT_TRUE(content.resize(10));
  ASSERT_TRUE(content.resize(1000));
  auto expected = numbered(10, 1);
  expected.resize(1000);
  EXPECT_EQ(all_of(content), expected);
  const auto word = numbered(500, 3);
  ASSERT_TRUE(content.write(0, core::ByteView(word)));
  ASSERT_TRUE(content.resize(3));
  ASSERT_TRUE(content.resize(500));
  auto cut = numbered(3, 3);
  cut.resize(500);
  EXPECT_EQ(all_of(content), cut);
}

TEST(Content, HolesTakeNoMemory) {
  LimitedBudget room(4096);
  Content content(room);
  const std::vector<std::uint8_t> word{7};
  EXPECT_EQ(content.write((std::uint64_t{1} << 62U) + 60'000, core::ByteView(word)).error(),
            os::Errno::Nospc);
  EXPECT_EQ(content.size(), 0U);
  ASSERT_TRUE(content.resize(std::uint64_t{1} << 62U));
  std::vector<std::uint8_t> read(5, 9);
  EXPECT_EQ(content.read((std::uint64_t{1} << 61U) + 3, core::ByteSpan(read)), 5U);
  EXPECT_EQ(read, std::vector<std::uint8_t>(5, 0));
  ASSERT_TRUE(content.write(std::uint64_t{1} << 40U, core::ByteView(word)));
  EXPECT_EQ(content.read(std::uint64_t{1} << 40U, core::ByteSpan(read)), 5U);
  EXPECT_EQ(read[0], 7);
}

TEST(Content, EndsWhereOffsetsEnd) {
  LimitedBudget room(plenty);
  Content content(room);
  const std::vector<std::uint8_t> word(10, 7);
  EXPECT_EQ(content.write(Content::max_size, core::ByteView(word)).error(), os::Errno::Fbig);
  EXPECT_EQ(content.write(Content::max_size - 4, core::ByteView(word)).value(), 4U);
  EXPECT_EQ(content.size(), Content::max_size);
  EXPECT_EQ(content.resize(Content::max_size + 1).error(), os::Errno::Fbig);
  EXPECT_EQ(content.allocate(Content::max_size, 1).error(), os::Errno::Fbig);
}

TEST(Content, WritesAsMuchAsThereIsRoomFor) {
  LimitedBudget room(65'536);
  Content content(room);
  const auto much = numbered(100'000, 5);
  EXPECT_EQ(content.write(0, core::ByteView(much)).value(), 65'536U);
  EXPECT_EQ(content.write(65'536, core::ByteView(much)).error(), os::Errno::Nospc);
  EXPECT_EQ(content.size(), 65'536U);
  EXPECT_EQ(content.allocate(0, 65'537).error(), os::Errno::Nospc);
}

TEST(Content, AllocatedPlacesDoNotLackRoom) {
  LimitedBudget room(3 * 65'536);
  Content content(room);
  ASSERT_TRUE(content.allocate(10, 2 * 65'536));
  EXPECT_EQ(content.size(), 2 * 65'536U + 10);
  EXPECT_EQ(all_of(content), std::vector<std::uint8_t>(content.size(), 0));
  room.left = 0;
  const auto much = numbered(2 * 65'536, 5);
  EXPECT_EQ(content.write(10, core::ByteView(much)).value(), much.size());
}

/// The same steps on a vector.
TEST(Content, IsAsAVectorWouldBe) {
  std::mt19937_64 random(17);
  const auto owner = std::make_shared<const std::vector<std::uint8_t>>(numbered(300'000, 1));
  for (int round = 0; round < 20; ++round) {
    LimitedBudget room(plenty);
    std::vector<std::uint8_t> model(
        owner->begin(), owner->begin() + static_cast<std::ptrdiff_t>(random() % 300'000));
    Content content(room, owner, core::ByteView(*owner).first(model.size()));
    for (int step = 0; step < 60; ++step) {
      const std::uint64_t at = random() % 400'000;
      const std::size_t size = random() % 90'000;
      switch (random() % 4) {
        case 0: {
          const auto bytes = numbered(size, static_cast<unsigned>(random()));
          ASSERT_EQ(content.write(at, core::ByteView(bytes)).value(), size);
          if (size != 0 && model.size() < at + size) model.resize(at + size);
          std::ranges::copy(bytes, model.begin() + static_cast<std::ptrdiff_t>(size == 0 ? 0 : at));
          break;
        }
        case 1:
          ASSERT_TRUE(content.resize(at));
          model.resize(at);
          break;
        case 2:
          ASSERT_TRUE(content.allocate(at, size));
          if (model.size() < at + size) model.resize(at + size);
          break;
        default: break;
      }
      std::vector<std::uint8_t> read(size);
      read.resize(content.read(at, core::ByteSpan(read)));
      const std::size_t there = at < model.size() ? std::min(size, model.size() - at) : 0;
      ASSERT_EQ(read,
                std::vector<std::uint8_t>(
                    model.begin() + static_cast<std::ptrdiff_t>(there == 0 ? 0 : at),
                    model.begin() + static_cast<std::ptrdiff_t>(there == 0 ? 0 : at + there)));
    }
    ASSERT_EQ(all_of(content), model);
  }
}

}  // namespace
}  // namespace merlon::files
