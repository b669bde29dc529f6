#include "merlon/host/kvm/memory.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace merlon::host::kvm
