#include "merlon/host/kvm/loader.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "merlon/image/testing/collected_pages.h"
#include "merlon/image/testing/elf_file.h"
#include "merlon/os/file_mapping.h"
#include "merlon/os/open.h"
#include "merlon/os/testing/scratch.h"

namespace merlon::host::kvm {
namespace {

using image::testing::CollectedPages;
using image::testing::ElfFile;
using image::testing::PageBytes;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint32_t load = 1;
constexpr std::uint32_t read_execute = 5;
constexpr std::uint32_t read_write = 6;

Bytes pattern(std::size_t size, unsigned seed) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 251 + seed);
  return bytes;
}

Bytes shim_file() {
  ElfFile file;
  file.put<std::uint16_t>(16, 2).put<std::uint64_t>(24, image::low_base);
  file.segment(load, read_execute, 0x1000, image::low_base, 0x1100, 0x1100);
  return file.content(0x1000, pattern(0x1100, 1)).bytes();
}

/// Code of which whole pages can be mapped, and data that starts and ends within a page.
Bytes keep_file() {
  ElfFile file;
  file.segment(load, read_execute, 0x1000, 0, 0x5100, 0x5100)
      .segment(load, read_write, 0x7f80, 0x7f80, 0x2180, 0x9000);
  return file.content(0x1000, pattern(0x5100, 2)).content(0x7f80, pattern(0x2180, 3)).bytes();
}

PageBytes page_of(core::ByteView memory, std::size_t offset) {
  PageBytes page;
  std::ranges::copy(memory.subspan(offset, page.size()), page.begin());
  return page;
}

/// What is measured and what is launched are the same: each page as it was put, all else zero.
TEST(Loader, MemoryHoldsExactlyTheStreamOfPages) {
  os::testing::ScratchDirectory scratch;
  const Bytes keep = keep_file();
  scratch.make_file("keep", std::string(core::as_text(keep)));
  const auto mapping = os::FileMapping::create(*os::open_file(scratch / "keep"), keep.size());
  ASSERT_TRUE(mapping.has_value());
  const Bytes shim = shim_file();
  const auto shim_program = image::parse_elf(shim);
  ASSERT_TRUE(shim_program.has_value());
  const auto keep_program = image::parse_elf(mapping->bytes());
  ASSERT_TRUE(keep_program.has_value());
  for (const auto world : {sallyport::World::Ring0, sallyport::World::Collapsed}) {
    const auto memory = MachineMemory::initial();
    ASSERT_TRUE(memory.has_value());
    CollectedPages stream;
    Loader loader(*memory);
    ASSERT_TRUE(image::lay_out(*shim_program, *keep_program, {.world = world}, stream).has_value());
    ASSERT_TRUE(image::lay_out(*shim_program, *keep_program, {.world = world}, loader).has_value());
    std::size_t pages = 0;
    for (const MemoryPart& part : memory->parts()) {
      for (std::size_t offset = 0; offset < part.bytes().size(); offset += image::page_size) {
        const std::uint64_t address = part.base() + offset;
        if (stream.has(address)) ++pages;
        ASSERT_EQ(page_of(part.bytes(), offset), stream.page(address)) << std::hex << address;
      }
    }
    EXPECT_EQ(pages, stream.stream().size());
  }
}

TEST(Loader, RefusesAPageOutsideOfTheMachine) {
  const auto memory = MachineMemory::initial();
  ASSERT_TRUE(memory.has_value());
  Loader loader(*memory);
  const Bytes page(image::page_size);
  EXPECT_FALSE(loader.put(image::PageKind::Vmsa, image::main_base, page).has_value());
  EXPECT_FALSE(
      loader.put(image::PageKind::Normal, image::main_base + image::main_size, page).has_value());
  EXPECT_FALSE(loader.put(image::PageKind::Normal, image::main_base + image::main_size - 1, page)
                   .has_value());
}

}  // namespace
}  // namespace merlon::host::kvm
