#include "merlon/sallyport/guest/port.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "merlon/sallyport/guest/host_time.h"
#include "merlon/sallyport/host/request.h"
#include "merlon/sallyport/testing/memory.h"
#include "merlon/sallyport/testing/words.h"

namespace merlon::sallyport {
namespace {

std::string text_of(const SharedBytes& bytes) {
  std::vector<std::uint8_t> copy(bytes.size());
  bytes.copy_in(copy);
  return std::string(core::as_text(copy));
}

/// A keep's port whose host is a function of the test.
class PortTest : public ::testing::Test {
 protected:
  using Host = std::function<void(const Block&)>;

  /// A host that answers with these words, in order.
  static Host replies(std::int64_t result, std::uint64_t returned) {
    return [=](const Block& block) { testing::reply_in(block, result, returned); };
  }
  void answer_with(Host host) { host_ = std::move(host); }

  static void ring(void* self, std::uint64_t /*sequence*/) noexcept {
    const auto& test = *static_cast<PortTest*>(self);
    test.host_(test.memory_.block());
  }

  Answer<std::uint64_t> read(std::size_t room) {
    into_.assign(room, 0);
    return port_.stage(Call::Read, {0}).receive(room).commit().collect(into_);
  }
  Answer<std::uint64_t> write(std::size_t size) {
    const std::vector<std::uint8_t> bytes(size, 'w');
    return port_.stage(Call::Write, {1}).send(bytes).commit().collect({});
  }
  Answer<std::uint64_t> plain(Call call) {
    return port_.stage(call, Arguments{}).commit().collect({});
  }
  static Violation violation_of(const Answer<std::uint64_t>& answer) {
    if (answer) return Violation::None;
    const Failure failure = answer.error();
    EXPECT_TRUE(failure.violation == Violation::None || failure.number == 0) << failure.number;
    return failure.violation;
  }
  /// A host that delivers these words and says so of the result and the size.
  static Host delivers(std::vector<std::uint32_t> words, std::int64_t result, std::size_t size) {
    return [=](const Block& block) {
      block.copy_out({reinterpret_cast<const std::uint8_t*>(words.data()), words.size() * 4});
      testing::reply_in(block, result, size);
    };
  }
  Answer<std::uint64_t> receive(std::size_t room) {
    into_.assign(room, 0);
    return port_.stage(Call::ReceiveDescriptors, {3, 8}).receive(room).commit().collect(into_);
  }

  testing::BlockMemory memory_;
  Host host_;
  Port port_{memory_.block(), {&PortTest::ring, this}};
  std::vector<std::uint8_t> into_;
};

TEST_F(PortTest, CarriesBytesBothWays) {
  answer_with([](const Block& block) {
    const auto request = take_request(block, 1);
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(request->call, Call::Read);
    EXPECT_EQ(request->arguments[0], 7U);
    ASSERT_EQ(request->room.size(), 16U);
    request->room.copy_out(core::as_bytes("xxxxx"));
    answer(block, *request, {5, 5});
  });
  std::vector<std::uint8_t> into(16);
  const auto count = port_.stage(Call::Read, {7}).receive(16).commit().collect(into);
  ASSERT_TRUE(count.has_value());
  EXPECT_EQ(*count, 5U);
  EXPECT_EQ(into[4], 'x');
  EXPECT_EQ(into[5], 0);
}

TEST_F(PortTest, PutsSentBytesOneBehindTheOther) {
  answer_with([](const Block& block) {
    const auto request = take_request(block, 1);
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(text_of(request->sent), "onetwo");
    answer(block, *request, {6, 0});
  });
  const auto count = port_.stage(Call::Write, {1})
                         .send(core::as_bytes("one"))
                         .send(core::as_bytes("two"))
                         .commit()
                         .collect({});
  EXPECT_EQ(count ? *count : 0, 6U);
}

TEST_F(PortTest, ATimeMayBeAsLargeAsANumberThatIsNoError) {
  constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
  answer_with(replies(largest, 0));
  const auto time = plain(Call::Clock);
  ASSERT_TRUE(time.has_value());
  EXPECT_EQ(*time, static_cast<std::uint64_t>(largest));
}

TEST_F(PortTest, GivesTheHostsErrorNumbers) {
  answer_with(replies(-9, 0));
  const auto answer = read(8);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().number, 9);
  EXPECT_EQ(answer.error().violation, Violation::None);
}

TEST_F(PortTest, RefusesAnAnswerThatDidNotCome) {
  answer_with([](const Block&) {});
  EXPECT_EQ(violation_of(read(8)), Violation::NotAnswered);
}

TEST_F(PortTest, RefusesTheAnswerToAnEarlierRequest) {
  answer_with(replies(0, 0));
  EXPECT_EQ(violation_of(read(8)), Violation::None);
  answer_with([](const Block& block) { block.store(Header::Result, 1); });
  EXPECT_EQ(violation_of(read(8)), Violation::NotAnswered);
}

TEST_F(PortTest, RefusesAnAnswerThatCameTooEarly) {
  answer_with([](const Block& block) {
    block.store(Header::Answered, testing::word_in(block, Header::Sequence) + 1);
  });
  EXPECT_EQ(violation_of(read(8)), Violation::NotAnswered);
}

TEST_F(PortTest, OnlyWhatMayBeAskedAgainIsInterrupted) {
  answer_with(replies(-4, 0));
  EXPECT_EQ(read(8).error().number, 4);
  EXPECT_EQ(violation_of(write(8)), Violation::Interrupted);
  for (const CallInfo& info : call_table) {
    std::vector<std::uint8_t> into(8);
    const auto answer = port_.stage(info.call, Arguments{}).receive(8).commit().collect(into);
    const bool may = may_be_interrupted(info.reply);
    EXPECT_EQ(violation_of(answer), may ? Violation::None : Violation::Interrupted) << info.name;
  }
}

TEST_F(PortTest, NumbersAreWhatTheirRequestsCanGive) {
  const auto violation = [&](Call call, Arguments arguments, std::int64_t result) {
    answer_with(replies(result, 0));
    return violation_of(port_.stage(call, arguments).commit().collect({}));
  };
  constexpr auto impossible = Violation::ResultOutOfRange;
  EXPECT_EQ(violation(Call::Seek, {3, 100, 0}, 100), Violation::None);
  EXPECT_EQ(violation(Call::Seek, {3, 100, 0}, 0), Violation::None);
  EXPECT_EQ(violation(Call::Seek, {3, 100, 0}, 99), impossible);
  EXPECT_EQ(violation(Call::Seek, {3, 100, 1}, 99), Violation::None);
  EXPECT_EQ(violation(Call::GetFlags, {3}, 0x8c02), Violation::None);
  EXPECT_EQ(violation(Call::GetFlags, {3}, 0x80'0000), impossible);
  EXPECT_EQ(violation(Call::Readable, {3}, 0x7fff'ffff), Violation::None);
  EXPECT_EQ(violation(Call::Readable, {3}, 0x8000'0000), impossible);
  EXPECT_EQ(violation(Call::SocketOption, {3, 1}, 1), Violation::None);
  EXPECT_EQ(violation(Call::SocketOption, {3, 1}, 2), impossible);
  EXPECT_EQ(violation(Call::SocketOption, {3, 0}, 0), impossible);
  EXPECT_EQ(violation(Call::SocketOption, {3, 0}, 1), Violation::None);
  EXPECT_EQ(violation(Call::SocketOption, {3, 0}, 10), Violation::None);
  EXPECT_EQ(violation(Call::SocketOption, {3, 0}, 11), impossible);
}

TEST_F(PortTest, TheBellIsRungWithTheKeepsOwnSequence) {
  std::uint64_t rung = 0;
  Port port(memory_.block(), {[](void* at, std::uint64_t sequence) noexcept {
                                *static_cast<std::uint64_t*>(at) = sequence;
                              },
                              &rung});
  for (std::uint64_t i = 1; i < 4; ++i) {
    memory_.block().store(Header::Sequence, 77);
    static_cast<void>(port.stage(Call::Close, {0}).commit().collect({}));
    EXPECT_EQ(rung, i);
  }
}

TEST_F(PortTest, RefusesErrorNumbersThatDoNotExist) {
  answer_with(replies(-4096, 0));
  EXPECT_EQ(violation_of(read(8)), Violation::UnknownErrno);
  answer_with(replies(INT64_MIN, 0));
  EXPECT_EQ(violation_of(read(8)), Violation::UnknownErrno);
}

TEST_F(PortTest, RefusesBytesWithAnError) {
  answer_with(replies(-5, 3));
  EXPECT_EQ(violation_of(read(8)), Violation::ErrorWithBytes);
}

TEST_F(PortTest, RefusesMoreThanItAskedFor) {
  answer_with(replies(9, 9));
  EXPECT_EQ(violation_of(read(8)), Violation::ResultOutOfRange);
  answer_with(replies(9, 0));
  EXPECT_EQ(violation_of(write(8)), Violation::ResultOutOfRange);
}

TEST_F(PortTest, RefusesAnotherNumberOfBytesThanTheResultSays) {
  answer_with(replies(4, 8));
  EXPECT_EQ(violation_of(read(8)), Violation::WrongSize);
  answer_with(replies(4, 4));
  EXPECT_EQ(violation_of(write(8)), Violation::WrongSize);
}

TEST_F(PortTest, RefusesAResultWhereThereIsNone) {
  answer_with(replies(1, 0));
  EXPECT_EQ(violation_of(plain(Call::Close)), Violation::ResultOutOfRange);
}

TEST_F(PortTest, RefusesHalfARecord) {
  std::vector<std::uint8_t> into(sizeof(Status));
  answer_with(replies(0, sizeof(Status) - 1));
  const auto answer = port_.stage(Call::Status, {0}).receive(into.size()).commit().collect(into);
  EXPECT_EQ(violation_of(answer), Violation::WrongSize);
}

TEST_F(PortTest, RefusesADescriptorThatIsInUse) {
  port_.descriptors().add(5);
  answer_with(replies(5, 0));
  EXPECT_EQ(violation_of(plain(Call::Accept)), Violation::DescriptorInUse);
}

TEST_F(PortTest, RefusesADescriptorOutsideOfTheTable) {
  answer_with(replies(static_cast<std::int64_t>(max_descriptors), 0));
  EXPECT_EQ(violation_of(plain(Call::Accept)), Violation::DescriptorTooLarge);
}

TEST_F(PortTest, TakesTheLastDescriptorOfTheTable) {
  answer_with(replies(static_cast<std::int64_t>(max_descriptors) - 1, 0));
  EXPECT_TRUE(plain(Call::Accept).has_value());
  EXPECT_TRUE(port_.descriptors().holds(max_descriptors - 1));
}

TEST_F(PortTest, TakesTheLastErrno) {
  answer_with(replies(-static_cast<std::int64_t>(max_errno), 0));
  const auto answer = plain(Call::Accept);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().violation, Violation::None);
  EXPECT_EQ(answer.error().number, max_errno);
}

TEST_F(PortTest, RemembersDescriptorsItWasGiven) {
  answer_with(replies(5, 0));
  EXPECT_TRUE(plain(Call::Accept).has_value());
  EXPECT_TRUE(port_.descriptors().holds(5));
  EXPECT_EQ(violation_of(plain(Call::Accept)), Violation::DescriptorInUse);
}

TEST_F(PortTest, RefusesMoreReadyItemsThanItSent) {
  std::vector<std::uint8_t> items(2 * sizeof(PollItem));
  answer_with(replies(3, static_cast<std::uint32_t>(items.size())));
  const auto answer = port_.stage(Call::Poll, {2, 0})
                          .send(items)
                          .receive(items.size())
                          .items(2)
                          .commit()
                          .collect(items);
  EXPECT_EQ(violation_of(answer), Violation::ResultOutOfRange);
}

TEST_F(PortTest, TakesAsManyReadyItemsAsItSent) {
  std::vector<std::uint8_t> items(2 * sizeof(PollItem));
  answer_with(replies(2, static_cast<std::uint32_t>(items.size())));
  const auto answer = port_.stage(Call::Poll, {2, 0})
                          .send(items)
                          .receive(items.size())
                          .items(2)
                          .commit()
                          .collect(items);
  EXPECT_EQ(answer ? *answer : 0, 2U);
}

TEST_F(PortTest, RefusesAnAnswerToTheEnd) {
  answer_with(replies(0, 0));
  EXPECT_EQ(violation_of(plain(Call::Exit)), Violation::CameBack);
}

TEST_F(PortTest, TakesADeliveryWithItsDescriptors) {
  answer_with([](const Block& block) {
    constexpr std::string_view delivery("\2\0\0\0\10\0\0\0\11\0\0\0hi", 14);
    block.copy_out(core::as_bytes(delivery));
    testing::reply_in(block, 2, delivery.size());
  });
  std::vector<std::uint8_t> into(64);
  const auto answer =
      port_.stage(Call::ReceiveDescriptors, {3, 8}).receive(into.size()).commit().collect(into);
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(port_.descriptors().holds(8));
  EXPECT_TRUE(port_.descriptors().holds(9));
}

TEST_F(PortTest, RefusesADeliveryWithADescriptorOutsideOfTheTable) {
  for (const std::uint32_t number : {1024U, 1087U, std::uint32_t{1} << 31U}) {
    answer_with(delivers({2, 8, number}, 0, 12));
    EXPECT_EQ(violation_of(receive(64)), Violation::DescriptorTooLarge) << number;
    EXPECT_FALSE(port_.descriptors().holds(8)) << "none of them";
  }
  answer_with(delivers({2, 8, 1023}, 0, 12));
  EXPECT_TRUE(receive(64).has_value());
  EXPECT_TRUE(port_.descriptors().holds(1023));
}

TEST_F(PortTest, TakesADeliveryOfNothing) {
  answer_with(delivers({0}, 0, 4));
  EXPECT_TRUE(receive(64).has_value());
  EXPECT_TRUE(receive(4).has_value());
}

TEST_F(PortTest, TakesAsManyDescriptorsAsAMessageCanBring) {
  std::vector<std::uint32_t> words{max_delivered_descriptors};
  for (std::uint32_t i = 0; i < max_delivered_descriptors + 1; ++i) words.push_back(100 + i);
  answer_with(delivers(words, 0, 4 + 4 * max_delivered_descriptors));
  EXPECT_TRUE(receive(1024).has_value());
  port_.descriptors() = {};
  ++words[0];
  answer_with(delivers(words, 0, 8 + 4 * max_delivered_descriptors));
  EXPECT_EQ(violation_of(receive(1024)), Violation::ResultOutOfRange);
  EXPECT_FALSE(port_.descriptors().holds(100));
}

TEST_F(PortTest, RefusesADeliveryOfAnotherSizeThanItSays) {
  const auto violation = [&](std::vector<std::uint32_t> words, std::int64_t result,
                             std::size_t size) {
    answer_with(delivers(std::move(words), result, size));
    return violation_of(receive(16));
  };
  EXPECT_EQ(violation({1, 8}, 1, 8 + 2), Violation::WrongSize) << "more bytes than the result";
  EXPECT_EQ(violation({1, 8}, 3, 8 + 2), Violation::WrongSize) << "less";
  EXPECT_EQ(violation({2, 8, 9}, 0, 8), Violation::WrongSize) << "half of the descriptors";
  EXPECT_EQ(violation({0}, 0, 3), Violation::WrongSize) << "half of the header";
  EXPECT_EQ(violation({0}, 0, 0), Violation::WrongSize);
  EXPECT_EQ(violation({0}, 17, 16), Violation::ResultOutOfRange);
  EXPECT_EQ(violation({0}, 13, 17), Violation::WrongSize) << "more than there is room for";
  EXPECT_FALSE(port_.descriptors().holds(8));
  EXPECT_EQ(violation({0}, 12, 16), Violation::None);
}

TEST_F(PortTest, RefusesADeliveryThatNamesADescriptorTwice) {
  answer_with([](const Block& block) {
    const std::uint32_t words[] = {2, 8, 8};
    block.copy_out({reinterpret_cast<const std::uint8_t*>(words), sizeof(words)});
    testing::reply_in(block, 0, sizeof(words));
  });
  std::vector<std::uint8_t> into(64);
  const auto answer =
      port_.stage(Call::ReceiveDescriptors, {3, 8}).receive(into.size()).commit().collect(into);
  EXPECT_EQ(violation_of(answer), Violation::DescriptorInUse);
  EXPECT_FALSE(port_.descriptors().holds(8));
}

TEST_F(PortTest, SendsPiecesOfAnySizeAsOne) {
  const std::string text =
      "The quick brown fox jumps over the lazy dog, and then it does so again.";
  std::string seen;
  answer_with([&](const Block& block) {
    const auto request = take_request(block, testing::word_in(block, Header::Sequence));
    ASSERT_TRUE(request.has_value());
    seen = text_of(request->sent);
    answer(block, *request, {static_cast<std::int64_t>(seen.size()), 0});
  });
  for (std::size_t first = 0; first < 20; ++first) {
    for (std::size_t second = 0; second < 20; ++second) {
      const core::ByteView bytes = core::as_bytes(text);
      const auto count = port_.stage(Call::Write, {1})
                             .send(bytes.first(first))
                             .send(bytes.subspan(first, second))
                             .send(bytes.subspan(first + second))
                             .commit()
                             .collect({});
      ASSERT_EQ(count ? *count : 0, text.size());
      ASSERT_EQ(seen, text) << first << " " << second;
    }
  }
}

/// Private memory full of a pattern, and requests out of the middle of it: what stands in the block
/// afterwards is the requests' bytes and zeros.
TEST_F(PortTest, NothingButItsBytesLeavesTheKeep) {
  constexpr std::uint8_t secret = 0xc5;
  constexpr std::uint8_t open = 0xb7;
  answer_with([](const Block& block) {
    const std::uint64_t sent = testing::word_in(block, Header::Sent);
    testing::reply_in(block, static_cast<std::int64_t>(sent), 0);
  });
  for (std::size_t size = 0; size < 110; ++size) {  // which are less than the two marks
    std::vector<std::uint8_t> keeps(size + 64, secret);
    const std::size_t begins = 16 + size % 9;
    const core::ByteSpan bytes = core::ByteSpan(keeps).subspan(begins, size);
    std::fill(bytes.begin(), bytes.end(), open);
    const std::size_t split = size / 3;
    const auto answer = port_.stage(Call::Write, {1, size, 2, 3})
                            .send(core::ByteView(bytes).first(split))
                            .send(core::ByteView(bytes).subspan(split))
                            .commit()
                            .collect({});
    ASSERT_TRUE(answer.has_value());
    const core::ByteView all = memory_.raw();
    ASSERT_EQ(std::count(all.begin(), all.end(), secret), 0) << size;
    const core::ByteView data = all.subspan(data_offset);
    const std::size_t end = (size + word_size - 1) / word_size * word_size;
    ASSERT_EQ(std::count(data.begin(), data.end(), open), static_cast<std::ptrdiff_t>(size));
    ASSERT_EQ(std::count(data.begin() + static_cast<std::ptrdiff_t>(size),
                         data.begin() + static_cast<std::ptrdiff_t>(end), 0),
              static_cast<std::ptrdiff_t>(end - size))
        << "zeros up to the word's end";
  }
}

TEST_F(PortTest, WritesNothingBehindARequestsLastWord) {
  answer_with(replies(0, 0));
  std::fill(memory_.raw().begin(), memory_.raw().end(), std::uint8_t{0xee});
  static_cast<void>(write(13));
  const core::ByteView data = core::ByteView(memory_.raw()).subspan(data_offset);
  EXPECT_EQ(data[12], 'w');
  EXPECT_EQ(data[13], 0);
  EXPECT_EQ(data[15], 0);
  EXPECT_EQ(data[16], 0xee);
}

/// 2^64 requests are never made; that a keep ends before it counts from the beginning is not left
/// to that.
TEST_F(PortTest, HasNumbersForItsEndAndForNothingElseAtTheEnd) {
  std::uint64_t answered = 0;
  answer_with([&](const Block& block) {
    answered = testing::word_in(block, Header::Sequence);
    testing::reply_in(block, 0, 0);
  });
  Port port(memory_.block(), {&PortTest::ring, this}, last_sequence - 2);
  const auto close = [&] { return port.stage(Call::Close, {0}).commit().collect({}); };
  EXPECT_TRUE(close().has_value());
  EXPECT_TRUE(close().has_value());
  EXPECT_EQ(answered, last_sequence);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(violation_of(close()), Violation::TooManyRequests);
  EXPECT_EQ(answered, last_sequence) << "the host was not asked";
  EXPECT_TRUE(port.stage(Call::Complain, {0}).commit().collect({}).has_value());
  EXPECT_EQ(violation_of(port.stage(Call::Exit, {0}).commit().collect({})), Violation::CameBack);
  EXPECT_EQ(answered, last_sequence + 2);
}

TEST_F(PortTest, NeverCountsFromTheBeginning) {
  answer_with(replies(0, 0));
  Port port(memory_.block(), {&PortTest::ring, this}, ~std::uint64_t{0} - 1);
  EXPECT_TRUE(port.stage(Call::Complain, {0}).commit().collect({}).has_value());
  EXPECT_DEATH(static_cast<void>(port.stage(Call::Exit, {0}).commit()), "");
}

TEST_F(PortTest, FinishesWhatWasCommitted) {
  unsigned rung = 0;
  answer_with([&](const Block&) { ++rung; });
  port_.finish();
  EXPECT_EQ(rung, 0U) << "nothing was asked yet";
  static_cast<void>(port_.stage(Call::Close, {0}).commit());
  EXPECT_EQ(rung, 1U);
  memory_.block().store(Header::Sequence, 77);  // a host that would have it ring for another
  port_.finish();
  EXPECT_EQ(rung, 2U);
  EXPECT_EQ(testing::word_in(memory_.block(), Header::Sequence), 1U);
  memory_.block().store(Header::Answered, 1);
  port_.finish();
  EXPECT_EQ(rung, 2U);
}

TEST(HostTime, IsTakenWhereAMachineCanHaveIt) {
  const testing::BlockMemory memory;
  const Block block = memory.block();
  const auto told = [&](const HostTime& time) {
    tell_time(block, time);
    return take_host_time(block);
  };
  EXPECT_EQ(told({}).value().tsc_khz, 0U);
  const HostTime usual{2'000'000, ~std::uint64_t{0}, 5, 1'700'000'000'000'000'000};
  const auto taken = told(usual);
  ASSERT_TRUE(taken.has_value());
  EXPECT_EQ(taken->tsc_base, usual.tsc_base);
  EXPECT_EQ(taken->realtime_base, usual.realtime_base);
  for (const HostTime& wrong : {HostTime{max_tsc_khz + 1, 0, 0, 0}, HostTime{1, 0, max_time + 1, 0},
                                HostTime{1, 0, 0, ~std::uint64_t{0}}}) {
    const auto refused = told(wrong);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().violation, Violation::TimeOutOfRange);
  }
}

TEST(Calls, HaveOneNumberEach) {
  for (const CallInfo& one : call_table) {
    for (const CallInfo& other : call_table) {
      EXPECT_TRUE(&one == &other || one.call != other.call) << one.name;
    }
    EXPECT_EQ(find_call(static_cast<std::uint64_t>(one.call)), &one);
  }
  EXPECT_EQ(find_call(0), nullptr);
  EXPECT_EQ(find_call(0xffff'ffff), nullptr);
  EXPECT_EQ(find_call(0x1'0000'0001), nullptr) << "all 64 bits count";
}

}  // namespace
}  // namespace merlon::sallyport
