#include "merlon/sallyport/shared_memory.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace merlon::sallyport {
namespace {

constexpr std::size_t size = 1024;
constexpr std::size_t edge = 64;
constexpr std::uint8_t untouched = 0xee;

/// Shared memory with something on both sides of it.
class SharedMemoryTest : public ::testing::Test {
 protected:
  SharedMemoryTest() { clear(); }
  void clear() { std::fill(all().begin(), all().end(), untouched); }
  core::ByteSpan all() {
    return {reinterpret_cast<std::uint8_t*>(words_.data()), words_.size() * word_size};
  }
  core::ByteSpan bytes() { return all().subspan(edge, size); }
  SharedMemory memory() { return SharedMemory(bytes()); }
  static std::uint8_t sample(std::size_t i) { return static_cast<std::uint8_t>(i * 7 + 1); }

  std::vector<std::uint64_t> words_ = std::vector<std::uint64_t>((size + 2 * edge) / word_size);
};

TEST_F(SharedMemoryTest, CopiesOutEverySizeFromEveryPlaceWithZerosUpToTheWordsEnd) {
  for (std::size_t count = 0; count <= 600; count += count < 200 ? 1 : 37) {
    for (std::size_t start = 0; start < word_size; ++start) {
      clear();
      std::vector<std::uint8_t> from(start + count + word_size, 0xc5);
      for (std::size_t i = 0; i < count; ++i) from[start + i] = sample(i);
      constexpr std::size_t offset = 3 * word_size;
      memory().copy_out(core::ByteView(from).subspan(start, count), offset);
      const std::size_t end = (count + word_size - 1) / word_size * word_size;
      for (std::size_t i = 0; i < all().size(); ++i) {
        const std::size_t at = i - edge - offset;
        const std::uint8_t expected = at < count ? sample(at) : at < end ? 0 : untouched;
        ASSERT_EQ(all()[i], expected) << count << " from " << start << " at " << at;
      }
    }
  }
}

TEST_F(SharedMemoryTest, CopiesInEverySizeToEveryPlaceAndNoMore) {
  for (std::size_t i = 0; i < size; ++i) bytes()[i] = sample(i);
  for (std::size_t count = 0; count <= 600; count += count < 200 ? 1 : 37) {
    for (std::size_t start = 0; start < word_size; ++start) {
      std::vector<std::uint8_t> into(start + count + word_size, untouched);
      constexpr std::size_t offset = 5 * word_size;
      memory().copy_in(core::ByteSpan(into).subspan(start, count), offset);
      for (std::size_t i = 0; i < into.size(); ++i) {
        const std::size_t at = i - start;
        ASSERT_EQ(into[i], at < count ? sample(offset + at) : untouched) << count << " " << start;
      }
    }
  }
}

TEST_F(SharedMemoryTest, WordsAreReadAsTheyWereWritten) {
  memory().store_word(16, 0x0807'0605'0403'0201);
  EXPECT_EQ(bytes()[16], 1);
  EXPECT_EQ(bytes()[23], 8);
  EXPECT_EQ(bytes()[24], untouched);
  EXPECT_TRUE(memory().load_word(16).equal_to(0x0807'0605'0403'0201, false).has_value());
}

TEST_F(SharedMemoryTest, WhoLeavesItEnds) {
  std::vector<std::uint8_t> some(16);
  const SharedMemory shared = memory();
  EXPECT_DEATH(shared.copy_in(some, size - 8), "");
  EXPECT_DEATH(shared.copy_out(some, size - 8), "");
  EXPECT_DEATH(shared.copy_out(some, size + 8), "");
  EXPECT_DEATH(shared.copy_out({}, ~std::size_t{7}), "");
  EXPECT_DEATH(shared.copy_out(some, 4), "") << "offsets are those of words";
  EXPECT_DEATH(static_cast<void>(shared.load_word(size)), "");
  EXPECT_DEATH(shared.store_word(size, 0), "");
  EXPECT_DEATH(static_cast<void>(SharedBytes(shared, 8, size)), "");
  const SharedBytes few(shared, 8, 4);
  EXPECT_DEATH(few.copy_out(some), "");
  EXPECT_DEATH(few.copy_in(some), "");
}

TEST_F(SharedMemoryTest, IsMadeOfWholeWords) {
  EXPECT_DEATH(static_cast<void>(SharedMemory(bytes().first(12))), "");
  EXPECT_DEATH(static_cast<void>(SharedMemory(bytes().subspan(4, 8))), "");
}

TEST_F(SharedMemoryTest, SomeBytesOfItAreAPlaceToCopyFromAndTo) {
  const SharedBytes some(memory(), 16, 11);
  EXPECT_EQ(some.size(), 11U);
  some.copy_out(core::as_bytes("hello"));
  std::vector<std::uint8_t> into(11, 1);
  some.copy_in(into);
  EXPECT_EQ(core::as_text(core::ByteView(into).first(8)), std::string_view("hello\0\0\0", 8));
  EXPECT_EQ(into[8], untouched);
  EXPECT_EQ(some.for_the_kernel(), bytes().data() + 16);
}

}  // namespace
}  // namespace merlon::sallyport
