#include "merlon/shim/snp/cpuid_page.h"

#include <array>
#include <cstring>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "merlon/shim/snp/testing/cpuid.h"

namespace merlon::shim::snp {
namespace {

using testing::Leaf;
using testing::page_of;
using testing::usual_leaves;

Leaf& leaf_of(std::vector<Leaf>& leaves, std::uint32_t leaf, std::uint32_t subleaf = 0) {
  for (Leaf& each : leaves) {
    if (each.leaf == leaf && each.subleaf == subleaf) return each;
  }
  std::abort();
}

Trouble trouble_of(const std::vector<Leaf>& leaves) { return Cpuid().begin(page_of(leaves)); }

TEST(CpuidPage, AnswersWhatItHasAndZerosElse) {
  Cpuid cpuid;
  ASSERT_EQ(cpuid.begin(page_of(usual_leaves())), Trouble{});
  EXPECT_EQ(cpuid.answer(0, 0), (CpuidAnswer{0xd, 0x6874'7541, 0x444d'4163, 0x6974'6e65}));
  EXPECT_EQ(cpuid.answer(0x8000'001f, 77).ebx, 51U) << "a leaf without subleaves";
  EXPECT_EQ(cpuid.answer(7, 0).ebx, 0x1a9U);
  EXPECT_EQ(cpuid.answer(7, 5), CpuidAnswer{});
  EXPECT_EQ(cpuid.answer(0x4000'0000, 0), CpuidAnswer{});
  EXPECT_EQ(cpuid.answer(0x1234, 0), CpuidAnswer{});
  EXPECT_TRUE(cpuid.has_no_user_code());
  auto leaves = usual_leaves();
  leaf_of(leaves, 7).answer.ebx &= ~(1U << 7U);
  Cpuid older;
  ASSERT_EQ(older.begin(page_of(leaves)), Trouble{});
  EXPECT_FALSE(older.has_no_user_code());
}

TEST(CpuidPage, OfALeafWithoutSubleavesTheNumberSaysNothing) {
  auto leaves = usual_leaves();
  leaf_of(leaves, 0x8000'001f).subleaf = 3;
  Cpuid cpuid;
  ASSERT_EQ(cpuid.begin(page_of(leaves)), Trouble{});
  EXPECT_EQ(cpuid.answer(0x8000'001f, 0).ebx, 51U);
}

TEST(CpuidPage, SaysThatStatesAreOnAndHowLargeTheyAre) {
  Cpuid cpuid;
  auto leaves = usual_leaves();
  leaf_of(leaves, 1).answer.ecx &= ~(1U << 27U);
  leaf_of(leaves, 0xd).answer = {7, 99, 98, 0};
  leaf_of(leaves, 0xd, 1).answer = {0xf, 97, 96, 95};
  ASSERT_EQ(cpuid.begin(page_of(leaves)), Trouble{});
  EXPECT_EQ(cpuid.extended_state(), 7U);
  EXPECT_NE(cpuid.answer(1, 0).ecx & 1U << 27U, 0U);
  EXPECT_EQ(cpuid.answer(0xd, 0), (CpuidAnswer{7, 0x340, 0x340, 0}));
  EXPECT_EQ(cpuid.answer(0xd, 1), (CpuidAnswer{0xf, 0x340, 0, 0}));
  EXPECT_EQ(cpuid.answer(0xd, 2), (CpuidAnswer{0x100, 0x240, 0, 0}));
}

/// Bit 4 says that an operating system has switched them on [INTEL 2A CPUID]: the shim has not.
TEST(CpuidPage, SaysThatProtectionKeysAreOff) {
  Cpuid cpuid;
  auto leaves = usual_leaves();
  leaf_of(leaves, 7).answer.ecx = 0x18;
  leaves.push_back({7, 1, {0, 0, 0x18, 0}});
  ASSERT_EQ(cpuid.begin(page_of(leaves)), Trouble{});
  EXPECT_EQ(cpuid.answer(7, 0).ecx, 0x8U);
  EXPECT_EQ(cpuid.answer(7, 1).ecx, 0x18U) << "another leaf's bit";
}

TEST(CpuidPage, StatesThatTheKeepHasNotAreNotThere) {
  Cpuid cpuid;
  auto leaves = usual_leaves();
  leaf_of(leaves, 0xd).answer.eax = 0x207;  // and protection keys
  leaf_of(leaves, 0xd).answer.edx = 4;
  leaves.push_back({0xd, 9, {8, 0xa80, 0, 0}});
  ASSERT_EQ(cpuid.begin(page_of(leaves)), Trouble{});
  EXPECT_EQ(cpuid.extended_state(), 7U);
  EXPECT_EQ(cpuid.answer(0xd, 9), CpuidAnswer{});
  EXPECT_EQ(cpuid.answer(0xd, 0), (CpuidAnswer{7, 0x340, 0x340, 0}));
  EXPECT_EQ(cpuid.answer(0xd, 64), CpuidAnswer{});
  EXPECT_EQ(cpuid.answer(0xd, 0xffff'ffff), CpuidAnswer{});
}

TEST(CpuidPage, TheLargestStateOfAKeepIsTaken) {
  Cpuid cpuid;
  auto leaves = usual_leaves();
  leaf_of(leaves, 0xd).answer.eax = 0xe7;
  leaves.push_back({0xd, 5, {0x48, 0x340, 0, 0}});
  leaves.push_back({0xd, 6, {0x200, 0x388, 0, 0}});
  leaves.push_back({0xd, 7, {0x400, 0x5c0, 2, 0}});  // aligned, in the compacted form
  ASSERT_EQ(cpuid.begin(page_of(leaves)), Trouble{});
  EXPECT_EQ(cpuid.extended_state(), 0xe7U);
  EXPECT_EQ(cpuid.answer(0xd, 0).ebx, 0x9c0U);
  EXPECT_EQ(cpuid.answer(0xd, 1).ebx, 0x5c0U + 0x400) << "not at 0x588";
  leaf_of(leaves, 0xd, 7).answer.ecx = 0;
  Cpuid packed;
  ASSERT_EQ(packed.begin(page_of(leaves)), Trouble{});
  EXPECT_EQ(packed.answer(0xd, 1).ebx, 0x588U + 0x400);
}

TEST(CpuidPage, APlaceThatCannotBeIsNone) {
  for (const CpuidAnswer place :
       {CpuidAnswer{0, 0x240, 0, 0}, CpuidAnswer{0x100, 0x23f, 0, 0},
        CpuidAnswer{0x4001, 0x240, 0, 0}, CpuidAnswer{0x100, 0x4001, 0, 0},
        CpuidAnswer{0xffff'ffff, 0x240, 0, 0}, CpuidAnswer{0x100, 0xffff'ff00, 0, 0}}) {
    auto leaves = usual_leaves();
    leaf_of(leaves, 0xd, 2).answer = place;
    EXPECT_EQ(trouble_of(leaves), Reason::Processor);
  }
}

TEST(CpuidPage, TheFirstPlaceAndTheLargestAreStillGood) {
  for (const CpuidAnswer place : {CpuidAnswer{1, 0x240, 0, 0}, CpuidAnswer{0x4000, 0x4000, 0, 0}}) {
    auto leaves = usual_leaves();
    leaf_of(leaves, 0xd, 2).answer = place;
    EXPECT_EQ(trouble_of(leaves), Trouble{}) << place.eax;
  }
}

TEST(CpuidPage, IsOfASizeAndHasAsManyFunctionsAsItCan) {
  auto page = page_of(usual_leaves());
  for (const std::uint32_t count : {0U, 65U, 85U, 0x8000'0000U, 0xffff'ffffU}) {
    std::memcpy(page.data(), &count, 4);
    EXPECT_EQ(Cpuid().begin(page), Reason::Cpuid) << count;
  }
  EXPECT_EQ(Cpuid().begin(core::ByteView(page).first(4095)), Reason::Cpuid);
  auto leaves = usual_leaves();
  while (leaves.size() < Cpuid::most) leaves.push_back({0xb, 64, {1, 2, 3, 4}});
  EXPECT_EQ(trouble_of(leaves), Trouble{});
}

TEST(CpuidPage, TheFirstOfTwoCounts) {
  auto leaves = usual_leaves();
  leaves.push_back({7, 0, {0, 0, 0, 0}});
  leaves.push_back({0x8000'001f, 3, {0, 47, 0, 0}});
  Cpuid cpuid;
  ASSERT_EQ(cpuid.begin(page_of(leaves)), Trouble{});
  EXPECT_EQ(cpuid.answer(7, 0).ebx, 0x1a9U);
}

TEST(CpuidPage, AHypervisorsLeavesAreNobodys) {
  auto leaves = usual_leaves();
  leaves.push_back({0x4000'0000, 0, {1, 2, 3, 4}});
  leaves.push_back({0xc000'0000, 0, {1, 2, 3, 4}});
  Cpuid cpuid;
  ASSERT_EQ(cpuid.begin(page_of(leaves)), Trouble{});
  EXPECT_EQ(cpuid.answer(0x4000'0000, 0), CpuidAnswer{});
  EXPECT_EQ(cpuid.answer(0xc000'0000, 0), CpuidAnswer{});
}

TEST(CpuidPage, OnlyOneBitSaysPrivate) {
  for (std::uint32_t bit = 0; bit < 64; ++bit) {
    auto leaves = usual_leaves();
    leaf_of(leaves, 0x8000'001f).answer.ebx = bit | 0x1000;
    EXPECT_EQ(trouble_of(leaves), bit == 51 ? Trouble{} : Reason::Encryption) << bit;
  }
  auto leaves = usual_leaves();
  std::erase_if(leaves, [](const Leaf& each) { return each.leaf == 0x8000'001f; });
  EXPECT_EQ(trouble_of(leaves), Reason::Encryption);
}

TEST(CpuidPage, WhatEveryKeepNeedsIsThere) {
  for (const unsigned bit : {26U, 28U, 30U}) {
    auto leaves = usual_leaves();
    leaf_of(leaves, 1).answer.ecx &= ~(1U << bit);
    EXPECT_EQ(trouble_of(leaves), Reason::Processor) << bit;
  }
  for (const std::uint32_t gone : {1U, 7U, 0xdU}) {
    auto leaves = usual_leaves();
    std::erase_if(leaves, [=](const Leaf& each) { return each.leaf == gone; });
    EXPECT_EQ(trouble_of(leaves), Reason::Processor) << gone;
  }
}

TEST(CpuidPage, AskingForAllLeavesEnds) {
  auto leaves = usual_leaves();
  for (const std::uint32_t last : {0xffff'ffffU, 0x7fff'ffffU, 0x8000'0000U, 0x1'0000U}) {
    leaf_of(leaves, 0).answer.eax = last;
    leaf_of(leaves, 0x8000'0000).answer.eax = last;
    Cpuid cpuid;
    ASSERT_EQ(cpuid.begin(page_of(leaves)), Trouble{});
    EXPECT_LT(cpuid.answer(0, 0).eax, 0x1'0000U) << last;
    EXPECT_EQ(cpuid.answer(0x8000'0000, 0).eax, 0x8000'0000U) << last;
  }
}

/// Whatever a host writes: a page is refused, or its answers hang together.
TEST(CpuidPage, AnyPageIsRefusedOrHangsTogether) {
  const auto good = page_of(usual_leaves());
  unsigned taken = 0;
  for (std::uint64_t seed = 1; seed <= 20000; ++seed) {
    std::mt19937_64 random(seed);
    auto page = good;
    for (std::uint64_t i = 0; i < 1 + seed % 4; ++i) {
      page[random() % 1024] ^= static_cast<std::uint8_t>(1U << random() % 8);
    }
    Cpuid cpuid;
    if (cpuid.begin(page)) continue;
    ++taken;
    EXPECT_EQ(cpuid.extended_state() & 7, 7U);
    EXPECT_GE(cpuid.answer(0xd, 0).ebx, 0x240U);
    EXPECT_LE(cpuid.answer(0xd, 0).ebx, 0x8000U);
    EXPECT_LE(cpuid.answer(0xd, 1).ebx, 0x20000U);
  }
  EXPECT_GT(taken, 1000U);
}

}  // namespace
}  // namespace merlon::shim::snp
