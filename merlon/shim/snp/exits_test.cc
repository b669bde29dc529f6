#include "merlon/shim/snp/exits.h"

#include <gtest/gtest.h>

#include "merlon/sallyport/boot.h"
#include "merlon/shim/snp/testing/machine.h"

namespace merlon::shim::snp {
namespace {

using testing::exit_code;
using testing::information1;
using testing::information2;
using testing::Machine;
using testing::register_a;
using testing::register_b;

/// A host that looks at the page, then answers as the test says.
void host(Machine& machine, const std::function<void(Machine&)>& answers) {
  machine.serve = [answers](Machine& one) {
    one.set(information1, 0);
    one.set(information2, 0);
    answers(one);
  };
}

TEST(Exits, ThePageHoldsWhatTheExitNeedsAndNothingElse) {
  Machine machine;
  auto& page = machine.page(sallyport::ghcb_page);
  page.fill(0x5ec1e75ec1e7);  // secrets of an earlier exit, say
  machine.serve = [&](Machine& one) {
    const auto& words = one.page(sallyport::ghcb_page);
    for (std::size_t i = 0; i < words.size(); ++i) {
      std::uint64_t wanted = 0;
      if (i == exit_code) wanted = 0x7b;
      if (i == information1) wanted = 0xe9 << 16U | 0x210;
      if (i == 126) wanted = std::uint64_t{1} << register_a;
      if (i == 127) wanted = std::uint64_t{7} << (exit_code - 64);
      if (i == 511) wanted = 2U << 16U;
      EXPECT_EQ(words[i], wanted) << i;
    }
    one.set(information1, 0);
    one.set(information2, 0);
  };
  EXPECT_EQ(ring_port(0xe9), Trouble{});
  EXPECT_EQ(machine.exits, std::vector<std::uint64_t>{0x7b});
}

TEST(Exits, EveryBitOfTheHostsVerdictCounts) {
  Machine machine;
  for (unsigned bit = 0; bit < 64; ++bit) {
    host(machine, [=](Machine& one) { one.set(information1, std::uint64_t{1} << bit); });
    // Above its lower half nothing is said there.
    EXPECT_EQ(ring_port(0xe9), bit < 32 ? Trouble(Reason::Failed) : Trouble{}) << bit;
  }
}

TEST(Exits, WhatTheHostDoesNotSayIsMissed) {
  Machine machine;
  for (const std::size_t word : {information1, information2}) {
    host(machine, [=](Machine& one) { one.unset(word); });
    EXPECT_EQ(ring_port(0xe9), Reason::Failed) << word;
  }
  machine.serve = [](Machine& one) { one.page(sallyport::ghcb_page).fill(0); };
  EXPECT_EQ(ring_port(0xe9), Reason::Failed);
}

TEST(Exits, OtherWordsOfTheAnswerAreNobodys) {
  Machine machine;
  host(machine, [](Machine& one) {
    for (std::size_t word = 0; word < 126; ++word) {
      if (word != information1 && word != information2) one.set(word, ~std::uint64_t{0});
    }
  });
  EXPECT_EQ(ring_port(0xe9), Trouble{});
}

/// What an exit with a message is told, by the answer's second word and register b.
std::pair<Trouble, Carried> told(std::uint64_t room, std::uint64_t answer,
                                 std::optional<std::uint64_t> pages = std::nullopt) {
  Machine machine;
  host(machine, [=](Machine& one) {
    one.unset(register_b);
    one.set(information2, answer);
    if (pages) one.set(register_b, *pages);
  });
  Carried carried = Carried::Refused;
  const Trouble trouble = carry_message(room, carried);
  return {trouble, carried};
}

constexpr std::uint64_t small = std::uint64_t{1} << 32U;
constexpr std::uint64_t busy = std::uint64_t{2} << 32U;

TEST(Exits, AMessageIsSentWithoutAndWithRoomForCertificates) {
  Machine machine;
  std::vector<std::uint64_t> seen;
  host(machine, [&](Machine& one) {
    auto& page = one.page(sallyport::ghcb_page);
    seen = {page[exit_code], one.is_valid(register_a), page[register_a], one.is_valid(register_b),
            page[register_b]};
  });
  Carried carried = Carried::Refused;
  EXPECT_EQ(carry_message(0, carried), Trouble{});
  EXPECT_EQ(carried, Carried::Done);
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{0x8000'0011, 0, 0, 0, 0}));
  EXPECT_EQ(carry_message(16, carried), Trouble{});
  EXPECT_EQ(seen,
            (std::vector<std::uint64_t>{0x8000'0012, 1, sallyport::certificate_pages, 1, 16}));
}

TEST(Exits, HowAMessageFaredIsTold) {
  using Told = std::pair<Trouble, Carried>;
  EXPECT_EQ(told(16, 0), Told(Trouble{}, Carried::Done));
  EXPECT_EQ(told(16, busy), Told(Trouble{}, Carried::Busy));
  EXPECT_EQ(told(0, busy), Told(Trouble{}, Carried::Busy));
  EXPECT_EQ(told(16, small, 17), Told(Trouble{}, Carried::TooSmall));
  EXPECT_EQ(told(16, 0x16), Told(Trouble{}, Carried::Refused)) << "by the firmware";
}

TEST(Exits, ARoomThatIsTooSmallMustBe) {
  EXPECT_EQ(told(16, small).second, Carried::Refused) << "how many pages is not said";
  EXPECT_EQ(told(16, small, 16).second, Carried::Refused);
  EXPECT_EQ(told(16, small, 0).second, Carried::Refused);
  EXPECT_EQ(told(0, small, 1).second, Carried::Refused) << "none was asked for";
}

TEST(Exits, EveryOtherAnswerToAMessageIsARefusal) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t answer = std::uint64_t{1} << bit;
    if (answer == busy) continue;
    EXPECT_EQ(told(16, answer).second, Carried::Refused) << bit;
  }
}

}  // namespace
}  // namespace merlon::shim::snp
