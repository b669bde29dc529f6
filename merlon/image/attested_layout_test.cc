// The stream of a machine that a security processor measures.

#include <algorithm>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "merlon/core/attest_call.h"
#include "merlon/image/layout.h"
#include "merlon/image/testing/collected_pages.h"
#include "merlon/image/testing/small_image.h"
#include "merlon/image/vmsa.h"
#include "merlon/sallyport/boot.h"

namespace merlon::image {
namespace {

using sallyport::BootInfo;
using sallyport::World;
using testing::CollectedPages;
using testing::small_image;
using testing::small_keep;
using testing::small_shim;
using testing::TestProgram;

/// A sink that only notes which kinds lie where.
class Kinds final : public PageSink {
 public:
  core::Result<void> put(PageKind kind, std::uint64_t address, core::ByteView bytes) override {
    if (kind != PageKind::Normal) special_.push_back({kind, address, bytes.size()});
    return {};
  }
  struct Special {
    PageKind kind;
    std::uint64_t address;
    std::size_t size;
    bool operator==(const Special&) const = default;
  };
  [[nodiscard]] const std::vector<Special>& special() const { return special_; }

 private:
  std::vector<Special> special_;
};

TEST(AttestedLayout, HasThePagesOfASecurityProcessor) {
  Kinds kinds;
  const TestProgram shim = small_shim();
  const TestProgram keep = small_keep();
  ASSERT_TRUE(lay_out(shim.program(), keep.program(), {.attested = true}, kinds));
  // Behind the keep a page that is not there, room for a vdso, and another that is not there.
  const std::uint64_t secrets = main_base + keep.program().end() + 4 * page_size;
  const std::vector<Kinds::Special> wanted{
      {PageKind::Zero, low_base + 0x4000, 0x3000},
      {PageKind::Secrets, secrets, page_size},
      {PageKind::Cpuid, cpuid_page, page_size},
      {PageKind::Vmsa, vmsa_address, vmsa_size},
  };
  EXPECT_EQ(kinds.special(), wanted);
}

TEST(AttestedLayout, TheKeepOwnsThePageOfSecretsAndFindsIt) {
  CollectedPages pages;
  const TestProgram keep = small_keep();
  ASSERT_TRUE(lay_out(small_shim().program(), keep.program(), {.attested = true}, pages));
  const std::uint64_t secrets = sallyport::user_start + keep.program().end() + 4 * page_size;
  const auto boot = pages.read<BootInfo>(boot_page);
  const auto end = boot.regions + boot.region_count;
  const auto region = std::find_if(boot.regions, end, [&](const sallyport::BootRegion& each) {
    return each.start == secrets && each.end == secrets + page_size;
  });
  ASSERT_NE(region, end);
  EXPECT_EQ(region->access, sallyport::Access::ReadWrite);
  EXPECT_LT(secrets, boot.break_start);
  // The auxiliary vector lies in the stack's last page, words on their own places.
  const std::uint64_t stack = boot.pool_base - page_size;
  std::uint64_t found = 0;
  for (std::uint64_t at = 0; at + 16 <= page_size; at += 8) {
    if (pages.read<std::uint64_t>(stack + at) == core::secrets_page_tag) {
      found = pages.read<std::uint64_t>(stack + at + 8);
    }
  }
  EXPECT_EQ(found, secrets);
}

TEST(AttestedLayout, IsAnotherStream) {
  CollectedPages pages;
  ASSERT_TRUE(lay_out(small_shim().program(), small_keep().program(), {.attested = true}, pages));
  EXPECT_NE(pages.stream(), small_image(World::Ring0).memory.stream());
  EXPECT_EQ(pages.repeated(), 0U);
  EXPECT_EQ(pages.misplaced(), 0U);
}

}  // namespace
}  // namespace merlon::image
