// The functions that compilers call by name, here under names of their own: this program has those
// of its C library.

#include "merlon/shim/linux/runtime.h"

#include <algorithm>
#include <array>
#include <numeric>

#include <gtest/gtest.h>

extern "C" {
void* shim_memcpy(void* to, const void* from, std::size_t size) noexcept;
void* shim_memset(void* to, int value, std::size_t size) noexcept;
void* shim_memmove(void* to, const void* from, std::size_t size) noexcept;
int shim_memcmp(const void* left, const void* right, std::size_t size) noexcept;
}

namespace merlon::shim::linux {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

Bytes counting() {
  Bytes bytes{};
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{1});
  return bytes;
}

TEST(Runtime, CopiesAndFillsNoMoreThanItIsTold) {
  Bytes bytes{};
  const Bytes from = counting();
  EXPECT_EQ(shim_memcpy(bytes.data() + 2, from.data(), 3), bytes.data() + 2);
  EXPECT_EQ(bytes, (Bytes{0, 0, 1, 2, 3}));
  EXPECT_EQ(shim_memset(bytes.data() + 3, 0x1ff, 2), bytes.data() + 3);
  EXPECT_EQ(bytes, (Bytes{0, 0, 1, 0xff, 0xff}));
  copy(core::ByteSpan(bytes).subspan(14), core::ByteView(from).first(1));
  EXPECT_EQ(bytes[14], 1);
  EXPECT_EQ(bytes[15], 0);
  clear(core::ByteSpan(bytes).subspan(3, 1));
  EXPECT_EQ(bytes, (Bytes{0, 0, 1, 0, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
}

TEST(Runtime, MovesBetweenPlacesThatOverlap) {
  for (std::size_t from = 0; from < 16; ++from) {
    for (std::size_t to = 0; to < 16; ++to) {
      for (std::size_t size = 0; size + std::max(from, to) <= 16; ++size) {
        Bytes bytes = counting();
        Bytes expected = counting();
        for (std::size_t i = 0; i < size; ++i)
          expected[to + i] = static_cast<std::uint8_t>(from + i + 1);
        EXPECT_EQ(shim_memmove(bytes.data() + to, bytes.data() + from, size), bytes.data() + to);
        ASSERT_EQ(bytes, expected) << from << " " << to << " " << size;
      }
    }
  }
}

TEST(Runtime, ComparesAsBytesWithoutASign) {
  const Bytes one = counting();
  Bytes other = counting();
  EXPECT_EQ(shim_memcmp(one.data(), other.data(), 16), 0);
  other[15] = 0xff;
  EXPECT_LT(shim_memcmp(one.data(), other.data(), 16), 0);
  EXPECT_GT(shim_memcmp(other.data(), one.data(), 16), 0);
  EXPECT_EQ(shim_memcmp(other.data(), one.data(), 15), 0);
  EXPECT_EQ(shim_memcmp(other.data(), one.data(), 0), 0);
  other[0] = 0;
  EXPECT_GT(shim_memcmp(one.data(), other.data(), 16), 0) << "the first that differs";
}

}  // namespace
}  // namespace merlon::shim::linux
