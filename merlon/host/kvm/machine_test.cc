// Machines of this host's KVM, with a shim and a keep that are no programs of ours. Each test is
// skipped where there is none, or none that runs compiled code.

#include "merlon/host/kvm/machine.h"

#include <algorithm>
#include <array>
#include <chrono>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "merlon/image/testing/elf_file.h"
#include "merlon/launch/channel.h"
#include "merlon/os/open.h"
#include "merlon/os/snapshot_file.h"
#include "merlon/os/testing/scratch.h"
#include "merlon/sallyport/block.h"

namespace merlon::host::kvm {
namespace {

using image::testing::ElfFile;
using sallyport::Header;
using Bytes = std::vector<std::uint8_t>;
using Made = core::Result<std::unique_ptr<KeepMachine>, HostError>;

constexpr std::uint32_t load = 1;
constexpr std::uint32_t read_execute = 5;

/// A shim whose first instruction nobody handles: the processor shuts down.
Bytes shim_file() {
  constexpr std::array<std::uint8_t, 2> undefined{0x0f, 0x0b};
  ElfFile file;
  file.put<std::uint16_t>(16, 2).put<std::uint64_t>(24, image::low_base);
  file.segment(load, read_execute, 0x1000, image::low_base, 0x1000, 0x1000);
  return file.content(0x1000, Bytes(0x1000)).content(0x1000, undefined).bytes();
}

Bytes keep_file() {
  ElfFile file;
  file.segment(load, read_execute, 0x1000, 0, 0x2000, 0x2000);
  return file.content(0x1000, Bytes(0x2000, 0x90)).bytes();
}

/// Control register 4 [INTEL SDM 3A §2.5] of a keep's processor that has these instructions of
/// leaf 7, and XSAVE or not.
std::uint64_t control_4(std::uint32_t leaf_7, bool has_xsave, sallyport::World world) {
  const image::KeepProcessor seen{base::CpuidTable({{7, 0, true, {.ebx = leaf_7}}}),
                                  has_xsave ? 7U : 0U};
  return first_registers({}, 0x40'0000, seen, world).cr4;
}

TEST(FirstRegisters, KeepRingZeroFromCodeOfOthersWhereItIsTheShims) {
  using enum sallyport::World;
  constexpr std::uint32_t has_smep = std::uint32_t{1} << 7U;
  constexpr std::uint64_t always = 0x1'0620;  // PAE, OSFXSR, OSXMMEXCPT, FSGSBASE
  constexpr std::uint64_t smep = std::uint64_t{1} << 20U;
  constexpr std::uint64_t xsave = std::uint64_t{1} << 18U;
  EXPECT_EQ(control_4(has_smep, true, Ring0), always | xsave | smep);
  EXPECT_EQ(control_4(has_smep, false, Isolated), always | smep);
  EXPECT_EQ(control_4(has_smep, false, Collapsed), always);
  EXPECT_EQ(control_4(~has_smep, true, Ring0), always | xsave);
}

TEST(FirstRegisters, AreOfLongModeAtRingZero) {
  const ::kvm_sregs made = first_registers({}, 0x40'0000, {}, sallyport::World::Ring0);
  EXPECT_EQ(made.cr0, 0x8005'0033U);
  EXPECT_EQ(made.cr3, 0x40'0000U);
  EXPECT_EQ(made.efer, 0xd01U);
  EXPECT_EQ(made.cs.l, 1);
  EXPECT_EQ(made.cs.dpl, 0);
  EXPECT_EQ(made.ss.dpl, 0);
  EXPECT_EQ(made.tr.limit, 0x88U);  // its bitmap of ports is there
  EXPECT_EQ(made.tr.present, 1);
}

class KvmMachine : public ::testing::Test {
 protected:
  void SetUp() override {
    if (auto made = create(shim_file(), keep_file())) {
      machine_ = *std::move(made);
    } else if (made.error().code == core::ErrorCode::Unavailable) {
      GTEST_SKIP() << made.error().text;
    } else {
      FAIL() << made.error().text;
    }
  }
  Made create(const Bytes& shim, const Bytes& keep) const {
    return KeepMachine::create(mapped("shim", shim), mapped("keep", keep), std::nullopt,
                               std::nullopt);
  }
  /// The machine in a snapshot, with the descriptors that a keep has when it is made ahead.
  core::Result<Snapshot> saved(os::BorrowedFd file) {
    for (int i = 0; i <= launch::keep_descriptor; ++i) {
      EXPECT_TRUE(machine_->descriptors().insert(os::Fd::adopt(::dup(0))).has_value());
    }
    const os::Fd pagemap = os::open_file("/proc/self/pagemap").value();
    TRY(machine_->save(file, pagemap, {}));
    return read_snapshot(file);
  }

  std::unique_ptr<KeepMachine> machine_;

 private:
  [[nodiscard]] os::FileMapping mapped(const std::string& name, const Bytes& bytes) const {
    scratch_.make_file(name, std::string(core::as_text(bytes)));
    return os::FileMapping::create(os::open_file(scratch_ / name).value(), bytes.size()).value();
  }
  os::testing::ScratchDirectory scratch_;
};

TEST_F(KvmMachine, SaysWhichProgramIsNone) {
  const Bytes none(4096, 1);
  const Made shim = create(none, keep_file());
  ASSERT_FALSE(shim.has_value());
  EXPECT_TRUE(shim.error().text.starts_with("merlon-shim-kvm: ")) << shim.error().text;
  const Made keep = create(shim_file(), none);
  ASSERT_FALSE(keep.has_value());
  EXPECT_TRUE(keep.error().text.starts_with("merlon-keep: ")) << keep.error().text;
  const Made both = create(keep_file(), keep_file());
  ASSERT_FALSE(both.has_value());
  EXPECT_TRUE(both.error().text.starts_with("cannot lay out the keep: ")) << both.error().text;
}

TEST_F(KvmMachine, ThatShutsDownHasCrashed) {
  const auto ended = machine_->run();
  ASSERT_FALSE(ended.has_value());
  EXPECT_EQ(ended.error().code, core::ErrorCode::Internal);
  EXPECT_TRUE(ended.error().text.starts_with("the keep crashed: ")) << ended.error().text;
}

TEST_F(KvmMachine, GrowsByLargePagesBehindWhatItHas) {
  constexpr std::uint64_t far_too_much = std::uint64_t{1} << 45U;
  for (const std::uint64_t none : {std::uint64_t{0}, std::uint64_t{4096}, large_page - 1,
                                   large_page + 4096, far_too_much, ~std::uint64_t{0}}) {
    EXPECT_FALSE(machine_->grow(none)) << none;
  }
  const auto first = machine_->grow(large_page);
  const auto second = machine_->grow(2 * large_page);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->base, image::grown_base);
  EXPECT_EQ(first->size, large_page);
  EXPECT_EQ(second->base, image::grown_base + large_page);
  EXPECT_EQ(second->size, 2 * large_page);
  EXPECT_TRUE(machine_->release(*second));
}

TEST_F(KvmMachine, GivesBackOnlyWhatIsTheKeepsOwn) {
  EXPECT_FALSE(machine_->release({image::low_base, 4096}));
  EXPECT_FALSE(machine_->release({image::block_base, 4096}));
  EXPECT_FALSE(machine_->release({image::main_base - 4096, 4096}));
  EXPECT_TRUE(machine_->release({image::main_base, 4096}));
  EXPECT_FALSE(machine_->release({image::main_base + image::main_size, 4096}));
}

TEST_F(KvmMachine, ALimitOfTheUsersIsNotTheKeepsToLift) {
  using namespace std::chrono_literals;
  ASSERT_TRUE(machine_->limit_time(1h));
  EXPECT_TRUE(machine_->set_timer(0, 0)) << "it is taken, and changes nothing";
  EXPECT_TRUE(machine_->set_timer(1'000'000'000'000'000, 0));
}

TEST_F(KvmMachine, IsSavedWithTheDescriptorsOfALauncherOnly) {
  const os::Fd file = os::snapshot_file().value();
  ASSERT_TRUE(machine_->descriptors().insert(os::Fd::adopt(::dup(0))).has_value());
  const auto snapshot = saved(file);  // one too many
  ASSERT_FALSE(snapshot);
  EXPECT_EQ(snapshot.error().code, core::ErrorCode::Denied);
}

/// A keep that is restored goes on with the request that it had made.
TEST_F(KvmMachine, ThatIsRestoredAnswersTheRequestThatWaits) {
  constexpr std::uint64_t answered = 41;
  constexpr std::uint64_t status = 7;
  const os::Fd file = os::snapshot_file().value();
  auto snapshot = saved(file);
  ASSERT_TRUE(snapshot) << snapshot.error().message();
  const MachineMemory memory = map_snapshot(file, *snapshot).value();
  ASSERT_TRUE(std::ranges::any_of(snapshot->runs, [](const Extent& run) {
    return run.base <= image::block_base && image::block_base - run.base < run.size;
  })) << "the time stands there";
  const sallyport::Block block(memory.find(image::block_base, image::block_size).value());
  block.store(Header::Call, static_cast<std::uint64_t>(sallyport::Call::Exit));
  block.store_argument(0, status);
  block.store(Header::Sequence, answered + 1);
  snapshot->sequence = answered;
  const os::Fd waiting = os::snapshot_file().value();
  ASSERT_TRUE(write_snapshot(waiting, *snapshot, memory));
  auto empty = KeepMachine::empty();
  ASSERT_TRUE(empty);
  const auto restored = KeepMachine::restore(*std::move(empty), waiting, *snapshot);
  if (!restored && restored.error().text.find("clock") != std::string::npos) {
    GTEST_SKIP() << restored.error().text;
  }
  ASSERT_TRUE(restored.has_value()) << restored.error().text;
  EXPECT_EQ((*restored)->world(), snapshot->world);
  const auto ended = (*restored)->run();
  ASSERT_TRUE(ended.has_value()) << ended.error().text;
  EXPECT_EQ(*ended, static_cast<int>(status));
}

}  // namespace
}  // namespace merlon::host::kvm
