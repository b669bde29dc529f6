// The stream of a machine whose memory is encrypted: what its page tables say of each page.

#include <cstring>
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "merlon/image/layout.h"
#include "merlon/image/page_tables.h"
#include "merlon/image/testing/collected_pages.h"
#include "merlon/image/vmsa.h"

namespace merlon::image {
namespace {

using sallyport::missing_page;
using sallyport::private_bit;
using sallyport::World;

constexpr std::uint64_t large = 0x80;
constexpr std::uint64_t address_mask = 0x0007'ffff'ffff'f000;

/// Keeps the tables and the first registers as they come, and which pages come.
class Stream final : public PageSink {
 public:
  core::Result<void> put(PageKind kind, std::uint64_t address, core::ByteView bytes) override {
    if (kind == PageKind::Vmsa) {
      registers = Vmsa::from_page(bytes).value();
      return {};
    }
    for (std::uint64_t at = address; at < address + bytes.size(); at += page_size) pages.insert(at);
    if (address == table_base) {
      tables.assign(bytes.begin(), bytes.end());
    } else if (address == boot_page) {
      std::memcpy(&boot, bytes.data(), sizeof boot);
    }
    return {};
  }

  std::set<std::uint64_t> pages;
  std::vector<std::uint8_t> tables;
  sallyport::BootInfo boot{};
  Vmsa registers;
};

/// Programs with zeros, gaps and pages that begin in the middle.
struct Programs {
  explicit Programs(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    bytes.assign(40 * page_size, 0x5a);
    shim.entry = low_base;
    shim.segments = {
        {low_base, 5000, core::ByteView(bytes).first(5000), Rights::ReadExecute},
        {low_base + 0x3000, 0x4000, core::ByteView(bytes).first(16), Rights::ReadWrite}};
    keep.position_independent = true;
    std::uint64_t at = random() % 2 * page_size;
    for (std::uint64_t i = 0; i < 1 + random() % 6; ++i) {
      const std::uint64_t has = random() % (30 * page_size);
      const std::uint64_t size = has + 1 + random() % (random() % 2 == 0 ? 10 : 600) * page_size;
      keep.segments.push_back(
          {at, size, core::ByteView(bytes).first(has), static_cast<Rights>(random() % 3)});
      at = (at + size + page_size - 1) / page_size * page_size + random() % 3 * page_size +
           random() % 2 * 0x80;
    }
    if (random() % 2 == 0) shim.vdso = core::ByteView(bytes).first(100);
  }
  std::vector<std::uint8_t> bytes;
  Program shim, keep;
};

Stream stream_of(const Programs& programs, const MachineForm& form) {
  Stream stream;
  EXPECT_TRUE(lay_out(programs.shim, programs.keep, form, stream));
  return stream;
}

std::uint64_t word_at(const std::vector<std::uint8_t>& tables, std::uint64_t physical) {
  std::uint64_t word = 0;
  std::memcpy(&word, &tables.at(physical - table_base), sizeof word);
  return word;
}

/// Entries of the lowest level by address, those that are not present too; all above are looked at.
std::map<std::uint64_t, std::uint64_t> entries_of(const std::vector<std::uint8_t>& tables,
                                                  std::uint64_t wanted_above) {
  std::map<std::uint64_t, std::uint64_t> found;
  const auto descend = [&](const auto& self, std::uint64_t table, std::uint64_t address,
                           unsigned level) -> void {
    for (std::uint64_t i = 0; i < 512; ++i) {
      const std::uint64_t word = word_at(tables, table + 8 * i);
      const std::uint64_t at = address + (i << (12 + 9 * level));
      if (word == 0) continue;
      if (level == 0 || (word & large) != 0) {
        found[at] = word;
      } else {
        EXPECT_EQ(word & ~address_mask, 7 | wanted_above) << std::hex << at;
        self(self, word & address_mask, at, level - 1);
      }
    }
  };
  descend(descend, table_base, 0, 3);
  return found;
}

bool is_shared(std::uint64_t address) {
  return (address >= block_base && address < block_base + block_size) ||
         (address >= messages_base && address < messages_base + messages_size);
}

constexpr MachineForm encrypted{.world = World::Ring0, .attested = true};

TEST(EncryptedLayout, EveryPageIsPrivateButThoseThatAreShared) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const Stream stream = stream_of(Programs(seed), encrypted);
    std::size_t shared = 0;
    for (const auto& [address, word] : entries_of(stream.tables, private_bit)) {
      EXPECT_EQ((word & private_bit) == 0, is_shared(address)) << std::hex << address;
      shared += is_shared(address) ? 1U : 0U;
    }
    EXPECT_EQ(shared, (block_size + messages_size) / page_size);
  }
}

/// The shim takes what is marked, so each page comes from the launch or from it, and never from
/// both.
TEST(EncryptedLayout, WhatTheLaunchLeavesOutIsMarkedAndNothingElse) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Stream stream = stream_of(Programs(seed), encrypted);
    std::size_t marked = 0;
    for (const auto& [address, word] : entries_of(stream.tables, private_bit)) {
      const bool of_keep = address >= sallyport::user_start && address < sallyport::user_end;
      const bool is_missing = (word & missing_page) != 0;
      if (!of_keep) {
        EXPECT_FALSE(is_missing) << std::hex << address;
        const bool direct = address >= sallyport::direct_map;
        if (direct || is_shared(address)) continue;
        EXPECT_TRUE(stream.pages.contains(address)) << std::hex << address;
        continue;
      }
      const std::uint64_t size = (word & large) != 0 ? window_size : page_size;
      for (std::uint64_t at = word & address_mask; at < (word & address_mask) + size;
           at += page_size) {
        EXPECT_EQ(stream.pages.contains(at), !is_missing) << seed << std::hex << " " << address;
        ++marked;
      }
    }
    // Every page of the keep's windows and of its stack has an entry.
    EXPECT_EQ(marked, (stream.boot.pool_base - main_base) / page_size);
  }
}

TEST(EncryptedLayout, TheFirstRegistersSayThatTheTablesArePrivate) {
  EXPECT_EQ(stream_of(Programs(1), encrypted).registers.cr3, private_bit | table_base);
  const MachineForm collapsed{.world = World::Collapsed, .attested = true};
  EXPECT_EQ(stream_of(Programs(1), collapsed).registers.cr3, table_base);
}

TEST(EncryptedLayout, NothingIsPrivateOrMissingElsewhere) {
  for (const MachineForm form :
       {MachineForm{World::Ring0, false}, MachineForm{World::Collapsed, true},
        MachineForm{World::Isolated, true}}) {
    const Stream stream = stream_of(Programs(3), form);
    for (const auto& [address, word] : entries_of(stream.tables, 0)) {
      EXPECT_EQ(word & (private_bit | missing_page), 0U) << std::hex << address;
      EXPECT_FALSE(address >= messages_base && address < messages_base + messages_size);
    }
  }
}

TEST(EncryptedLayout, WithoutPrivacyLeadsToTheSamePages) {
  const Stream stream = stream_of(Programs(4), encrypted);
  const auto plain = without_privacy(stream.tables);
  ASSERT_EQ(plain.size(), stream.tables.size());
  const auto before = entries_of(stream.tables, private_bit);
  const auto after = entries_of(plain, 0);
  ASSERT_EQ(before.size(), after.size());
  for (const auto& [address, word] : before) {
    EXPECT_EQ(after.at(address), word & ~(private_bit | missing_page)) << std::hex << address;
  }
}

TEST(EncryptedLayout, ThePagesForMessagesLieApart) {
  EXPECT_GE(messages_base, block_base + block_size);
  EXPECT_LE(messages_base + messages_size, main_base);
  EXPECT_EQ(sallyport::ghcb_page % page_size, 0U);
  EXPECT_EQ(messages_size, (3 + 16) * page_size);
}

}  // namespace
}  // namespace merlon::image
