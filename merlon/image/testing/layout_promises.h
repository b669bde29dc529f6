#pragma once

// For tests: what every layout promises, read off the page tables as a processor reads them.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "merlon/image/layout.h"
#include "merlon/image/page_tables.h"
#include "merlon/image/testing/collected_pages.h"
#include "merlon/image/testing/small_image.h"
#include "merlon/sallyport/boot.h"

namespace merlon::image::testing {

inline constexpr std::uint64_t main_end = main_base + main_size;
inline constexpr std::uint64_t table_size = 4096;

/// One entry at the last level of the page tables.
struct Mapping {
  std::uint64_t address = 0;
  std::uint64_t physical = 0;
  std::uint64_t size = page_size;
  bool writable = false;
  bool user = false;
  bool executable = false;

  [[nodiscard]] bool is_direct() const { return address >= sallyport::direct_map; }
};

/// Follows tables of four levels as a processor does [INTEL SDM 3A §4.5]. Rights are decided at the
/// last level; that those above allow all is a promise, and expected here.
class Walker {
 public:
  explicit Walker(const CollectedPages& memory) : memory_(memory) {}

  std::vector<Mapping> walk(std::uint64_t root) {
    descend(root, 0, 3);
    return std::move(found_);
  }

 private:
  static constexpr std::uint64_t address_bits = 0x000f'ffff'ffff'f000;

  void descend(std::uint64_t table, std::uint64_t address, unsigned level) {
    EXPECT_TRUE(memory_.has(table)) << "a table that was not put: " << std::hex << table;
    std::array<std::uint64_t, 512> entries{};
    std::memcpy(entries.data(), memory_.page(table).data(), table_size);
    EXPECT_TRUE(table >= table_base && table < table_end) << std::hex << table;
    for (std::uint64_t i = 0; i < 512; ++i) {
      const std::uint64_t entry = entries[i];
      if ((entry & 1U) == 0) continue;
      const std::uint64_t at = address + (i << (12 + 9 * level));
      const bool large = level == 1 && (entry & 0x80U) != 0;
      if (level == 0 || large) {
        add(at, entry, large);
        continue;
      }
      EXPECT_EQ(entry & ~address_bits, 7U) << "a table above the last level: " << std::hex << at;
      descend(entry & address_bits, at, level - 1);
    }
  }

  void add(std::uint64_t address, std::uint64_t entry, bool large) {
    const std::uint64_t size = large ? window_size : page_size;
    const std::uint64_t physical = entry & address_bits;
    EXPECT_LT(address, std::uint64_t{1} << 47U);
    EXPECT_EQ(physical % size, 0U) << std::hex << address;
    found_.push_back(
        {address, physical, size, (entry & 2U) != 0, (entry & 4U) != 0, (entry >> 63U) == 0});
  }

  const CollectedPages& memory_;
  std::vector<Mapping> found_;
};

inline std::vector<Mapping> mappings_of(const Image& image) {
  return Walker(image.memory).walk(image.layout.page_table);
}

/// Whether [start, start + size) of physical memory meets [low, high).
inline bool meets(const Mapping& mapping, std::uint64_t low, std::uint64_t high) {
  return mapping.physical < high && low < mapping.physical + mapping.size;
}

inline void expect_pages_once_and_inside(const Image& image) {
  EXPECT_EQ(image.memory.misplaced(), 0U);
  EXPECT_EQ(image.memory.special(), 0U);
  EXPECT_EQ(image.memory.repeated(), 0U);
  for (const Page& page : image.memory.stream()) {
    EXPECT_TRUE(page.address >= low_base && page.address < main_end) << std::hex << page.address;
  }
}

inline void expect_nothing_writable_and_executable(const std::vector<Mapping>& mappings) {
  for (const Mapping& each : mappings) {
    EXPECT_FALSE(each.writable && each.executable) << std::hex << each.address;
    EXPECT_TRUE(each.physical >= low_base && each.physical + each.size <= main_end)
        << std::hex << each.address << " leads to " << each.physical;
  }
}

/// The direct map is the shim's and holds nothing but what it must change itself; beside it every
/// page of memory has one address.
inline void expect_one_address_for_each_page(const std::vector<Mapping>& mappings) {
  std::map<std::uint64_t, std::uint64_t> address_of;
  for (const Mapping& each : mappings) {
    if (each.is_direct()) {
      EXPECT_EQ(each.address, sallyport::direct_map + each.physical);
      EXPECT_TRUE(each.writable);
      EXPECT_TRUE(each.physical >= main_base || meets(each, table_base, table_end));
      continue;
    }
    for (std::uint64_t at = 0; at < each.size; at += page_size) {
      const auto other = address_of.emplace(each.physical + at, each.address + at);
      EXPECT_TRUE(other.second) << std::hex << each.physical + at << " is at " << each.address + at
                                << " and at " << other.first->second;
    }
  }
}

/// What ring 3 may use: all in Collapsed, else the keep's own addresses, which lead to its memory.
inline void expect_user_pages_of(sallyport::World world, const Image& image,
                                 const std::vector<Mapping>& mappings) {
  for (const Mapping& each : mappings) {
    const bool keeps = each.address >= sallyport::user_start && each.address < sallyport::user_end;
    EXPECT_EQ(each.user, keeps || world == sallyport::World::Collapsed) << std::hex << each.address;
    const bool of_keep = each.physical >= main_base && each.physical < image.layout.free;
    EXPECT_EQ(keeps, of_keep && !each.is_direct()) << std::hex << each.address;
  }
}

/// What the shim takes from at run time is whole, empty and nobody's.
inline void expect_pools_are_free(const Image& image, const std::vector<Mapping>& mappings) {
  const sallyport::BootInfo& boot = image.boot;
  const std::uint64_t tables_end = boot.table_base + boot.table_size;
  const std::uint64_t pool_end = boot.pool_base + boot.pool_size;
  EXPECT_EQ(boot.table_base % table_size, 0U);
  EXPECT_GT(boot.table_base, table_base);
  EXPECT_EQ(tables_end, table_end);
  EXPECT_EQ(boot.pool_base % window_size, 0U);
  EXPECT_EQ(boot.pool_base, image.layout.free);
  EXPECT_EQ(pool_end, main_end);
  EXPECT_GE(boot.pool_size, 2 * window_size);
  EXPECT_FALSE(image.memory.has_any(boot.table_base, tables_end));
  EXPECT_FALSE(image.memory.has_any(boot.pool_base, pool_end));
  EXPECT_FALSE(image.memory.has_any(block_base, block_base + block_size)) << "the host's to fill";
  std::uint64_t reachable = 0;
  for (const Mapping& each : mappings) {
    const bool pooled =
        meets(each, boot.table_base, tables_end) || meets(each, boot.pool_base, pool_end);
    if (!pooled) continue;
    EXPECT_TRUE(each.is_direct()) << std::hex << each.address;
    reachable += each.size;
  }
  EXPECT_EQ(reachable, boot.pool_size + (table_end - table_base));
}

inline sallyport::Access access_of(const Mapping& mapping) {
  if (mapping.executable) return sallyport::Access::ReadExecute;
  return mapping.writable ? sallyport::Access::ReadWrite : sallyport::Access::Read;
}

/// The regions of the boot page are the keep's pages, with their rights, and no others.
inline void expect_regions_match(const Image& image, const std::vector<Mapping>& mappings) {
  std::uint64_t told = 0;
  std::uint64_t mapped = 0;
  ASSERT_LE(image.boot.region_count, sallyport::max_boot_regions);
  const std::span regions(image.boot.regions, image.boot.region_count);
  for (const sallyport::BootRegion& region : regions) told += region.end - region.start;
  for (const Mapping& each : mappings) {
    if (each.address < sallyport::user_start || each.address >= sallyport::user_end) continue;
    mapped += each.size;
    const auto region = std::ranges::find_if(regions, [&](const sallyport::BootRegion& one) {
      return each.address >= one.start && each.address + each.size <= one.end;
    });
    ASSERT_NE(region, regions.end()) << std::hex << each.address;
    EXPECT_EQ(region->access, access_of(each)) << std::hex << each.address;
  }
  EXPECT_EQ(told, mapped);
}

/// What `segment` makes of the page at `address`: its bytes, and zeros around them.
inline PageBytes wanted_page(const Segment& segment, std::uint64_t address) {
  PageBytes page{};
  for (std::size_t i = 0; i < page_size; ++i) {
    const std::uint64_t offset = address + i - segment.address;  // below the segment it wraps
    if (offset < segment.bytes.size()) page[i] = segment.bytes[offset];
  }
  return page;
}

inline void expect_content(const Image& image, const Program& program,
                           std::uint64_t physical_base) {
  for (const Segment& segment : program.segments) {
    const std::uint64_t end = segment.address + segment.memory_size;
    for (std::uint64_t at = segment.address & ~(page_size - 1); at < end; at += page_size) {
      const bool has_bytes = at < segment.address + segment.bytes.size();
      const PageBytes& found = image.memory.page(physical_base + at);
      EXPECT_TRUE(found == (has_bytes ? wanted_page(segment, at) : PageBytes{})) << std::hex << at;
    }
  }
}

inline void expect_all_promises(sallyport::World world, const Image& image) {
  const std::vector<Mapping> mappings = mappings_of(image);
  expect_pages_once_and_inside(image);
  expect_nothing_writable_and_executable(mappings);
  expect_one_address_for_each_page(mappings);
  expect_user_pages_of(world, image, mappings);
  expect_pools_are_free(image, mappings);
  expect_regions_match(image, mappings);
}

}  // namespace merlon::image::testing
