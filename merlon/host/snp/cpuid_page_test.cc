#include "merlon/host/snp/cpuid_page.h"

#include <cstring>

#include <gtest/gtest.h>

namespace merlon::host::snp {
namespace {

using base::CpuidLeaf;

std::uint32_t word(const CpuidPage& page, std::size_t offset) {
  std::uint32_t value = 0;
  std::memcpy(&value, page.data() + offset, sizeof value);
  return value;
}

image::KeepProcessor processor(std::vector<CpuidLeaf> leaves) {
  return {base::CpuidTable(std::move(leaves)), 7};
}

TEST(CpuidPage, HasAnEntryForEachLeafOfTheProcessor) {
  const auto page = cpuid_page(processor({{1, 5, false, {0x11, 0x22, 0x33, 0x44}},
                                          {7, 1, true, {0x55, 0, 0, 0}},
                                          {0x8000'0001, 0, false, {0, 0, 0, 0x66}}}));
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(word(*page, 0), 3U);
  EXPECT_EQ(word(*page, 0x10), 1U);
  EXPECT_EQ(word(*page, 0x14), 0U);  // ECX does not matter there
  EXPECT_EQ(word(*page, 0x28), 0x11U);
  EXPECT_EQ(word(*page, 0x2c), 0x22U);
  EXPECT_EQ(word(*page, 0x30), 0x33U);
  EXPECT_EQ(word(*page, 0x34), 0x44U);
  EXPECT_EQ(word(*page, 0x40), 7U);
  EXPECT_EQ(word(*page, 0x44), 1U);
  EXPECT_EQ(word(*page, 0x70), 0x8000'0001U);
  EXPECT_EQ(word(*page, 0x94), 0x66U);
  for (std::size_t at = 0xa0; at < page->size(); ++at) ASSERT_EQ((*page)[at], 0) << at;
}

TEST(CpuidPage, StateIsAsAtTheStart) {
  const auto page = cpuid_page(processor({{0xd, 0, true, {7, 0x340, 0x340, 0}},
                                          {0xd, 1, true, {1, 0x340, 0, 0}},
                                          {0xd, 2, true, {0x100, 0x240, 0, 0}}}));
  ASSERT_TRUE(page.has_value());
  for (const std::size_t entry : {0x10U, 0x40U}) {
    EXPECT_EQ(word(*page, entry + 8), 1U);
    EXPECT_EQ(word(*page, entry + 28), 0x240U);
  }
  EXPECT_EQ(word(*page, 0x70 + 8), 0U);
  EXPECT_EQ(word(*page, 0x70 + 28), 0x240U);
}

TEST(CpuidPage, LeavesOfHypervisorsAndEmptyOnesAreLeftOut) {
  const auto page = cpuid_page(processor({{0x4000'0000, 0, false, {1, 2, 3, 4}},
                                          {3, 0, false, {}},
                                          {0xffff, 0, false, {1, 0, 0, 0}},
                                          {0x1'0000, 0, false, {1, 0, 0, 0}}}));
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(word(*page, 0), 1U);
  EXPECT_EQ(word(*page, 0x10), 0xffffU);
}

TEST(CpuidPage, HoldsSixtyFour) {
  std::vector<CpuidLeaf> leaves;
  for (std::uint32_t i = 0; i < 64; ++i) leaves.push_back({4, i, true, {i + 1, 0, 0, 0}});
  const auto full = cpuid_page(processor(leaves));
  ASSERT_TRUE(full.has_value());
  EXPECT_EQ(word(*full, 0), 64U);
  leaves.push_back({4, 64, true, {1, 0, 0, 0}});
  EXPECT_EQ(cpuid_page(processor(leaves)).error().code, core::ErrorCode::Exhausted);
}

TEST(CpuidPage, CorrectionsAreOfAnswersOnly) {
  const auto page =
      cpuid_page(processor({{1, 0, false, {1, 2, 3, 4}}, {7, 0, true, {5, 6, 7, 8}}}));
  ASSERT_TRUE(page.has_value());
  EXPECT_TRUE(corrections(*page, *page)->empty());
  CpuidPage changed = *page;
  changed[0x40 + 24 + 4] = 0x99;
  const auto found = corrections(*page, changed);
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().leaf, 7U);
  EXPECT_EQ(found->front().asked.ebx, 6U);
  EXPECT_EQ(found->front().corrected.ebx, 0x99U);
  for (const std::size_t at : {0U, 4U, 0x10U, 0x14U, 0x18U, 0x40U, 0x38U, 0x70U, 4095U}) {
    changed = *page;
    changed[at] ^= 1;
    EXPECT_EQ(corrections(*page, changed).error().code, core::ErrorCode::Malformed) << at;
  }
  EXPECT_EQ(corrections(*page, {}).error().code, core::ErrorCode::Malformed);
}

}  // namespace
}  // namespace merlon::host::snp
