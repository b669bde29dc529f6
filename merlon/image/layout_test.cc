#include "merlon/image/layout.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "merlon/image/testing/collected_pages.h"
#include "merlon/image/testing/layout_promises.h"
#include "merlon/image/testing/small_image.h"
#include "merlon/sallyport/boot.h"

namespace merlon::image {
namespace {

using core::ErrorCode;
using sallyport::Access;
using sallyport::BootInfo;
using sallyport::World;
using testing::access_of;
using testing::expect_all_promises;
using testing::expect_content;
using testing::expect_nothing_writable_and_executable;
using testing::expect_one_address_for_each_page;
using testing::expect_pages_once_and_inside;
using testing::expect_pools_are_free;
using testing::expect_regions_match;
using testing::expect_user_pages_of;
using testing::filled;
using testing::Image;
using testing::image_of;
using testing::Mapping;
using testing::mappings_of;
using testing::small_image;
using testing::small_keep;
using testing::small_shim;
using testing::TestProgram;

constexpr World worlds[] = {World::Ring0, World::Collapsed, World::Isolated};

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
  // After none, each of six segments, of which one has a first page of its own, stack and boot
  // page; and with tables.
  EXPECT_EQ(puts, 11U);
}

/// A program with code of five windows and a bit, which begins at the third page.
TestProgram large_keep() {
  constexpr std::uint64_t code = 5 * window_size + page_size;
  TestProgram keep = TestProgram(true)
                         .segment(0, filled(0x1234, 0x21), 0x1234, Rights::Read)
                         .segment(0x2000, filled(code, 0x22), code, Rights::ReadExecute)
                         .segment(0x2000 + code, filled(100, 0x23), 100, Rights::Read);
  keep.program().entry = 0x2100;
  keep.program().headers = 0x40;
  return keep;
}

TEST(Layout, CodeThatFillsWindowsIsMappedByLargePages) {
  const TestProgram keep = large_keep();
  for (const World world : worlds) {
    const Image image = image_of(small_shim().program(), keep.program(), world).value();
    expect_all_promises(world, image);
    const Program where = placed(keep.program(), {.world = world});
    expect_content(image, where, main_base);
    EXPECT_EQ(where.segments[1].address, window_size);
    EXPECT_EQ(where.entry, window_size + 0x100);
    EXPECT_EQ(where.headers, window_size - 0x2000 + 0x40);
    EXPECT_EQ(image.boot.entry, sallyport::user_start + where.entry);
    std::uint64_t by_large_pages = 0;
    for (const Mapping& each : mappings_of(image)) {
      if (each.is_direct() || each.size != window_size || !each.executable) continue;
      EXPECT_EQ(each.physical - main_base, each.address - sallyport::user_start);
      by_large_pages += each.size;
    }
    EXPECT_EQ(by_large_pages, 5 * window_size);
  }
}

TEST(Layout, TheLastWindowOfCodeIsItsOwnIfNothingElseIsThere) {
  constexpr std::uint64_t code = window_size + 5 * page_size;
  for (const bool alone : {true, false}) {
    const std::uint64_t next = 0x2000 + (alone ? 2 * window_size : code);
    const TestProgram keep = TestProgram(true)
                                 .segment(0x2000, filled(code, 0x22), code, Rights::ReadExecute)
                                 .segment(next, filled(100, 0x23), 100, Rights::Read);
    for (const World world : worlds) {
      const Image image = image_of(small_shim().program(), keep.program(), world).value();
      expect_all_promises(world, image);
      std::uint64_t by_large_pages = 0;
      for (const Mapping& each : mappings_of(image)) {
        if (!each.is_direct() && each.size == window_size && each.executable) {
          by_large_pages += each.size;
        }
      }
      EXPECT_EQ(by_large_pages, (alone ? 2 : 1) * window_size);
    }
  }
}

TEST(Layout, AProgramIsMovedOnlyIfItsCodeFillsAWindow) {
  const TestProgram small = small_keep();
  EXPECT_EQ(placed(small.program(), {}).segments[1].address, small.program().segments[1].address);
  EXPECT_EQ(placed(small.program(), {}).entry, small.program().entry);
  const TestProgram large = large_keep();
  const Program encrypted = placed(large.program(), {.world = World::Ring0, .attested = true});
  EXPECT_EQ(encrypted.segments[1].address, 0x2000U);
  EXPECT_EQ(encrypted.entry, 0x2100U);
}

TEST(Layout, ASegmentIsPutAsItLiesInItsFileButForItsFirstPage) {
  class Places final : public PageSink {
   public:
    core::Result<void> put(PageKind, std::uint64_t address, core::ByteView bytes) override {
      at.emplace(address, bytes.data());
      return {};
    }
    std::map<std::uint64_t, const std::uint8_t*> at;
  };
  TestProgram keep = small_keep();
  std::vector<std::uint8_t>& data = keep.content(2);
  data.resize(3 * page_size, 0x23);
  keep.program().segments[2].bytes = data;
  keep.program().segments[2].memory_size = data.size();
  Places places;
  ASSERT_TRUE(lay_out(small_shim().program(), keep.program(), {}, places).has_value());
  EXPECT_EQ(places.at.at(main_base + 0x2000), keep.content(1).data());
  EXPECT_EQ(places.at.at(main_base + 0x20'1000), data.data() + (page_size - 0xe80));
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
    expect_content(*image, placed(keep.program(), {.world = world}), main_base);
    if (HasFailure()) break;
  }
  EXPECT_GT(accepted, rounds / 2);
}

}  // namespace
}  // namespace merlon::image
