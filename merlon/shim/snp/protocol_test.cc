#include "merlon/shim/snp/protocol.h"

#include <gtest/gtest.h>

#include "merlon/shim/snp/machine.h"
#include "merlon/shim/snp/testing/machine.h"

namespace merlon::shim::snp {
namespace {

using testing::Machine;

/// What `ask` says of an answer with each single bit turned.
template <typename Ask>
std::vector<Trouble> with_each_bit(Machine& machine, const Ask& ask) {
  std::vector<Trouble> found;
  for (unsigned bit = 0; bit < 64; ++bit) {
    machine.say = [=](std::uint64_t, std::uint64_t answer) {
      return answer ^ std::uint64_t{1} << bit;
    };
    found.push_back(ask());
  }
  machine.say = nullptr;
  return found;
}

TEST(Protocol, AProcessorThatProtectsIsTaken) {
  Machine machine;
  EXPECT_EQ(check_status(), Trouble{});
  machine.status |= status::debug_swap | status::smt_protection;
  EXPECT_EQ(check_status(), Trouble{});
}

TEST(Protocol, EveryBitOfTheStatusCounts) {
  Machine machine;
  for (unsigned bit = 0; bit < 64; ++bit) {
    machine.status = status::required ^ std::uint64_t{1} << bit;
    const bool harmless = bit == 7 || bit == 17;
    EXPECT_EQ(check_status(), harmless ? Trouble{} : Reason::Status) << bit;
  }
  machine.status = 0;
  EXPECT_EQ(check_status(), Reason::Status);
}

TEST(Protocol, AHostThatKeepsTheRulesIsTaken) {
  Machine machine;
  EXPECT_EQ(check_versions(), Trouble{});
  EXPECT_EQ(check_features(), Trouble{});
  EXPECT_EQ(share_page(sallyport::ghcb_page), Trouble{});
  EXPECT_EQ(register_ghcb(sallyport::ghcb_page), Trouble{});
  EXPECT_EQ(machine.shared, std::set{sallyport::ghcb_page});
}

TEST(Protocol, AnotherBitOfTheVersionsIsSeen) {
  Machine machine;
  const auto found = with_each_bit(machine, [] { return check_versions(); });
  for (unsigned bit = 0; bit < 64; ++bit) {
    const Trouble trouble = found[bit];
    if (bit < 12) EXPECT_EQ(trouble, Reason::Reply) << bit;
    else if (bit < 24) EXPECT_EQ(trouble, Trouble{}) << bit << ": reserved";
    else if (bit < 32) EXPECT_EQ(trouble, Reason::Encryption) << bit;
    // The host's least is 1 and its most 2: any version that does not span 2 is refused.
    else if (bit < 48) EXPECT_EQ(trouble, bit == 32 ? Trouble{} : Reason::Version) << bit;
    else EXPECT_EQ(trouble, bit == 49 ? Reason::Version : Trouble{}) << bit;
  }
}

TEST(Protocol, VersionsThatDoNotHoldOursAreRefused) {
  Machine machine;
  const auto say = [&](std::uint64_t most, std::uint64_t least) {
    machine.say = [=](std::uint64_t, std::uint64_t) {
      return most << 48U | least << 32U | 51U << 24U | 1U;
    };
    return check_versions();
  };
  EXPECT_EQ(say(1, 1), Reason::Version);
  EXPECT_EQ(say(4, 3), Reason::Version);
  EXPECT_EQ(say(2, 2), Trouble{});
  EXPECT_EQ(say(0xffff, 0), Trouble{});
}

TEST(Protocol, AnotherBitOfTheFeaturesIsSeen) {
  Machine machine;
  const auto found = with_each_bit(machine, [] { return check_features(); });
  for (unsigned bit = 0; bit < 64; ++bit) {
    if (bit < 12) EXPECT_EQ(found[bit], Reason::Reply) << bit;
    else EXPECT_EQ(found[bit], bit == 12 ? Reason::Features : Trouble{}) << bit;
  }
}

TEST(Protocol, EveryBitOfTheOtherAnswersCounts) {
  Machine machine;
  const auto shared = with_each_bit(machine, [] { return share_page(0x80'0000); });
  const auto registered = with_each_bit(machine, [] { return register_ghcb(0x90'0000); });
  for (unsigned bit = 0; bit < 64; ++bit) {
    EXPECT_EQ(shared[bit], bit < 12 ? Reason::Reply : Reason::Sharing) << bit;
    EXPECT_EQ(registered[bit], bit < 12 ? Reason::Reply : Reason::Registration) << bit;
  }
}

/// A host that does not answer leaves the request where it stands; one that repeats has the last.
TEST(Protocol, ARequestAndAnOldAnswerAreNoAnswers) {
  for (const bool silent : {true, false}) {
    Machine machine;
    machine.say = [=](std::uint64_t request, std::uint64_t) {
      return silent ? request : std::uint64_t{0x100};
    };
    EXPECT_EQ(check_versions(), Reason::Reply);
    EXPECT_EQ(check_features(), Reason::Reply);
    EXPECT_EQ(share_page(0x80'0000), Reason::Reply);
    EXPECT_EQ(register_ghcb(0x90'0000), Reason::Reply);
  }
}

TEST(Protocol, AnEndHasASetOfItsOwn) {
  EXPECT_EQ(termination(Reason::Status), 0x1'5100U);
  EXPECT_EQ(termination(Reason::Processor), 0xe'5100U);
}

TEST(Protocol, EveryReasonHasAText) {
  for (unsigned number = 1; number <= static_cast<unsigned>(Reason::Processor); ++number) {
    EXPECT_STRNE(text_of(static_cast<Reason>(number)), "unknown");
  }
  EXPECT_STREQ(text_of(static_cast<Reason>(static_cast<unsigned>(Reason::Processor) + 1)),
               "unknown");
}

}  // namespace
}  // namespace merlon::shim::snp
