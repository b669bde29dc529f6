#include "merlon/shim/snp/faults.h"

#include "merlon/shim/linux/testing/keep_test.h"
#include "merlon/shim/x86/testing/machine.h"

namespace merlon::shim::snp {
namespace {

using linux::Registers;
using x86::testing::Machine;

constexpr std::uint64_t page_size = linux::page_size;

Registers fault(std::uint64_t vector, std::uint64_t error, std::uint64_t instruction = 0x1234) {
  Registers registers{};
  registers.vector = vector;
  registers.error = error;
  registers.rip = instruction;
  return registers;
}

// Of a page fault's error code.
constexpr std::uint64_t present = 1;
constexpr std::uint64_t write = 2;
constexpr std::uint64_t user = 4;
constexpr std::uint64_t fetch = 16;

class PageFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!x86::testing::has_room_for_a_machine()) GTEST_SKIP() << "no room for a machine";
    machine_ = std::make_unique<Machine>();
    for (const std::uint64_t rights : {0U, 1U, 3U, 5U}) {
      const std::int64_t at =
          machine_->memory().map(0, 4 * page_size, rights, linux::abi::map_anonymous);
      ASSERT_GT(at, 0);
      pages_.push_back(static_cast<std::uint64_t>(at));
    }
  }
  static Proof judge(std::uint64_t error, std::uint64_t address) {
    return Faults().judge(fault(14, error, error & fetch ? address - 3 : 0x1234), address);
  }

  std::unique_ptr<Machine> machine_;
  std::vector<std::uint64_t> pages_;  // none, read, write, execute
};

TEST_F(PageFaults, HappenedIfTheTablesForbidTheAccess) {
  for (const std::uint64_t access : {std::uint64_t{0}, write, fetch}) {
    EXPECT_EQ(judge(user | access, pages_[0] + 8), Proof::Happened) << access;
    EXPECT_EQ(judge(user | access, 0), Proof::Happened) << access;
  }
  EXPECT_EQ(judge(user | present | write, pages_[1]), Proof::Happened);
  EXPECT_EQ(judge(user | present | fetch, pages_[1]), Proof::Happened);
  EXPECT_EQ(judge(user | present | fetch, pages_[2]), Proof::Happened);
  EXPECT_EQ(judge(user | present | write, pages_[3]), Proof::Happened);
}

TEST_F(PageFaults, HappenedWhereThereIsNoTable) {
  constexpr std::uint64_t open_page = 7;  // at address 0, where no table lies
  std::memcpy(machine_->at(0), &open_page, sizeof open_page);
  EXPECT_EQ(judge(user, sallyport::mapping_start + x86::block_size), Proof::Happened);
}

TEST_F(PageFaults, AreTriedAgainIfTheTablesAllowTheAccess) {
  for (const std::uint64_t was : {std::uint64_t{0}, present}) {
    EXPECT_EQ(judge(user | was, pages_[1]), Proof::Again);
    EXPECT_EQ(judge(user | was, pages_[2]), Proof::Again);
    EXPECT_EQ(judge(user | was | write, pages_[2]), Proof::Again);
    EXPECT_EQ(judge(user | was, pages_[3]), Proof::Again);
    EXPECT_EQ(judge(user | was | fetch, pages_[3]), Proof::Again);
  }
  // Forbidden, but for another reason than the processor says.
  EXPECT_EQ(judge(user | write, pages_[1]), Proof::Again);
  EXPECT_EQ(judge(user | present, pages_[0]), Proof::Again);
}

TEST_F(PageFaults, AFewTimesInARow) {
  Faults faults;
  const Registers registers = fault(14, user | write);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(faults.judge(registers, pages_[2]), Proof::Again);
  EXPECT_EQ(faults.judge(registers, pages_[2]), Proof::None);
  // Somewhere else it is another's.
  EXPECT_EQ(faults.judge(registers, pages_[2]), Proof::None);
  EXPECT_EQ(faults.judge(registers, pages_[2] + page_size), Proof::Again);
  EXPECT_EQ(faults.judge(fault(14, user), pages_[0]), Proof::Happened);
}

TEST_F(PageFaults, ThatNoKeepBringsAboutAreNobodys) {
  EXPECT_EQ(judge(0, pages_[0]), Proof::None) << "of ring 0";
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t error = user | std::uint64_t{1} << bit;
    if (bit == 0 || bit == 1 || bit == 2 || bit == 4) continue;
    EXPECT_EQ(judge(error, pages_[0]), Proof::None) << bit;
  }
  // An instruction is fetched from where it stands.
  Faults faults;
  EXPECT_EQ(faults.judge(fault(14, user | fetch, pages_[0]), pages_[0] + 14), Proof::Happened);
  EXPECT_EQ(faults.judge(fault(14, user | fetch, pages_[0]), pages_[0] + 15), Proof::None);
  EXPECT_EQ(faults.judge(fault(14, user | fetch, pages_[0]), pages_[0] - 1), Proof::None);
}

TEST_F(PageFaults, BeyondWhatIsMappedHappen) {
  EXPECT_EQ(judge(user, std::uint64_t{1} << 47U), Proof::None) << "that is a protection fault";
  EXPECT_EQ(judge(user, 0xffff'7fff'ffff'ffff), Proof::None);
  EXPECT_EQ(judge(user, 0xffff'8000'0000'0000), Proof::Happened);
  EXPECT_EQ(judge(user, ~std::uint64_t{0}), Proof::Happened);
  EXPECT_EQ(judge(user, (std::uint64_t{1} << 47U) - 1), Proof::Happened);
}

class OtherFaults : public linux::testing::KeepTest {};

TEST_F(OtherFaults, AnUndefinedInstructionIsOneByItsBytes) {
  EXPECT_EQ(Faults().judge(fault(6, 0, place("\x0f\x0b")), 0), Proof::Happened);
  EXPECT_EQ(Faults().judge(fault(6, 0, place("\x0f\xa2")), 0), Proof::None);
  EXPECT_EQ(Faults().judge(fault(6, 0, place("\x90\x0f\x0b")), 0), Proof::None);
  EXPECT_EQ(Faults().judge(fault(6, 0, nowhere), 0), Proof::None);
}

TEST_F(OtherFaults, NothingElseIsProved) {
  const std::uint64_t code = place("\x0f\x0b");
  for (std::uint64_t vector = 0; vector < 256; ++vector) {
    if (vector == 6 || vector == 14) continue;
    EXPECT_EQ(Faults().judge(fault(vector, 0, code), 0), Proof::None) << vector;
  }
}

}  // namespace
}  // namespace merlon::shim::snp
