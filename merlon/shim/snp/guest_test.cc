#include "merlon/shim/snp/guest.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "merlon/shim/snp/machine.h"
#include "merlon/shim/snp/testing/cpuid.h"
#include "merlon/shim/snp/testing/machine.h"
#include "merlon/shim/x86/page_table.h"
#include "merlon/shim/x86/testing/machine.h"

namespace merlon::shim::snp {
namespace {

using linux::page_size;
using testing::Machine;
namespace entry = x86::entry;

constexpr std::uint64_t large = std::uint64_t{2} << 20U;

sallyport::BootInfo boot_with_block() {
  sallyport::BootInfo boot{};
  boot.block_address = 0x80'0000;
  boot.block_size = 3 * page_size;
  return boot;
}

Trouble start(Guest& guest) {
  return guest.start(boot_with_block(), testing::page_of(testing::usual_leaves()));
}

TEST(GuestStart, SharesWhatItMustAndNothingElse) {
  Machine machine;
  Guest guest;
  EXPECT_FALSE(guest.is_active());
  EXPECT_EQ(guest.private_bit(), 0U);
  ASSERT_EQ(start(guest), Trouble{});
  EXPECT_TRUE(guest.is_active());
  EXPECT_EQ(guest.private_bit(), sallyport::private_bit);
  EXPECT_EQ(machine.shared,
            (std::set<std::uint64_t>{0x80'0000, 0x80'1000, 0x80'2000, sallyport::ghcb_page,
                                     sallyport::request_page, sallyport::response_page}));
  EXPECT_EQ(machine.xcr0, 7U);
  EXPECT_EQ(machine.cr4, 0x14'0000U);
  EXPECT_EQ(machine.fault_address, sallyport::stack_end - 8);
}

/// Nothing is shared before it is known what protects the machine and with whom it speaks.
TEST(GuestStart, AsksInOrder) {
  Machine machine;
  Guest guest;
  ASSERT_EQ(start(guest), Trouble{});
  const std::vector<std::string> wanted{"ask 2",  "ask 80", "adjust 3fe000 1", "ask 14",
                                        "ask 14", "ask 14", "ask 12",          "ask 14",
                                        "ask 14", "ask 14", "states"};
  EXPECT_EQ(machine.log, wanted);
}

TEST(GuestStart, EachLieEndsIt) {
  struct Lie {
    Reason reason;
    void (*tell)(Machine&);
  };
  const auto turn = [](std::uint64_t code, std::uint64_t bits) {
    return [=](std::uint64_t request, std::uint64_t answer) {
      return (request & 0xfff) == code ? answer ^ bits : answer;
    };
  };
  static const auto& turned = turn;
  const std::array lies{
      Lie{Reason::Status, [](Machine& one) { one.status = 3; }},
      Lie{Reason::Level, [](Machine& one) { one.adjustment = 2; }},
      Lie{Reason::Version, [](Machine& one) { one.say = turned(2, std::uint64_t{3} << 48U); }},
      Lie{Reason::Encryption, [](Machine& one) { one.say = turned(2, 1U << 24U); }},
      Lie{Reason::Features, [](Machine& one) { one.say = turned(0x80, 1U << 12U); }},
      Lie{Reason::Sharing, [](Machine& one) { one.say = turned(0x14, std::uint64_t{1} << 32U); }},
      Lie{Reason::Registration, [](Machine& one) { one.say = turned(0x12, 0x1000); }},
      Lie{Reason::Reply, [](Machine& one) { one.say = turned(0x12, 1); }},
  };
  for (const Lie& lie : lies) {
    Machine machine;
    Guest guest;
    lie.tell(machine);
    EXPECT_EQ(start(guest), lie.reason) << text_of(lie.reason);
    EXPECT_FALSE(guest.is_active());
  }
  Machine machine;
  EXPECT_EQ(Guest().start(boot_with_block(), std::array<std::uint8_t, 4096>{}), Reason::Cpuid);
}

/// Over page tables of a machine of tests, in which a launch left pages out.
class Missing : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!x86::testing::has_room_for_a_machine()) GTEST_SKIP() << "no room for a machine";
    below_ = std::make_unique<x86::testing::Machine>();
    ASSERT_EQ(start(guest_), Trouble{});
    machine_.log.clear();
    boot_ = below_->boot();
    boot_.break_start = sallyport::user_start + large;
    // Tables of this test's own: small pages of the keep, and a window of the stack.
    frames_.add_tables(0x20'0000, 16 * page_size);
    pages_ = 0x30'0000;
    *directory(sallyport::user_start) = pages_ | open();
    for (std::uint64_t i = 0; i < 512; ++i)
      word(pages_ + 8 * i) = (main_base + i * page_size) | sallyport::private_bit;
    stack_ = sallyport::stack_end - sallyport::stack_size;
    *directory(stack_) = (stack_base | open() | entry::large | sallyport::missing_page);
  }
  static constexpr std::uint64_t main_base = 0x100'0000;
  static constexpr std::uint64_t stack_base = 0x140'0000;
  static std::uint64_t open() {
    return entry::present | entry::writable | entry::user | sallyport::private_bit;
  }
  std::uint64_t& word(std::uint64_t physical) {
    return *reinterpret_cast<std::uint64_t*>(below_->at(physical));
  }
  std::uint64_t* directory(std::uint64_t address) { return x86::directory_entry(frames_, address); }
  std::vector<std::string> takes() const {
    std::vector<std::string> found;
    std::ranges::copy_if(machine_.log, std::back_inserter(found),
                         [](const std::string& each) { return each.starts_with("take"); });
    return found;
  }

  Machine machine_;
  Guest guest_;
  std::unique_ptr<x86::testing::Machine> below_;
  x86::Frames frames_;
  sallyport::BootInfo boot_{};
  std::uint64_t pages_ = 0, stack_ = 0;
};

TEST_F(Missing, PagesAreTakenAndClearedOnce) {
  word(pages_ + 8) |= sallyport::missing_page | entry::present | entry::user;
  word(pages_ + 16) |= sallyport::missing_page;  // of a gap, where the keep may map something
  std::fill_n(below_->at(main_base), 4 * page_size, 0xa5);
  std::fill_n(below_->at(stack_base), large, 0xa5);
  ASSERT_EQ(guest_.take_missing(boot_), Trouble{});
  EXPECT_EQ(takes(), (std::vector<std::string>{"take 400001001000", "take 400001002000",
                                               "take large 400001400000"}));
  const auto is = [&](std::uint64_t physical, std::uint8_t value, std::uint64_t size) {
    const std::uint8_t* const from = below_->at(physical);
    return std::all_of(from, from + size, [=](auto byte) { return byte == value; });
  };
  EXPECT_TRUE(is(main_base, 0xa5, page_size)) << "measured";
  EXPECT_TRUE(is(main_base + page_size, 0, 2 * page_size));
  EXPECT_TRUE(is(main_base + 3 * page_size, 0xa5, page_size));
  EXPECT_TRUE(is(stack_base, 0, large));
  EXPECT_EQ(word(pages_ + 16), (main_base + 2 * page_size) | sallyport::private_bit);
  EXPECT_EQ(*directory(stack_) & sallyport::missing_page, 0U);
  machine_.log.clear();
  ASSERT_EQ(guest_.take_missing(boot_), Trouble{});
  EXPECT_TRUE(machine_.log.empty());
}

TEST_F(Missing, NothingBehindATableOrTheProgramIsTaken) {
  word(pages_ + page_size) = (main_base + page_size) | sallyport::missing_page;
  *directory(sallyport::user_start + large) =
      main_base | open() | entry::large | sallyport::missing_page;
  ASSERT_EQ(guest_.take_missing(boot_), Trouble{});
  EXPECT_EQ(takes(), std::vector<std::string>{"take large 400001400000"}) << "the stack's";
}

TEST_F(Missing, WhereThereIsNoDirectoryNothingIsMissing) {
  boot_.break_start = sallyport::user_start + (std::uint64_t{1} << 30U) + large;
  ASSERT_EQ(guest_.take_missing(boot_), Trouble{});
  EXPECT_EQ(takes(), std::vector<std::string>{"take large 400001400000"}) << "the stack's";
}

TEST_F(Missing, APageThatIsTakenTwiceEndsIt) {
  word(pages_ + 8) |= sallyport::missing_page;
  word(pages_ + 24) = word(pages_ + 8);  // an image that no maker of ours makes
  EXPECT_EQ(guest_.take_missing(boot_), Reason::Ledger);
}

TEST_F(Missing, APageThatTheHostHadThereEndsIt) {
  machine_.validation = [](std::uint64_t, bool) { return unchanged; };
  EXPECT_EQ(guest_.take_missing(boot_), Reason::Unchanged);
}

TEST_F(Missing, AnExceptionIsServedTheKeepsOrNobodys) {
  using Outcome = Guest::Outcome;
  word(pages_) |= entry::present | entry::user;
  const auto handle = [&](std::uint64_t vector, std::uint64_t address) {
    linux::Registers registers{};
    registers.vector = vector;
    registers.error = 4;
    return guest_.handle(registers, address);
  };
  EXPECT_EQ(handle(14, sallyport::user_start + 8), Outcome::Served);
  EXPECT_EQ(below_->pages_forgotten, std::vector<std::uint64_t>{sallyport::user_start + 8});
  machine_.fault_address = sallyport::user_start + page_size;
  EXPECT_EQ(handle(14, sallyport::user_start + page_size), Outcome::Keep);
  EXPECT_EQ(machine_.fault_address, sallyport::stack_end - 8) << "what is injected next";
  EXPECT_EQ(handle(13, 0), Outcome::Unproved);
  EXPECT_EQ(handle(29, 0), Outcome::Unproved);
}

class GuestAttest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(start(guest_), Trouble{}); }

  linux::abi::SystemResult attest(std::uint64_t kind, std::string_view sent, std::size_t room) {
    room_.assign(room, 0xee);
    Guest::Answer answer;
    trouble_ = guest_.attest(kind, core::as_bytes(sent), room_, answer);
    return answer.value_or(only_sallyport);
  }
  static constexpr linux::abi::SystemResult only_sallyport = -1000;
  /// The host answers an exit with a message so.
  void host(std::uint64_t information, std::optional<std::uint64_t> pages = std::nullopt) {
    machine_.serve = [=, this](Machine& one) {
      sent_.push_back(one.page(sallyport::request_page));
      EXPECT_EQ(std::ranges::count(one.page(sallyport::response_page), 0U), 512);
      EXPECT_EQ(std::ranges::count(one.page(sallyport::certificate_pages), 0U), 512);
      one.set(testing::information1, 0);
      one.set(testing::information2, information);
      one.unset(testing::register_b);
      if (pages && one.exits.back() == 0x8000'0012) one.set(testing::register_b, *pages);
      if (pages && one.exits.back() == 0x8000'0011) one.set(testing::information2, 0);
      one.page(sallyport::response_page).fill(0x1111'2222'3333'4444);
      one.page(sallyport::certificate_pages).fill(0x6363'6363'6363'6363);
    };
  }

  Machine machine_;
  Guest guest_;
  Trouble trouble_;
  std::vector<std::uint8_t> room_;
  std::vector<std::array<std::uint64_t, 512>> sent_;
};

TEST_F(GuestAttest, AMessageAndItsAnswerAreCarried) {
  host(0);
  EXPECT_EQ(attest(1, "a message", 4096), 4096);
  EXPECT_EQ(trouble_, Trouble{});
  EXPECT_EQ(room_[0], 0x44);
  EXPECT_EQ(room_[4095], 0x11);
  EXPECT_EQ(machine_.exits, std::vector<std::uint64_t>{0x8000'0012});
  EXPECT_EQ(sent_[0][0], 0x67'6173'7365'6d20'61U >> 0U) << "a message";
  EXPECT_EQ(sent_[0][1], std::uint64_t{'e'});
  EXPECT_EQ(sent_[0][2], 0U);
}

TEST_F(GuestAttest, AnAnswerIsNoLongerThanItsRoom) {
  host(0);
  EXPECT_EQ(attest(1, "m", 5), 5);
  EXPECT_EQ(room_, (std::vector<std::uint8_t>{0x44, 0x44, 0x33, 0x33, 0x22}));
}

TEST_F(GuestAttest, NothingOfAnEarlierMessageIsLeft) {
  host(0);
  EXPECT_EQ(attest(1, std::string(4096, 'x'), 4096), 4096);
  EXPECT_EQ(attest(1, "y", 4096), 4096);
  EXPECT_EQ(sent_[1][0], std::uint64_t{'y'});
  EXPECT_EQ(std::ranges::count(sent_[1], 0U), 511);
}

TEST_F(GuestAttest, AHostWithoutTimeIsToldAndGetsTheSameAgain) {
  host(std::uint64_t{2} << 32U);
  EXPECT_EQ(attest(1, "sealed", 64), -linux::abi::Again);
  EXPECT_EQ(attest(1, "sealed", 64), -linux::abi::Again);
  EXPECT_EQ(trouble_, Trouble{});
  EXPECT_EQ(sent_[0], sent_[1]);
  EXPECT_EQ(room_, std::vector<std::uint8_t>(64, 0xee)) << "nothing came back";
}

TEST_F(GuestAttest, ARefusalIsTold) {
  host(0x16);
  EXPECT_EQ(attest(1, "sealed", 64), -linux::abi::Io);
  EXPECT_EQ(trouble_, Trouble{});
  EXPECT_EQ(machine_.exits.size(), 1U);
}

TEST_F(GuestAttest, TooManyCertificatesAreDoneWithout) {
  host(std::uint64_t{1} << 32U, 17);
  EXPECT_EQ(attest(1, "sealed", 64), 64);
  EXPECT_EQ(machine_.exits, (std::vector<std::uint64_t>{0x8000'0012, 0x8000'0011}));
  EXPECT_EQ(sent_[0], sent_[1]);
}

TEST_F(GuestAttest, CertificatesAreThoseOfTheLastMessage) {
  host(0);
  EXPECT_EQ(attest(2, "", 64), only_sallyport) << "none has come";
  EXPECT_EQ(attest(1, "sealed", 64), 64);
  EXPECT_EQ(attest(2, "", 1 << 20), 1 << 16);
  EXPECT_EQ(room_[4095], 0x63);
  EXPECT_EQ(room_[4096], 0) << "the host filled one page";
  EXPECT_EQ(room_[1 << 16], 0xee);
  EXPECT_EQ(machine_.exits.size(), 1U);
  EXPECT_TRUE(machine_.shared.contains(sallyport::certificate_pages + (15U << 12U)));
  EXPECT_FALSE(machine_.shared.contains(sallyport::certificate_pages + (16U << 12U)));
}

TEST_F(GuestAttest, ATableWithoutAnEntryIsNoAnswer) {
  host(0);
  const auto fill = machine_.serve;
  machine_.serve = [&](Machine& one) {
    fill(one);
    one.page(sallyport::certificate_pages)[0] = 0;
    one.page(sallyport::certificate_pages)[1] = 0;
  };
  EXPECT_EQ(attest(1, "sealed", 64), 64);
  EXPECT_EQ(attest(2, "", 1 << 16), only_sallyport);
  machine_.serve = fill;
  EXPECT_EQ(attest(1, "sealed", 64), 64);
  EXPECT_EQ(attest(2, "", 15), only_sallyport) << "no room for an entry";
  EXPECT_EQ(attest(2, "", 16), 16);
}

TEST_F(GuestAttest, AMessageOfMoreThanAPageIsNone) {
  EXPECT_EQ(attest(1, std::string(4097, 'x'), 64), -linux::abi::Inval);
  EXPECT_TRUE(machine_.exits.empty());
}

TEST_F(GuestAttest, AHostThatDoesNotKeepTheRulesEndsIt) {
  machine_.serve = [](Machine& one) { one.set(testing::information1, 2); };
  static_cast<void>(attest(1, "sealed", 64));
  EXPECT_EQ(trouble_, Reason::Failed);
  machine_.serve = nullptr;
  Guest other;
  ASSERT_EQ(start(other), Trouble{});
  machine_.say = [](std::uint64_t, std::uint64_t answer) {
    return answer | std::uint64_t{1} << 40U;
  };
  Guest::Answer answer;
  EXPECT_EQ(other.attest(1, {}, room_, answer), Reason::Sharing);
}

}  // namespace
}  // namespace merlon::shim::snp
