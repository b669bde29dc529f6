#include "merlon/wasm/exec/memory.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace merlon::wasm {
namespace {

constexpr std::uint64_t everything = ~std::uint64_t{0};
constexpr std::uint64_t pages_of_a_large_memory = 2 * os::large_page_size / page_size;

MemoryType type_of(std::uint64_t least, AddressType address) {
  return {{.min = least, .max = std::nullopt, .address = address}};
}

/// What Linux tells of the mapping that `address` lies in, in two letters each [proc(5), VmFlags].
std::string flags_of_mapping(const void* address) {
  std::ifstream maps("/proc/self/smaps");
  bool is_meant = false;
  for (std::string line; std::getline(maps, line);) {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    char dash = 0;
    std::istringstream range(line);
    if (range >> std::hex >> begin >> dash >> end && dash == '-') {
      const auto at = reinterpret_cast<std::uintptr_t>(address);
      is_meant = begin <= at && at < end;
    } else if (is_meant && line.starts_with("VmFlags:")) {
      return line;
    }
  }
  return "";
}

TEST(Memory, ABaseUnderGuardsBeginsALargePage) {
  for (const auto address : {AddressType::I32, AddressType::I64}) {
    for (int i = 0; i < 4; ++i) {
      MemoryBudget budget(everything);
      const auto memory = Memory::create(type_of(1, address), 64 * page_size, budget);
      ASSERT_TRUE(memory.has_value());
      const auto base = reinterpret_cast<std::uintptr_t>((*memory)->vm()->base);
      EXPECT_EQ(base % os::large_page_size, 0U);
    }
  }
}

TEST(Memory, OnlyALargeMemoryAsksForLargePages) {
  if (!std::filesystem::exists("/sys/kernel/mm/transparent_hugepage")) {
    GTEST_SKIP() << "this kernel has no transparent huge pages";
  }
  MemoryBudget budget(everything);
  const auto memory =
      Memory::create(type_of(pages_of_a_large_memory - 1, AddressType::I32), everything, budget);
  ASSERT_TRUE(memory.has_value());
  const std::uint8_t* const base = (*memory)->vm()->base;
  EXPECT_EQ(flags_of_mapping(base).find(" hg"), std::string::npos);
  ASSERT_TRUE((*memory)->grow(1).has_value());
  EXPECT_NE(flags_of_mapping(base).find(" hg"), std::string::npos);
  ASSERT_TRUE((*memory)->grow(64).has_value());
  const std::uint8_t* const last = base + (*memory)->bytes().size() - 1;
  EXPECT_NE(flags_of_mapping(last).find(" hg"), std::string::npos);
  EXPECT_EQ(*last, 0);
}

/// Its reservation would be as large as the address space of 64 bits, and a little more.
TEST(Memory, WithoutAnyLimitNothingWraps) {
  MemoryBudget budget(everything);
  EXPECT_FALSE(Memory::create(type_of(1, AddressType::I64), everything, budget).has_value());
  EXPECT_FALSE(Memory::create(type_of(everything / page_size, AddressType::I64), everything, budget)
                   .has_value());
  EXPECT_TRUE(Memory::create(type_of(1, AddressType::I32), everything, budget).has_value());
}

}  // namespace
}  // namespace merlon::wasm
