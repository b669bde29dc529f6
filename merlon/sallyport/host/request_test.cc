#include "merlon/sallyport/host/request.h"

#include <cstdio>
#include <random>

#include <gtest/gtest.h>

#include "merlon/sallyport/testing/memory.h"

namespace merlon::sallyport {
namespace {

class RequestTest : public ::testing::Test {
 protected:
  void stage(std::uint32_t call, std::uint32_t sent, std::uint32_t room, std::uint32_t sequence) {
    const Block block = memory_.block();
    block.store(&Header::call, call);
    block.store(&Header::sent, sent);
    block.store(&Header::room, room);
    block.store(&Header::sequence, sequence);
  }
  testing::BlockMemory memory_;
};

constexpr auto capacity = static_cast<std::uint32_t>(testing::BlockMemory::capacity);
constexpr auto read_call = static_cast<std::uint32_t>(Call::Read);

TEST_F(RequestTest, TakesWhatStandsInTheBlock) {
  stage(read_call, 3, capacity, 1);
  memory_.block().store_argument(5, 99);
  const auto request = take_request(memory_.block(), 1);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->call, Call::Read);
  EXPECT_EQ(request->sent.size(), 3U);
  EXPECT_EQ(request->room.size(), capacity);
  EXPECT_EQ(request->arguments[5], 99U);
}

TEST_F(RequestTest, RefusesCallsThatAreNotInTheList) {
  stage(0, 0, 0, 1);
  EXPECT_FALSE(take_request(memory_.block(), 1).has_value());
  stage(0x10001, 0, 0, 1);
  EXPECT_FALSE(take_request(memory_.block(), 1).has_value());
}

TEST_F(RequestTest, RefusesSizesBeyondTheBlock) {
  stage(read_call, capacity + 1, 0, 1);
  EXPECT_FALSE(take_request(memory_.block(), 1).has_value());
  stage(read_call, 0, capacity + 1, 1);
  EXPECT_FALSE(take_request(memory_.block(), 1).has_value());
  stage(read_call, 0xffff'ffff, 0xffff'ffff, 1);
  EXPECT_FALSE(take_request(memory_.block(), 1).has_value());
}

TEST_F(RequestTest, RefusesARequestOutOfOrder) {
  stage(read_call, 0, 0, 1);
  EXPECT_FALSE(take_request(memory_.block(), 2).has_value());
  stage(read_call, 0, 0, 3);
  EXPECT_FALSE(take_request(memory_.block(), 2).has_value());
}

TEST(HostileKeep, NeverMakesTheHostLeaveTheBlock) {
  testing::BlockMemory memory;
  const Block block = memory.block();
  std::mt19937_64 random(4);
  constexpr std::size_t requests = 1'000'000;
  std::size_t taken = 0;
  for (std::size_t i = 0; i < requests; ++i) {
    block.store(&Header::call, static_cast<std::uint32_t>(random() % 128));
    block.store(&Header::sent, static_cast<std::uint32_t>(random() >> (random() % 64)));
    block.store(&Header::room, static_cast<std::uint32_t>(random() >> (random() % 64)));
    block.store(&Header::sequence, static_cast<std::uint32_t>(random() % 2));
    const auto request = take_request(block, 1);
    if (!request) continue;
    ++taken;
    ASSERT_LE(request->sent.size(), block.capacity());
    ASSERT_LE(request->room.size(), block.capacity());
    ASSERT_EQ(find_call(static_cast<std::uint32_t>(request->call))->reply, request->reply);
    answer(block, *request, {0, static_cast<std::uint32_t>(request->room.size())});
  }
  EXPECT_GT(taken, 1000U);
  EXPECT_TRUE(memory.intact());
  std::printf("hostile keep: %zu requests, %zu well-formed, 0 outside of the block\n", requests,
              taken);
}

}  // namespace
}  // namespace merlon::sallyport
