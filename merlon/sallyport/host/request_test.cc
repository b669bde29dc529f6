#include "merlon/sallyport/host/request.h"

#include <cstdio>
#include <random>

#include <gtest/gtest.h>

#include "merlon/sallyport/testing/memory.h"

namespace merlon::sallyport {
namespace {

class RequestTest : public ::testing::Test {
 protected:
  void stage(std::uint64_t call, std::uint64_t sent, std::uint64_t room, std::uint64_t sequence) {
    const Block block = memory_.block();
    block.store(Header::Call, call);
    block.store(Header::Sent, sent);
    block.store(Header::Room, room);
    block.store(Header::Sequence, sequence);
  }
  testing::BlockMemory memory_;
};

constexpr std::uint64_t capacity = testing::BlockMemory::capacity;
constexpr auto read_call = static_cast<std::uint64_t>(Call::Read);

TEST_F(RequestTest, TakesWhatStandsInTheBlock) {
  stage(read_call, 3, capacity, 1);
  memory_.block().store_argument(3, 99);
  const auto request = take_request(memory_.block(), 1);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->call, Call::Read);
  EXPECT_EQ(request->sent.size(), 3U);
  EXPECT_EQ(request->room.size(), capacity);
  EXPECT_EQ(request->arguments[3], 99U);
}

TEST_F(RequestTest, RefusesCallsThatAreNotInTheList) {
  stage(0, 0, 0, 1);
  EXPECT_FALSE(take_request(memory_.block(), 1).has_value());
  stage(0x10001, 0, 0, 1);
  EXPECT_FALSE(take_request(memory_.block(), 1).has_value());
  stage(0x1'0000'0001, 0, 0, 1);
  EXPECT_FALSE(take_request(memory_.block(), 1).has_value());
}

TEST_F(RequestTest, RefusesSizesBeyondTheBlock) {
  stage(read_call, capacity + 1, 0, 1);
  EXPECT_FALSE(take_request(memory_.block(), 1).has_value());
  stage(read_call, 0, capacity + 1, 1);
  EXPECT_FALSE(take_request(memory_.block(), 1).has_value());
  stage(read_call, 0xffff'ffff, 0xffff'ffff, 1);
  EXPECT_FALSE(take_request(memory_.block(), 1).has_value());
  stage(read_call, 0x1'0000'0000, 0, 1);
  EXPECT_FALSE(take_request(memory_.block(), 1).has_value());
  stage(read_call, ~std::uint64_t{0}, ~std::uint64_t{0}, 1);
  EXPECT_FALSE(take_request(memory_.block(), 1).has_value());
}

TEST_F(RequestTest, RefusesARequestOutOfOrder) {
  stage(read_call, 0, 0, 1);
  EXPECT_FALSE(take_request(memory_.block(), 2).has_value());
  stage(read_call, 0, 0, 3);
  EXPECT_FALSE(take_request(memory_.block(), 2).has_value());
}

TEST_F(RequestTest, RefusesARequestOfAnotherHalfOfItsNumber) {
  stage(read_call, 0, 0, 0x1'0000'0001);
  EXPECT_FALSE(take_request(memory_.block(), 1).has_value());
  stage(read_call, 0, 0, 1);
  EXPECT_FALSE(take_request(memory_.block(), 0x1'0000'0001).has_value());
}

TEST_F(RequestTest, TakesTheLastRequestAndNoneBehindIt) {
  constexpr std::uint64_t last = ~std::uint64_t{0};
  stage(read_call, 0, 0, last);
  EXPECT_TRUE(take_request(memory_.block(), last).has_value());
  stage(read_call, 0, 0, 0);
  EXPECT_FALSE(take_request(memory_.block(), last + 1).has_value());
}

TEST_F(RequestTest, SaysWhetherSomebodyAttends) {
  const auto is_attended = [&] {
    return memory_.block()
        .load(Header::Attended)
        .equal_to(1, core::ErrorCode::Malformed)
        .has_value();
  };
  EXPECT_FALSE(is_attended());
  set_attended(memory_.block(), true);
  EXPECT_TRUE(is_attended());
  set_attended(memory_.block(), false);
  EXPECT_FALSE(is_attended());
}

TEST(HostileKeep, NeverMakesTheHostLeaveTheBlock) {
  testing::BlockMemory memory;
  const Block block = memory.block();
  std::mt19937_64 random(4);
  constexpr std::size_t requests = 1'000'000;
  std::size_t taken = 0;
  for (std::size_t i = 0; i < requests; ++i) {
    block.store(Header::Call, random() % 128);
    block.store(Header::Sent, random() >> (random() % 64));
    block.store(Header::Room, random() >> (random() % 64));
    block.store(Header::Sequence, random() % 2);
    const auto request = take_request(block, 1);
    if (!request) continue;
    ++taken;
    ASSERT_LE(request->sent.size(), block.capacity());
    ASSERT_LE(request->room.size(), block.capacity());
    ASSERT_EQ(find_call(static_cast<std::uint64_t>(request->call))->reply, request->reply);
    answer(block, *request, {0, request->room.size()});
  }
  EXPECT_GT(taken, 1000U);
  EXPECT_TRUE(memory.intact());
  std::printf("hostile keep: %zu requests, %zu well-formed, 0 outside of the block\n", requests,
              taken);
}

}  // namespace
}  // namespace merlon::sallyport
