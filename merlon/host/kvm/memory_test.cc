#include "merlon/host/kvm/memory.h"

#include <gtest/gtest.h>

#include "merlon/image/layout.h"

namespace merlon::host::kvm {
namespace {

constexpr std::uint64_t base = std::uint64_t{16} << 20U;

TEST(MemoryPart, SumsOfItsSizeCannotWrap) {
  for (const std::uint64_t size : {~std::uint64_t{0}, ~std::uint64_t{0} - 2 * large_page + 1,
                                   ~std::uint64_t{0} - 4095, std::uint64_t{1} << 63U}) {
    EXPECT_FALSE(MemoryPart::create(base, size).has_value()) << size;
  }
  EXPECT_FALSE(MemoryPart::create(~std::uint64_t{0} - 4095, 4096).has_value());
}

/// Else the kernel could use no large pages for it.
TEST(MemoryPart, LiesInItsLargePagesAsTheMachineSeesIt) {
  for (const std::uint64_t at : {base, base + 4096, base + large_page - 4096}) {
    for (int i = 0; i < 3; ++i) {
      const auto part = MemoryPart::create(at, 2 * large_page);
      ASSERT_TRUE(part.has_value());
      EXPECT_EQ(reinterpret_cast<std::uint64_t>(part->bytes().data()) % large_page,
                at % large_page);
      part->bytes().front() = part->bytes().back() = 1;
    }
  }
}

TEST(MachineMemory, FindsOnlyWhatIsWholly) {
  auto part = MemoryPart::create(base, 4 * large_page);
  ASSERT_TRUE(part.has_value());
  MachineMemory memory;
  memory.add(*std::move(part));
  EXPECT_TRUE(memory.find(base, 4 * large_page));
  EXPECT_FALSE(memory.find(base, 4 * large_page + 1));
  EXPECT_FALSE(memory.find(base - 1, 1));
  EXPECT_FALSE(memory.find(base + 4 * large_page, 0));
  EXPECT_FALSE(memory.find(base + 4096, ~std::uint64_t{0} - 4095));
  EXPECT_FALSE(memory.release(base, ~std::uint64_t{0} - 4095));
  EXPECT_TRUE(memory.release(base, 4096));
}

TEST(MachineMemory, OfSeveralPartsEachIsFound) {
  MachineMemory memory;
  const std::uint64_t second = base + 16 * large_page;
  for (const std::uint64_t at : {second, base}) {
    memory.add(MemoryPart::create(at, 2 * large_page).value());
  }
  for (const std::uint64_t at : {second, base}) {
    const auto found = memory.find(at + large_page, large_page);
    ASSERT_TRUE(found.has_value()) << at;
    (*found)[0] = 1;
    EXPECT_EQ(memory.find(at + large_page, 1).value()[0], 1);
    EXPECT_EQ(memory.find(at, 1).value()[0], 0);
  }
  EXPECT_FALSE(memory.find(base + 2 * large_page, 1));
}

TEST(MachineMemory, ReleasesWholePagesAndMakesThemZero) {
  MachineMemory memory;
  memory.add(MemoryPart::create(base, 2 * large_page).value());
  const auto bytes = memory.find(base, 2 * large_page).value();
  bytes[0] = 1;
  bytes[4096] = 2;
  EXPECT_FALSE(memory.release(base, 0));
  EXPECT_FALSE(memory.release(base, 4095));
  EXPECT_FALSE(memory.release(base + 1, 4096));
  EXPECT_EQ(bytes[0], 1);
  EXPECT_TRUE(memory.release(base, 4096));
  EXPECT_EQ(bytes[0], 0);
  EXPECT_EQ(bytes[4096], 2);
}

TEST(MachineMemory, TheFirstReachesFromTheShimToTheEndOfTheKeepsOwn) {
  const auto memory = MachineMemory::initial();
  ASSERT_TRUE(memory.has_value());
  const std::uint64_t end = image::main_base + image::main_size;
  EXPECT_TRUE(memory->find(image::low_base, end - image::low_base));
  EXPECT_FALSE(memory->find(image::low_base, end - image::low_base + 1));
  EXPECT_FALSE(memory->find(image::low_base - 1, 1));
}

}  // namespace
}  // namespace merlon::host::kvm
