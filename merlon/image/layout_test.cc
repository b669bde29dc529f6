#include "merlon/image/layout.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <map>
#include <random>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "merlon/core/attest_call.h"
#include "merlon/image/first_registers.h"
#include "merlon/image/page_tables.h"
#include "merlon/image/testing/collected_pages.h"
#include "merlon/sallyport/boot.h"

namespace merlon::image {
namespace {

using core::ErrorCode;
using sallyport::Access;
using sallyport::BootInfo;
using sallyport::World;
using testing::CollectedPages;

constexpr std::uint64_t main_end = main_base + main_size;
constexpr std::uint64_t table_size = 4096;
constexpr World worlds[] = {World::Ring0, World::Collapsed, World::Isolated};

/// A program that owns its segments' bytes, and the vdso's.
class TestProgram {
 public:
  explicit TestProgram(bool position_independent) {
    program_.position_independent = position_independent;
  }
  TestProgram(TestProgram&&) = default;
  TestProgram(const TestProgram&) = delete;
  TestProgram& operator=(const TestProgram&) = delete;
  TestProgram& operator=(TestProgram&&) = delete;
  ~TestProgram() = default;

  TestProgram&& segment(std::uint64_t address, std::vector<std::uint8_t> bytes,
                        std::uint64_t memory_size, Rights rights) && {
    contents_.push_back(std::move(bytes));
    program_.segments.push_back({address, memory_size, contents_.back(), rights});
    return std::move(*this);
  }
  TestProgram&& lending(std::vector<std::uint8_t> vdso) && {
    contents_.push_back(std::move(vdso));
    program_.vdso = contents_.back();
    return std::move(*this);
  }
  [[nodiscard]] std::vector<std::uint8_t>& content(std::size_t index) { return contents_[index]; }
  [[nodiscard]] Program& program() { return program_; }
  [[nodiscard]] const Program& program() const { return program_; }

 private:
  std::deque<std::vector<std::uint8_t>> contents_;
  Program program_;
};

std::vector<std::uint8_t> filled(std::size_t size, std::uint8_t with) {
  return std::vector<std::uint8_t>(size, with);
}

TestProgram small_shim() {
  TestProgram shim = TestProgram(false)
                         .segment(low_base, filled(5000, 0x11), 5000, Rights::ReadExecute)
                         .segment(low_base + 0x2000, filled(100, 0x12), 100, Rights::Read)
                         .segment(low_base + 0x3000, filled(16, 0x13), 0x4000, Rights::ReadWrite);
  shim.program().entry = low_base + 0x40;
  return shim;
}

/// Its last segment starts within a page and has more memory than bytes.
TestProgram small_keep() {
  TestProgram keep = TestProgram(true)
                         .segment(0, filled(0x1234, 0x21), 0x1234, Rights::Read)
                         .segment(0x2000, filled(0x3000, 0x22), 0x3000, Rights::ReadExecute)
                         .segment(0x20'0e80, filled(0x300, 0x23), 0x5000, Rights::ReadWrite);
  keep.program().entry = 0x2100;
  keep.program().headers = 0x40;
  keep.program().header_count = 5;
  return keep;
}

/// A machine's memory as the stream fills it.
struct Image {
  CollectedPages memory;
  Layout layout;
  BootInfo boot{};
};

core::Result<Image> image_of(const Program& shim, const Program& keep, World world) {
  Image image;
  image.layout = TRY(lay_out(shim, keep, {.world = world}, image.memory));
  image.boot = image.memory.read<BootInfo>(boot_page);
  return image;
}

Image small_image(World world) {
  return image_of(small_shim().program(), small_keep().program(), world).value();
}

ErrorCode refusal(const TestProgram& shim, const TestProgram& keep, const char* name) {
  const auto image = image_of(shim.program(), keep.program(), World::Ring0);
  EXPECT_FALSE(image.has_value());
  if (image) return ErrorCode::Internal;
  EXPECT_EQ(image.error().message(), name);
  return image.error().code;
}

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

std::vector<Mapping> mappings_of(const Image& image) {
  return Walker(image.memory).walk(image.layout.page_table);
}

/// Whether [start, start + size) of physical memory meets [low, high).
bool meets(const Mapping& mapping, std::uint64_t low, std::uint64_t high) {
  return mapping.physical < high && low < mapping.physical + mapping.size;
}

void expect_pages_once_and_inside(const Image& image) {
  EXPECT_EQ(image.memory.misplaced(), 0U);
  EXPECT_EQ(image.memory.special(), 0U);
  EXPECT_EQ(image.memory.repeated(), 0U);
  for (const testing::Page& page : image.memory.stream()) {
    EXPECT_TRUE(page.address >= low_base && page.address < main_end) << std::hex << page.address;
  }
}

void expect_nothing_writable_and_executable(const std::vector<Mapping>& mappings) {
  for (const Mapping& each : mappings) {
    EXPECT_FALSE(each.writable && each.executable) << std::hex << each.address;
    EXPECT_TRUE(each.physical >= low_base && each.physical + each.size <= main_end)
        << std::hex << each.address << " leads to " << each.physical;
  }
}

/// The direct map is the shim's and holds nothing but what it must change itself; beside it every
/// page of memory has one address.
void expect_one_address_for_each_page(const std::vector<Mapping>& mappings) {
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
void expect_user_pages_of(World world, const Image& image, const std::vector<Mapping>& mappings) {
  for (const Mapping& each : mappings) {
    const bool keeps = each.address >= sallyport::user_start && each.address < sallyport::user_end;
    EXPECT_EQ(each.user, keeps || world == World::Collapsed) << std::hex << each.address;
    const bool of_keep = each.physical >= main_base && each.physical < image.layout.free;
    EXPECT_EQ(keeps, of_keep && !each.is_direct()) << std::hex << each.address;
  }
}

/// What the shim takes from at run time is whole, empty and nobody's.
void expect_pools_are_free(const Image& image, const std::vector<Mapping>& mappings) {
  const BootInfo& boot = image.boot;
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

Access access_of(const Mapping& mapping) {
  if (mapping.executable) return Access::ReadExecute;
  return mapping.writable ? Access::ReadWrite : Access::Read;
}

/// The regions of the boot page are the keep's pages, with their rights, and no others.
void expect_regions_match(const Image& image, const std::vector<Mapping>& mappings) {
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
testing::PageBytes wanted_page(const Segment& segment, std::uint64_t address) {
  testing::PageBytes page{};
  for (std::size_t i = 0; i < page_size; ++i) {
    const std::uint64_t offset = address + i - segment.address;  // below the segment it wraps
    if (offset < segment.bytes.size()) page[i] = segment.bytes[offset];
  }
  return page;
}

void expect_content(const Image& image, const Program& program, std::uint64_t physical_base) {
  for (const Segment& segment : program.segments) {
    const std::uint64_t end = segment.address + segment.memory_size;
    for (std::uint64_t at = segment.address & ~(page_size - 1); at < end; at += page_size) {
      const bool has_bytes = at < segment.address + segment.bytes.size();
      const testing::PageBytes& found = image.memory.page(physical_base + at);
      EXPECT_TRUE(found == (has_bytes ? wanted_page(segment, at) : testing::PageBytes{}))
          << std::hex << at;
    }
  }
}

void expect_all_promises(World world, const Image& image) {
  const std::vector<Mapping> mappings = mappings_of(image);
  expect_pages_once_and_inside(image);
  expect_nothing_writable_and_executable(mappings);
  expect_one_address_for_each_page(mappings);
  expect_user_pages_of(world, image, mappings);
  expect_pools_are_free(image, mappings);
  expect_regions_match(image, mappings);
}

TEST(Layout, PutsEveryPageOnceAndInsideOfTheMachine) {
  for (const World world : worlds) expect_pages_once_and_inside(small_image(world));
}

TEST(Layout, NothingIsWritableAndExecutable) {
  for (const World world : worlds) {
    expect_nothing_writable_and_executable(mappings_of(small_image(world)));
  }
}

TEST(Layout, APageHasOneAddressBesideTheDirectMap) {
  for (const World world : worlds) {
    expect_one_address_for_each_page(mappings_of(small_image(world)));
  }
}

TEST(Layout, Ring3ReachesTheKeepAloneUnlessTheWorldIsCollapsed) {
  for (const World world : worlds) {
    const Image image = small_image(world);
    expect_user_pages_of(world, image, mappings_of(image));
  }
}

TEST(Layout, ShimBootPageBlockAndTablesAreMappedWhereTheyLie) {
  const Image image = small_image(World::Ring0);
  std::map<std::uint64_t, Mapping> at;
  for (const Mapping& each : mappings_of(image)) at.emplace(each.address, each);
  const auto expect = [&](std::uint64_t address, Access access) {
    ASSERT_TRUE(at.contains(address)) << std::hex << address;
    EXPECT_EQ(at.at(address).physical, address);
    EXPECT_EQ(access_of(at.at(address)), access) << std::hex << address;
    EXPECT_FALSE(at.at(address).user) << std::hex << address;
  };
  expect(low_base, Access::ReadExecute);
  expect(low_base + 0x1000, Access::ReadExecute);
  expect(low_base + 0x2000, Access::Read);
  for (std::uint64_t page = 3; page < 7; ++page) {
    expect(low_base + page * page_size, Access::ReadWrite);
  }
  expect(boot_page, Access::Read);
  for (std::uint64_t offset = 0; offset < block_size; offset += page_size) {
    expect(block_base + offset, Access::ReadWrite);
  }
  EXPECT_FALSE(at.contains(low_base + 0x7000));
  EXPECT_FALSE(at.contains(block_base + block_size));
  EXPECT_FALSE(at.contains(table_base));  // through the direct map alone
}

TEST(Layout, PoolsAreEmptyAndNobodysElse) {
  for (const World world : worlds) {
    const Image image = small_image(world);
    expect_pools_are_free(image, mappings_of(image));
  }
}

TEST(Layout, RegionsAreTheKeepsPages) {
  const Image image = small_image(World::Ring0);
  EXPECT_EQ(image.boot.region_count, 4U);
  expect_regions_match(image, mappings_of(image));
}

TEST(Layout, SegmentsLieWhereTheyBelongWithZerosAround) {
  const TestProgram shim = small_shim();
  const TestProgram keep = small_keep();
  const Image image = small_image(World::Ring0);
  expect_content(image, shim.program(), 0);
  expect_content(image, keep.program(), main_base);
}

/// shim/x86/page_table.h relies on it: each page of a window has its place, present or not.
TEST(Layout, EveryPageOfAWindowOfTheKeepHasItsPlace) {
  const Image image = small_image(World::Ring0);
  const auto entry = [&](std::uint64_t table, std::uint64_t index) {
    return image.memory.read<std::uint64_t>(table + index * 8) & 0x000f'ffff'ffff'f000U;
  };
  constexpr std::uint64_t start = sallyport::user_start;
  const std::uint64_t pointers = entry(image.layout.page_table, (start >> 39U) % 512);
  const std::uint64_t directory = entry(pointers, (start >> 30U) % 512);
  for (std::uint64_t window = 0; window < 2; ++window) {
    const std::uint64_t table = entry(directory, window);
    for (std::uint64_t i = 0; i < 512; ++i) {
      EXPECT_EQ(entry(table, i), main_base + window * window_size + i * page_size);
    }
  }
  EXPECT_EQ(entry(directory, 2), 0U);
  EXPECT_EQ(image.boot.break_start, start + 2 * window_size);
}

TEST(Layout, TheBootPageTellsWhereEverythingIs) {
  for (const World world : worlds) {
    const Image image = small_image(world);
    EXPECT_EQ(image.boot.magic, sallyport::boot_magic);
    EXPECT_EQ(image.boot.world, world);
    EXPECT_EQ(image.boot.page_table, image.layout.page_table);
    EXPECT_EQ(image.boot.direct_offset, sallyport::direct_map);
    EXPECT_EQ(image.boot.block_address, block_base);
    EXPECT_EQ(image.boot.block_size, block_size);
    EXPECT_EQ(image.boot.entry, sallyport::user_start + 0x2100);
    EXPECT_EQ(image.layout.entry, low_base + 0x40);
    for (std::uint64_t at = sizeof(BootInfo); at < page_size; ++at) {
      ASSERT_EQ(image.memory.page(boot_page)[at], 0U);
    }
  }
}

/// The auxiliary vector of the first stack.
std::map<std::uint64_t, std::uint64_t> auxiliary_of(const Image& image) {
  const auto word = [&](std::uint64_t address) {
    return image.memory.read<std::uint64_t>(image.layout.free - (sallyport::stack_end - address));
  };
  std::map<std::uint64_t, std::uint64_t> auxiliary;
  constexpr std::uint64_t arguments = 32;
  for (std::uint64_t at = image.boot.stack_pointer + arguments; word(at) != 0; at += 16) {
    auxiliary[word(at)] = word(at + 8);
  }
  return auxiliary;
}

/// [psABI §3.4.1]
TEST(Layout, TheFirstStackIsWhatProgramsExpect) {
  const Image image = small_image(World::Ring0);
  const auto physical = [&](std::uint64_t address) {
    return image.layout.free - (sallyport::stack_end - address);
  };
  const auto word = [&](std::uint64_t address) {
    return image.memory.read<std::uint64_t>(physical(address));
  };
  const std::uint64_t at = image.boot.stack_pointer;
  EXPECT_EQ(at % 16, 0U);
  EXPECT_EQ(word(at), 1U);
  EXPECT_EQ(image.memory.read<char>(physical(word(at + 8))), 'm');
  EXPECT_EQ(word(at + 16), 0U);
  EXPECT_EQ(word(at + 24), 0U);
  auto auxiliary = auxiliary_of(image);
  EXPECT_EQ(auxiliary[3], sallyport::user_start + 0x40);
  EXPECT_EQ(auxiliary[5], 5U);
  EXPECT_EQ(auxiliary[9], sallyport::user_start + 0x2100);
  EXPECT_EQ(auxiliary[25], image.boot.random_address);
  EXPECT_LE(image.boot.random_address + 16, sallyport::stack_end);
}

TEST(Layout, WhatTheShimLendsLiesBehindTheKeepWithAPageForTheClock) {
  for (const World world : worlds) {
    const Image image =
        image_of(small_shim().lending(filled(3000, 0x31)).program(), small_keep().program(), world)
            .value();
    const std::vector<Mapping> mappings = mappings_of(image);
    expect_all_promises(world, image);
    const std::uint64_t vdso = auxiliary_of(image)[33];
    EXPECT_EQ(vdso, sallyport::user_start + small_keep().program().end() + page_size);
    EXPECT_EQ(image.boot.clock_address, vdso + page_size);
    const auto at = [&](std::uint64_t address) {
      const auto found = std::ranges::find(mappings, address, &Mapping::address);
      return found == mappings.end() ? Mapping{} : *found;
    };
    EXPECT_EQ(at(vdso - page_size).address, 0U) << "a gap";
    EXPECT_EQ(access_of(at(vdso)), Access::ReadExecute);
    EXPECT_EQ(access_of(at(vdso + page_size)), Access::ReadWrite);
    EXPECT_EQ(image.memory.page(at(vdso).physical)[2999], 0x31);
    EXPECT_EQ(image.memory.page(at(vdso).physical)[3000], 0);
    EXPECT_FALSE(image.memory.has(at(vdso + page_size).physical));
    EXPECT_GE(image.boot.break_start, vdso + 2 * page_size);
  }
}

TEST(Layout, AShimThatLendsNothingTellsNoAddress) {
  const Image image = small_image(World::Ring0);
  EXPECT_EQ(auxiliary_of(image)[33], 0U);
  EXPECT_EQ(image.boot.clock_address, 0U);
}

TEST(Layout, TheSameProgramsGiveTheSameStream) {
  for (const World world : worlds) {
    EXPECT_EQ(small_image(world).memory.stream(), small_image(world).memory.stream());
  }
}

TEST(Layout, AnotherWorldGivesAnotherStream) {
  const auto ring0 = small_image(World::Ring0).memory.stream();
  const auto collapsed = small_image(World::Collapsed).memory.stream();
  const auto isolated = small_image(World::Isolated).memory.stream();
  EXPECT_NE(ring0, collapsed);
  EXPECT_NE(ring0, isolated);
  EXPECT_NE(collapsed, isolated);
}

TEST(Layout, AnyChangedByteGivesAnotherStream) {
  const auto before = small_image(World::Ring0).memory.stream();
  TestProgram shim = small_shim();
  TestProgram keep = small_keep();
  const auto expect_another = [&](std::vector<std::uint8_t>& bytes) {
    for (const std::size_t at : {std::size_t{0}, bytes.size() / 2, bytes.size() - 1}) {
      bytes[at] ^= 1U;
      EXPECT_NE(image_of(shim.program(), keep.program(), World::Ring0)->memory.stream(), before);
      bytes[at] ^= 1U;
    }
  };
  for (std::size_t i = 0; i < 3; ++i) {
    expect_another(shim.content(i));
    expect_another(keep.content(i));
  }
  EXPECT_EQ(image_of(shim.program(), keep.program(), World::Ring0)->memory.stream(), before);
}

TEST(Layout, OtherRightsEntriesAndSizesGiveAnotherStream) {
  const auto before = small_image(World::Ring0).memory.stream();
  const auto expect_another = [&](auto change) {
    TestProgram shim = small_shim();
    TestProgram keep = small_keep();
    change(shim.program(), keep.program());
    EXPECT_NE(image_of(shim.program(), keep.program(), World::Ring0)->memory.stream(), before);
  };
  expect_another([](Program& shim, Program&) { shim.segments[1].rights = Rights::ReadWrite; });
  expect_another([](Program& shim, Program&) { shim.segments[2].memory_size += page_size; });
  expect_another([](Program&, Program& keep) { keep.segments[0].rights = Rights::ReadExecute; });
  expect_another([](Program&, Program& keep) { keep.segments[2].memory_size += page_size; });
  expect_another([](Program&, Program& keep) { keep.entry += 1; });
  expect_another([](Program&, Program& keep) { keep.headers += 1; });
  expect_another([](Program&, Program& keep) { keep.header_count += 1; });
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

TEST(FirstRegisters, StartTheShimAtItsEntry) {
  const Vmsa made = first_registers(0x123456, 0x400000);
  EXPECT_EQ(made.rip, 0x123456U);
  EXPECT_EQ(made.cr3, 0x400000U);
  EXPECT_EQ(made.rdi, boot_page);
  EXPECT_EQ(made.cpl, 0);
  EXPECT_EQ(made.vmpl, 0);
  EXPECT_EQ(made.rflags & 0x200, 0U) << "interrupts are off";
  EXPECT_NE(made.page(), first_registers(0x123457, 0x400000).page());
  EXPECT_NE(made.page(), first_registers(0x123456, 0x401000).page());
}

TEST(Layout, ASinkThatRefusesEndsTheStream) {
  class Full final : public PageSink {
   public:
    explicit Full(std::size_t room) : room_(room) {}
    core::Result<void> put(PageKind, std::uint64_t, core::ByteView) override {
      if (room_-- == 0) return core::error(ErrorCode::Exhausted, "full");
      return {};
    }

   private:
    std::size_t room_;
  };
  const TestProgram shim = small_shim();
  const TestProgram keep = small_keep();
  std::size_t puts = 0;
  for (bool done = false; !done; ++puts) {
    Full sink(puts);
    const auto layout = lay_out(shim.program(), keep.program(), {}, sink);
    done = layout.has_value();
    if (!done) {
      EXPECT_EQ(layout.error().message(), "full");
    }
  }
  EXPECT_EQ(puts, 10U);  // after none, each of six segments, stack and boot page; and with tables
}

/// Programs of random shape; most of them fit.
class RandomPrograms {
 public:
  explicit RandomPrograms(std::uint64_t seed) : random_(seed) {}

  TestProgram shim() {
    TestProgram made = program(chance(20), chance(20) ? 0x10'1000 : low_base, 5, 40 * page_size);
    made.program().entry = low_base + below(page_size);
    if (chance(2)) std::move(made).lending(filled(1 + below(page_size), 0x31));
    return made;
  }
  TestProgram keep() {
    const std::uint64_t largest = chance(8) ? 8 * window_size : 300 * page_size;
    return program(!chance(20), below(3) * page_size, 14, largest);
  }
  World world() { return worlds[below(3)]; }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  /// One of `of` times.
  bool chance(std::uint64_t of) { return below(of) == 0; }

  TestProgram program(bool position_independent, std::uint64_t address, std::size_t most,
                      std::uint64_t largest) {
    TestProgram made(position_independent);
    const std::size_t count = 1 + below(most);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t size = 1 + below(chance(2) ? 3 * page_size : largest);
      std::vector<std::uint8_t> bytes(below(std::min<std::uint64_t>(size, 5 * page_size) + 1));
      for (std::uint8_t& each : bytes) each = static_cast<std::uint8_t>(random_());
      std::move(made).segment(address, std::move(bytes), size, static_cast<Rights>(below(3)));
      const std::uint64_t next = (address + size + page_size - 1) & ~(page_size - 1);
      address = next + below(3) * page_size + (chance(3) ? below(page_size) : 0);
    }
    made.program().entry = below(address);
    return made;
  }

  std::mt19937_64 random_;
};

TEST(Layout, KeepsItsPromisesForRandomPrograms) {
  constexpr std::uint64_t rounds = 150;
  std::uint64_t accepted = 0;
  for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    RandomPrograms random(seed);
    const TestProgram shim = random.shim();
    const TestProgram keep = random.keep();
    const World world = random.world();
    const auto image = image_of(shim.program(), keep.program(), world);
    if (!image) {
      EXPECT_TRUE(image.error().code == ErrorCode::Unsupported ||
                  image.error().code == ErrorCode::Exhausted);
      continue;
    }
    ++accepted;
    expect_all_promises(world, *image);
    expect_content(*image, shim.program(), 0);
    expect_content(*image, keep.program(), main_base);
    if (HasFailure()) break;
  }
  EXPECT_GT(accepted, rounds / 2);
}

}  // namespace
}  // namespace merlon::image
