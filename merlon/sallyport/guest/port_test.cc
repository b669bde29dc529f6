#include "merlon/sallyport/guest/port.h"

#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "merlon/sallyport/host/request.h"
#include "merlon/sallyport/testing/memory.h"

namespace merlon::sallyport {
namespace {

/// A keep's port whose host is a function of the test.
class PortTest : public ::testing::Test {
 protected:
  using Host = std::function<void(const Block&)>;

  /// A host that answers with these words, in order.
  static Host replies(std::int64_t result, std::uint32_t returned) {
    return [=](const Block& block) {
      block.store(&Header::result, result);
      block.store(&Header::returned, returned);
      block.store(&Header::answered, block.load(&Header::sequence));
    };
  }
  void answer_with(Host host) { host_ = std::move(host); }

  static void ring(void* self, std::uint32_t /*sequence*/) noexcept {
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
      block.copy_in({reinterpret_cast<const std::uint8_t*>(words.data()), words.size() * 4});
      block.store(&Header::result, result);
      block.store(&Header::returned, static_cast<std::uint32_t>(size));
      block.store(&Header::answered, block.load(&Header::sequence));
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
    std::fill_n(request->room.data(), 5, std::uint8_t{'x'});
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
    EXPECT_EQ(core::as_text(request->sent), "onetwo");
    answer(block, *request, {6, 0});
  });
  const auto count = port_.stage(Call::Write, {1})
                         .send(core::as_bytes("one"))
                         .send(core::as_bytes("two"))
                         .commit()
                         .collect({});
  EXPECT_EQ(count ? *count : 0, 6U);
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
  answer_with([](const Block& block) { block.store(&Header::result, std::int64_t{1}); });
  EXPECT_EQ(violation_of(read(8)), Violation::NotAnswered);
}

TEST_F(PortTest, RefusesAnAnswerThatCameTooEarly) {
  answer_with([](const Block& block) {
    block.store(&Header::answered, block.load(&Header::sequence) + 1);
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
  EXPECT_EQ(violation(Call::SocketOption, {3, 0}, 10), Violation::None);
  EXPECT_EQ(violation(Call::SocketOption, {3, 0}, 11), impossible);
}

TEST_F(PortTest, TheBellIsRungWithTheKeepsOwnSequence) {
  std::uint32_t rung = 0;
  Port port(memory_.block(), {[](void* at, std::uint32_t sequence) noexcept {
                                *static_cast<std::uint32_t*>(at) = sequence;
                              },
                              &rung});
  for (std::uint32_t i = 1; i < 4; ++i) {
    memory_.block().store(&Header::sequence, std::uint32_t{77});
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
    const std::uint32_t words[] = {2, 8, 9};
    block.copy_in({reinterpret_cast<const std::uint8_t*>(words), sizeof(words)});
    block.copy_in(core::as_bytes("hi"), sizeof(words));
    block.store(&Header::result, std::int64_t{2});
    block.store(&Header::returned, std::uint32_t{sizeof(words) + 2});
    block.store(&Header::answered, block.load(&Header::sequence));
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
    block.copy_in({reinterpret_cast<const std::uint8_t*>(words), sizeof(words)});
    block.store(&Header::result, std::int64_t{0});
    block.store(&Header::returned, std::uint32_t{sizeof(words)});
    block.store(&Header::answered, block.load(&Header::sequence));
  });
  std::vector<std::uint8_t> into(64);
  const auto answer =
      port_.stage(Call::ReceiveDescriptors, {3, 8}).receive(into.size()).commit().collect(into);
  EXPECT_EQ(violation_of(answer), Violation::DescriptorInUse);
  EXPECT_FALSE(port_.descriptors().holds(8));
}

TEST(Calls, HaveOneNumberEach) {
  for (const CallInfo& one : call_table) {
    for (const CallInfo& other : call_table) {
      EXPECT_TRUE(&one == &other || one.call != other.call) << one.name;
    }
    EXPECT_EQ(find_call(static_cast<std::uint32_t>(one.call)), &one);
  }
  EXPECT_EQ(find_call(0), nullptr);
  EXPECT_EQ(find_call(0xffff'ffff), nullptr);
}

}  // namespace
}  // namespace merlon::sallyport
