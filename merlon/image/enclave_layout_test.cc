#include "merlon/image/enclave_layout.h"

#include <cstring>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "merlon/sallyport/enclave.h"

namespace merlon::image {
namespace {

using sallyport::Access;
using sallyport::BootInfo;

struct Added {
  EnclavePage page;
  std::vector<std::uint8_t> bytes;
  bool operator==(const Added&) const = default;
};

class Collected final : public EnclaveSink {
 public:
  core::Result<void> add(EnclavePage page, std::uint64_t offset, core::ByteView bytes,
                         std::uint64_t size) override {
    EXPECT_EQ(offset % page_size, 0U);
    EXPECT_EQ(size % page_size, 0U);
    EXPECT_LE(bytes.size(), size);
    std::vector<std::uint8_t> whole(bytes.begin(), bytes.end());
    whole.resize(size);
    for (std::uint64_t at = 0; at < size; at += page_size) {
      const auto from = whole.begin() + static_cast<std::ptrdiff_t>(at);
      const bool is_new = pages.emplace(offset + at, Added{page, {from, from + page_size}}).second;
      EXPECT_TRUE(is_new) << "twice: " << offset + at;
    }
    return {};
  }
  std::map<std::uint64_t, Added> pages;
};

struct Programs {
  std::vector<std::uint8_t> text = std::vector<std::uint8_t>(5000, 0x90);
  std::vector<std::uint8_t> data{1, 2, 3};
  Program shim{.position_independent = false,
               .entry = sallyport::shim_start + 16,
               .headers = 0,
               .header_count = 0,
               .vdso = text,
               .segments = {{sallyport::shim_start, 5000, text, Rights::ReadExecute},
                            {sallyport::shim_start + 0x3000, 0x2000, data, Rights::ReadWrite}}};
  Program keep{.position_independent = true,
               .entry = 0x40,
               .headers = 0x40,
               .header_count = 2,
               .vdso = {},
               .segments = {{0, 5000, text, Rights::ReadExecute},
                            {0x2100, 0x1000, data, Rights::ReadWrite}}};
  Programs() { shim.vdso = core::ByteView(text).first(4000); }
};

BootInfo boot_of(const Collected& enclave) {
  BootInfo boot{};
  std::memcpy(&boot, enclave.pages.at(sallyport::enclave_boot_page).bytes.data(), sizeof(boot));
  return boot;
}

TEST(EnclaveLayout, HoldsShimKeepThreadAndStack) {
  const Programs programs;
  Collected enclave;
  const auto layout = lay_out_enclave(programs.shim, programs.keep, enclave);
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->pages, enclave.pages.size());
  EXPECT_EQ(enclave.pages.at(sallyport::shim_start).page, EnclavePage::ReadExecute);
  EXPECT_EQ(enclave.pages.at(sallyport::shim_start + 0x4000).page, EnclavePage::ReadWrite);
  EXPECT_EQ(enclave.pages.at(sallyport::user_start).bytes[0], 0x90);
  EXPECT_EQ(enclave.pages.at(sallyport::user_start + 0x2000).bytes[0x100], 1);
  EXPECT_EQ(enclave.pages.at(sallyport::stack_end - page_size).page, EnclavePage::ReadWrite);
  EXPECT_FALSE(enclave.pages.contains(sallyport::stack_end - 2 * page_size));
  EXPECT_FALSE(enclave.pages.contains(0)) << "there is no page for a null pointer";
}

TEST(EnclaveLayout, ThreadControlNamesTheEntryAndItsFrames) {
  const Programs programs;
  Collected enclave;
  ASSERT_TRUE(lay_out_enclave(programs.shim, programs.keep, enclave));
  const Added& page = enclave.pages.at(sallyport::thread_control_page);
  EXPECT_EQ(page.page, EnclavePage::ThreadControl);
  std::uint64_t frames_at = 0;
  std::uint64_t entry = 0;
  std::uint32_t frames = 0;
  std::memcpy(&frames_at, page.bytes.data() + 16, 8);
  std::memcpy(&frames, page.bytes.data() + 28, 4);
  std::memcpy(&entry, page.bytes.data() + 32, 8);
  EXPECT_EQ(frames_at, sallyport::saved_state_pages);
  EXPECT_EQ(frames, 2U);
  EXPECT_EQ(entry, programs.shim.entry);
  for (std::uint64_t i = 0; i < frames; ++i) {
    EXPECT_EQ(enclave.pages.at(frames_at + i * page_size).page, EnclavePage::ReadWrite);
  }
}

TEST(EnclaveLayout, TheBootPageSaysWhatIsThere) {
  const Programs programs;
  Collected enclave;
  ASSERT_TRUE(lay_out_enclave(programs.shim, programs.keep, enclave));
  const BootInfo boot = boot_of(enclave);
  EXPECT_EQ(boot.world, sallyport::World::Enclave);
  EXPECT_EQ(boot.block_address, sallyport::enclave_block);
  EXPECT_EQ(boot.entry, sallyport::user_start + 0x40);
  EXPECT_EQ(enclave.pages.at(sallyport::enclave_boot_page).page, EnclavePage::Read);
  ASSERT_LE(boot.region_count, sallyport::max_boot_regions);
  for (std::size_t i = 0; i < boot.region_count; ++i) {
    for (std::uint64_t at = boot.regions[i].start; at < boot.regions[i].end; at += page_size) {
      const bool is_to_come = at >= boot.pool_base && at < boot.pool_base + boot.pool_size;
      EXPECT_NE(enclave.pages.contains(at), is_to_come) << std::hex << at;
    }
  }
}

TEST(EnclaveLayout, NoPageIsWritableAndExecutable) {
  for (const EnclavePage page : {EnclavePage::Read, EnclavePage::ReadWrite,
                                 EnclavePage::ReadExecute, EnclavePage::ThreadControl}) {
    EXPECT_NE(secinfo_flags(page) & 6U, 6U);
  }
}

TEST(EnclaveLayout, RefusesProgramsOfTheOtherKind) {
  Programs programs;
  Collected enclave;
  programs.keep.position_independent = false;
  EXPECT_EQ(lay_out_enclave(programs.shim, programs.keep, enclave).error().code,
            core::ErrorCode::Unsupported);
  programs.keep.position_independent = true;
  programs.shim.segments.front().address += page_size;
  EXPECT_EQ(lay_out_enclave(programs.shim, programs.keep, enclave).error().code,
            core::ErrorCode::Unsupported);
}

TEST(EnclaveLayout, AShimDoesNotReachItsThreadsPages) {
  Programs programs;
  programs.shim.segments.back().memory_size = sallyport::shim_end - sallyport::shim_start;
  Collected enclave;
  EXPECT_EQ(lay_out_enclave(programs.shim, programs.keep, enclave).error().code,
            core::ErrorCode::Exhausted);
}

}  // namespace
}  // namespace merlon::image
