#include "merlon/host/sgx/simulated/code.h"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "merlon/host/sgx/simulated/testing/reached.h"

namespace merlon::host::sgx::simulated {
namespace {

constexpr std::size_t page = 4096;

/// Whatever lies where it is put, in one page or across two, nothing but that changes.
TEST(Code, IsPutIntoPagesThatAreCodeAfterwards) {
  constexpr auto bytes = std::array<std::uint8_t, 3>{1, 2, 3};
  for (const std::size_t at : {page, page + 5, 2 * page - 3, 2 * page - 2, 2 * page - 1}) {
    void* const memory =
        ::mmap(nullptr, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    const auto start = reinterpret_cast<std::uint64_t>(memory);
    ASSERT_TRUE(put_code(start + at, bytes).has_value()) << at;
    const core::ByteView all(static_cast<const std::uint8_t*>(memory), 4 * page);
    EXPECT_TRUE(std::ranges::equal(all.subspan(at, bytes.size()), bytes)) << at;
    EXPECT_EQ(std::ranges::count(all, 0), static_cast<std::ptrdiff_t>(4 * page - bytes.size()));
    const bool across = at + bytes.size() > 2 * page;
    EXPECT_TRUE(testing::is_writable(start)) << at;
    EXPECT_FALSE(testing::is_writable(start + page)) << at;
    EXPECT_EQ(testing::is_writable(start + 2 * page), !across) << at;
    EXPECT_TRUE(testing::is_writable(start + 3 * page)) << at;
    EXPECT_EQ(::munmap(memory, 4 * page), 0);
  }
}

TEST(Code, IsPutNowhereWhereThereIsNothing) {
  void* const memory =
      ::mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  ASSERT_EQ(::munmap(memory, 2 * page), 0);
  constexpr auto bytes = std::array<std::uint8_t, 1>{1};
  EXPECT_EQ(put_code(reinterpret_cast<std::uint64_t>(memory), bytes).error(), os::Errno::Nomem);
}

}  // namespace
}  // namespace merlon::host::sgx::simulated
