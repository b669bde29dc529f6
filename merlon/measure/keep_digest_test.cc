#include "merlon/measure/keep_digest.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "merlon/image/testing/collected_pages.h"
#include "merlon/image/testing/elf_file.h"
#include "merlon/image/world.h"

namespace merlon::measure {
namespace {

using Bytes = std::vector<std::uint8_t>;
using image::testing::CollectedPages;
using image::testing::ElfFile;
using sallyport::World;

constexpr std::uint32_t load = 1;
constexpr std::uint32_t read_execute = 5;
constexpr std::uint32_t read_write = 6;

struct Stretch {
  std::size_t start;
  std::size_t size;
};
/// Where the bytes of both programs' segments lie in their files.
constexpr Stretch stretches[] = {{0x1000, 0x1100}, {0x3000, 0x80}};

Bytes with_content(ElfFile file) {
  for (const Stretch& stretch : stretches) {
    file.content(stretch.start, Bytes(stretch.size, static_cast<std::uint8_t>(stretch.size / 7)));
  }
  return file.bytes();
}

Bytes shim_file() {
  ElfFile file;
  file.put<std::uint16_t>(16, 2).put<std::uint64_t>(24, image::low_base);
  file.segment(load, read_execute, stretches[0].start, image::low_base, 0x1100, 0x1100)
      .segment(load, read_write, stretches[1].start, image::low_base + 0x2000, 0x80, 0x1800);
  return with_content(std::move(file));
}

Bytes keep_file() {
  ElfFile file;
  file.segment(load, read_execute, stretches[0].start, 0, 0x1100, 0x1100)
      .segment(load, read_write, stretches[1].start, 0x3f80, 0x80, 0x4000);
  return with_content(std::move(file));
}

KeepDigest digest_of(const Bytes& shim, const Bytes& keep, World world = World::Ring0) {
  const auto measured = keep_digest(shim, keep, world);
  EXPECT_TRUE(measured.has_value());
  return measured ? measured->digest : KeepDigest{};
}

/// Over pages that another sink collected.
KeepDigest recomputed(const CollectedPages& pages) {
  Bytes text;
  for (const image::testing::Page& page : pages.stream()) {
    for (const std::uint64_t number : {page.address, std::uint64_t{4096}}) {
      for (unsigned i = 0; i < 8; ++i) text.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
    }
    text.insert(text.end(), page.bytes.begin(), page.bytes.end());
  }
  return KeepDigest::from(crypto::sha384({text}).view()).value();
}

TEST(KeepDigest, IsOverThePagesThatALaunchPuts) {
  const Bytes shim = shim_file();
  const Bytes keep = keep_file();
  for (const World world : {World::Ring0, World::Collapsed, World::Isolated}) {
    CollectedPages launched;
    ASSERT_TRUE(image::lay_out(image::parse_elf(shim).value(), image::parse_elf(keep).value(),
                               {.world = world}, launched)
                    .has_value());
    const auto measured = keep_digest(shim, keep, world);
    ASSERT_TRUE(measured.has_value());
    EXPECT_EQ(measured->digest, recomputed(launched));
    EXPECT_EQ(measured->pages, launched.stream().size());
  }
}

TEST(KeepDigest, IsTheSameEachTime) {
  EXPECT_EQ(digest_of(shim_file(), keep_file()), digest_of(shim_file(), keep_file()));
}

TEST(KeepDigest, EachWorldHasItsOwn) {
  std::set<KeepDigest> digests;
  for (const char* name : {"ring0", "collapsed", "isolated"}) {
    const auto world = image::find_world(name);
    ASSERT_TRUE(world.has_value()) << name;
    digests.insert(digest_of(shim_file(), keep_file(), *world));
  }
  EXPECT_EQ(digests.size(), 3U);
  EXPECT_FALSE(image::find_world("Ring0").has_value());
  EXPECT_FALSE(image::find_world("").has_value());
}

TEST(KeepDigest, AnyFlippedBitOfASegmentChangesIt) {
  Bytes shim = shim_file();
  Bytes keep = keep_file();
  std::set<KeepDigest> digests{digest_of(shim, keep)};
  std::size_t flips = 0;
  for (Bytes* file : {&shim, &keep}) {
    for (const Stretch& stretch : stretches) {
      for (std::size_t at = 0; at < stretch.size; at += at + 61 < stretch.size ? 61 : 1) {
        const auto bit = static_cast<std::uint8_t>(1U << (at % 8));
        (*file)[stretch.start + at] ^= bit;
        digests.insert(digest_of(shim, keep));
        (*file)[stretch.start + at] ^= bit;
        ++flips;
      }
    }
  }
  EXPECT_EQ(digests.size(), flips + 1);
  EXPECT_EQ(digests.count(digest_of(shim, keep)), 1U);
}

TEST(KeepDigest, RightsAndSizesOfSegmentsAreInIt) {
  constexpr std::size_t first_flags = 64 + 4;
  constexpr std::size_t second_memory_size = 64 + 56 + 40;
  std::set<KeepDigest> digests{digest_of(shim_file(), keep_file())};
  Bytes changed = keep_file();
  changed[first_flags] = 4;  // no longer executable
  digests.insert(digest_of(shim_file(), changed));
  changed = keep_file();
  changed[second_memory_size + 1] += 0x10;  // one page more
  digests.insert(digest_of(shim_file(), changed));
  changed = shim_file();
  changed[first_flags] = 4;
  digests.insert(digest_of(changed, keep_file()));
  EXPECT_EQ(digests.size(), 4U);
}

snp::LaunchDigest launch_digest_of(const Bytes& shim, const Bytes& keep,
                                   World world = World::Ring0) {
  return launch_digest(shim, keep, world).value().digest;
}

TEST(LaunchDigest, AnyFlippedBitOfASegmentChangesIt) {
  Bytes shim = shim_file();
  Bytes keep = keep_file();
  std::set<snp::LaunchDigest> digests{launch_digest_of(shim, keep)};
  std::size_t flips = 0;
  for (Bytes* file : {&shim, &keep}) {
    for (const Stretch& stretch : stretches) {
      for (std::size_t at = 0; at < stretch.size; at += at + 997 < stretch.size ? 997 : 1) {
        const auto bit = static_cast<std::uint8_t>(1U << (at % 8));
        (*file)[stretch.start + at] ^= bit;
        digests.insert(launch_digest_of(shim, keep));
        (*file)[stretch.start + at] ^= bit;
        ++flips;
      }
    }
  }
  EXPECT_EQ(digests.size(), flips + 1);
}

TEST(LaunchDigest, WorldsDiffer) {
  EXPECT_NE(launch_digest_of(shim_file(), keep_file(), World::Ring0),
            launch_digest_of(shim_file(), keep_file(), World::Collapsed));
}

TEST(LaunchDigest, IsThatOfTheStreamPageByPage) {
  class PageByPage final : public image::PageSink {
   public:
    core::Result<void> put(image::PageKind kind, std::uint64_t address,
                           core::ByteView bytes) override {
      for (; !bytes.empty(); address += image::page_size) {
        const auto page = bytes.first(std::min<std::size_t>(bytes.size(), image::page_size));
        TRY(chain.put(kind, address, page));
        bytes = bytes.subspan(page.size());
      }
      return {};
    }
    LaunchChain chain;
  };
  PageByPage sink;
  ASSERT_TRUE(image::lay_out(image::parse_elf(shim_file()).value(),
                             image::parse_elf(keep_file()).value(), {.attested = true}, sink)
                  .has_value());
  EXPECT_EQ(sink.chain.digest(), launch_digest_of(shim_file(), keep_file()));
}

TEST(KeepDigest, ARefusalSaysWhichProgramIsToBlame) {
  const auto subject = [](const Bytes& shim, const Bytes& keep) {
    const auto measured = keep_digest(shim, keep, World::Ring0);
    EXPECT_FALSE(measured.has_value());
    return measured ? Refusal::Subject::Both : measured.error().subject;
  };
  EXPECT_EQ(subject({}, keep_file()), Refusal::Subject::Shim);
  EXPECT_EQ(subject(shim_file(), {0x7f}), Refusal::Subject::Keep);
  const auto swapped = keep_digest(keep_file(), shim_file(), World::Ring0);
  ASSERT_FALSE(swapped.has_value());
  EXPECT_EQ(swapped.error().subject, Refusal::Subject::Both);
  EXPECT_EQ(swapped.error().error.code, core::ErrorCode::Unsupported);
}

}  // namespace
}  // namespace merlon::measure
