// Programs that have no place in a machine.

#include <cstdint>
#include <utility>

#include <gtest/gtest.h>

#include "merlon/image/layout.h"
#include "merlon/image/testing/layout_promises.h"
#include "merlon/image/testing/small_image.h"
#include "merlon/sallyport/boot.h"

namespace merlon::image {
namespace {

using core::ErrorCode;
using sallyport::World;
using testing::expect_all_promises;
using testing::image_of;
using testing::small_keep;
using testing::small_shim;
using testing::TestProgram;

ErrorCode refusal(const TestProgram& shim, const TestProgram& keep, const char* name) {
  const auto image = image_of(shim.program(), keep.program(), World::Ring0);
  EXPECT_FALSE(image.has_value());
  if (image) return ErrorCode::Internal;
  EXPECT_EQ(image.error().message(), name);
  return image.error().code;
}

TEST(Layout, RefusesAShimThatIsNotWhereShimsLie) {
  constexpr const char* misplaced = "the shim does not lie where shims lie";
  EXPECT_EQ(refusal(TestProgram(true).segment(low_base, {1}, 1, Rights::ReadExecute), small_keep(),
                    misplaced),
            ErrorCode::Unsupported);
  EXPECT_EQ(refusal(TestProgram(false).segment(low_base + page_size, {1}, 1, Rights::ReadExecute),
                    small_keep(), misplaced),
            ErrorCode::Unsupported);
  EXPECT_EQ(refusal(TestProgram(false), small_keep(), misplaced), ErrorCode::Unsupported);
}

TEST(Layout, RefusesAShimThatReachesThePagesBehindIt) {
  const auto shim = [](std::uint64_t size) {
    return TestProgram(false).segment(low_base, {1}, size, Rights::ReadWrite);
  };
  EXPECT_TRUE(image_of(shim(cpuid_page - low_base).program(), small_keep().program(), World::Ring0)
                  .has_value());
  EXPECT_EQ(refusal(shim(cpuid_page - low_base + 1), small_keep(), "the shim is too large"),
            ErrorCode::Exhausted);
}

TEST(Layout, RefusesAKeepThatIsBoundToAnAddress) {
  EXPECT_EQ(refusal(small_shim(), TestProgram(false).segment(0, {1}, 1, Rights::ReadExecute),
                    "the keep's program is bound to an address"),
            ErrorCode::Unsupported);
}

TEST(Layout, RefusesAKeepThatLeavesNoMemory) {
  constexpr std::uint64_t most = main_size - sallyport::stack_size - 2 * window_size;
  const auto keep = [](std::uint64_t size) {
    return TestProgram(true).segment(0, {1}, size, Rights::ReadWrite);
  };
  const auto largest =
      image_of(small_shim().program(), keep(most).program(), World::Isolated).value();
  expect_all_promises(World::Isolated, largest);
  EXPECT_EQ(refusal(small_shim(), keep(most + 1), "the keep's program is too large"),
            ErrorCode::Exhausted);
  EXPECT_EQ(refusal(small_shim(), keep(max_memory), "the keep's program is too large"),
            ErrorCode::Exhausted);
}

TEST(Layout, RefusesMoreSegmentsThanTheBootPageHolds) {
  const auto keep = [](std::size_t count) {
    TestProgram made(true);
    for (std::size_t i = 0; i < count; ++i) {
      std::move(made).segment(i * page_size, {1}, 1, Rights::Read);
    }
    return made;
  };
  constexpr std::size_t most =
      sallyport::max_boot_regions - 4;  // and the stack, two for a vdso, and secrets
  EXPECT_TRUE(image_of(small_shim().program(), keep(most).program(), World::Ring0).has_value());
  EXPECT_EQ(refusal(small_shim(), keep(most + 1), "the keep's program has too many segments"),
            ErrorCode::Exhausted);
}

}  // namespace
}  // namespace merlon::image
