#include "merlon/image/vmsa.h"

#include <vector>

#include <gtest/gtest.h>

#include "merlon/image/first_registers.h"

namespace merlon::image {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(Vmsa, IsWhatItsPageSays) {
  for (const std::uint64_t entry :
       {std::uint64_t{0x10'0000}, std::uint64_t{0xfedc'ba98'7654'3210}}) {
    const auto page = first_registers(entry, 0x40'0000).page();
    const auto read = Vmsa::from_page(page);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->page(), page);
    EXPECT_EQ(read->rip, entry);
    EXPECT_EQ(read->cs.attributes, 0xa9b);
  }
}

TEST(Vmsa, APageOfAnotherSizeIsNone) {
  EXPECT_EQ(Vmsa::from_page(Bytes(4095)).error().code, core::ErrorCode::Malformed);
  EXPECT_EQ(Vmsa::from_page({}).error().code, core::ErrorCode::Malformed);
  EXPECT_TRUE(Vmsa::from_page(Bytes(4096)).has_value());
}

/// Each byte set is either a field's, and comes out again, or refused: nothing is lost in silence.
TEST(Vmsa, AByteThatIsNoFieldsIsRefused) {
  std::size_t taken = 0;
  for (std::size_t at = 0; at < vmsa_size; ++at) {
    Bytes page(vmsa_size);
    page[at] = 0x5a;
    const auto read = Vmsa::from_page(page);
    if (!read) {
      EXPECT_EQ(read.error().code, core::ErrorCode::Unsupported) << at;
      continue;
    }
    ++taken;
    EXPECT_EQ(read->page()[at], 0x5a) << at;
  }
  // 10 segments of 16, 2 bytes, 15 numbers of 8, MXCSR, FCW.
  EXPECT_EQ(taken, 160U + 2 + 15 * 8 + 4 + 2);
}

}  // namespace
}  // namespace merlon::image
