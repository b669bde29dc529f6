#include "merlon/host/sgx/simulated/page_map.h"

#include <vector>

#include <gtest/gtest.h>

namespace merlon::host::sgx::simulated {
namespace {

using sallyport::Access;

constexpr std::uint64_t page = 0x7000;
constexpr std::uint64_t read = 1, write = 2, execute = 4, pending = 8, modified = 16,
                        restricted = 32, regular = 0x200, trimmed = 0x400;
constexpr std::uint8_t read_write = 3;

PageMap with_added_page() {
  PageMap map;
  EXPECT_TRUE(map.add(page, {PageType::Regular, read_write, true, false, false}));
  map.map(0, 0x10'0000, Access::ReadWrite);
  return map;
}

TEST(PageMap, APageIsReachedOnlyOnceItIsAccepted) {
  PageMap map = with_added_page();
  EXPECT_EQ(map.reachable(page), 0);
  EXPECT_EQ(map.accept(page, read | write | pending | regular), Accepted::Yes);
  EXPECT_EQ(map.reachable(page), 3);
}

TEST(PageMap, APageIsAcceptedOnceAndExactly) {
  PageMap map = with_added_page();
  for (const std::uint64_t wrong :
       {read | pending | regular, read | write | regular,
        read | write | execute | pending | regular, read | write | pending | modified | regular,
        pending | trimmed}) {
    EXPECT_EQ(map.accept(page, wrong), Accepted::AttributesMismatch);
  }
  EXPECT_EQ(map.accept(page, read | write | pending | regular), Accepted::Yes);
  EXPECT_EQ(map.accept(page, read | write | pending | regular), Accepted::AttributesMismatch);
  EXPECT_EQ(map.accept(page, read | write | regular), Accepted::AttributesMismatch);
}

TEST(PageMap, ARestrictionIsAcceptedAsSuch) {
  PageMap map = with_added_page();
  ASSERT_EQ(map.accept(page, read | write | pending | regular), Accepted::Yes);
  map.find(page)->rights = read;
  map.find(page)->restricted = true;
  EXPECT_EQ(map.accept(page, read | write | restricted | regular), Accepted::AttributesMismatch);
  EXPECT_EQ(map.accept(page, read | restricted | regular), Accepted::Yes);
  EXPECT_EQ(map.reachable(page), 1);
}

TEST(PageMap, WhatTheProcessDoesNotMapIsNotReached) {
  PageMap map = with_added_page();
  ASSERT_EQ(map.accept(page, read | write | pending | regular), Accepted::Yes);
  map.map(page, page + page_size, Access::Read);
  EXPECT_EQ(map.reachable(page), 1);
  EXPECT_EQ(map.mapping_of(page - page_size), Access::ReadWrite);
  EXPECT_EQ(map.mapping_of(page + page_size), Access::ReadWrite);
  map.map(0, 0x10'0000, Access::None);
  EXPECT_EQ(map.reachable(page), 0);
}

using Pages = std::vector<std::uint64_t>;

Pages pages_in(const PageMap& map, std::uint64_t start, std::uint64_t end) {
  Pages pages;
  map.for_each(start, end,
               [&](std::uint64_t at, const PageEntry& /*entry*/) { pages.push_back(at); });
  return pages;
}

TEST(PageMap, PagesAreGoneThroughInOrderFromTheFirstToTheOneBeforeTheEnd) {
  PageMap map;
  constexpr std::uint64_t far = 0x20'0000;  // of another block
  for (const std::uint64_t at : {far + 0x3000, far, far - 0x1000, std::uint64_t{0x1000}}) {
    EXPECT_TRUE(map.add(at, {}));
  }
  EXPECT_EQ(pages_in(map, 0, far * 2), (Pages{0x1000, far - 0x1000, far, far + 0x3000}));
  EXPECT_EQ(pages_in(map, 0x1000, far + 0x3000), (Pages{0x1000, far - 0x1000, far}));
  EXPECT_EQ(pages_in(map, 0x2000, far), (Pages{far - 0x1000}));
  EXPECT_EQ(pages_in(map, far, far), Pages());
}

TEST(PageMap, ARemovedPageCanComeAgainAndTheOthersStay) {
  PageMap map;
  EXPECT_TRUE(map.add(page, {}));
  EXPECT_FALSE(map.add(page, {}));
  EXPECT_TRUE(map.add(page + page_size, {}));
  map.remove(page);
  map.remove(page);
  map.remove(page + 0x100'0000);
  EXPECT_EQ(map.find(page), nullptr);
  EXPECT_EQ(pages_in(map, 0, 0x100'0000), (Pages{page + page_size}));
  map.remove(page + page_size);
  EXPECT_EQ(pages_in(map, 0, 0x100'0000), Pages());
  EXPECT_TRUE(map.add(page, {}));
  EXPECT_NE(map.find(page), nullptr);
}

TEST(PageMap, MappingsCoverEachOther) {
  PageMap map;
  map.map(0x1000, 0x9000, Access::Read);
  map.map(0x3000, 0x5000, Access::ReadWrite);
  map.map(0x4000, 0x7000, Access::ReadExecute);
  EXPECT_EQ(map.mapping_of(0), Access::None);
  EXPECT_EQ(map.mapping_of(0x1000), Access::Read);
  EXPECT_EQ(map.mapping_of(0x3000), Access::ReadWrite);
  EXPECT_EQ(map.mapping_of(0x4000), Access::ReadExecute);
  EXPECT_EQ(map.mapping_of(0x6000), Access::ReadExecute);
  EXPECT_EQ(map.mapping_of(0x7000), Access::Read);
  EXPECT_EQ(map.mapping_of(0x9000), Access::None);
}

}  // namespace
}  // namespace merlon::host::sgx::simulated
