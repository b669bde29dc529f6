#include "merlon/launch/pool.h"

#include <array>
#include <vector>

#include <gtest/gtest.h>

#include "merlon/os/channel.h"
#include "merlon/os/open.h"

namespace merlon::launch {
namespace {

class PoolConnection : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = os::open_channel();
    ASSERT_TRUE(opened);
    channel_ = *std::move(opened);
  }
  void put(const std::vector<std::uint8_t>& bytes, std::size_t files) {
    const os::Fd file = os::memory_file("test", core::as_bytes("module")).value();
    const std::vector<os::BorrowedFd> sent(files, file);
    ASSERT_TRUE(os::send_with_descriptors(channel_.here, bytes, sent));
  }
  os::Channel channel_;
};

os::Fd some_file() { return os::memory_file("test", core::as_bytes("module")).value(); }

TEST_F(PoolConnection, QuestionsArrive) {
  for (unsigned reach = 0; reach < 4; ++reach) {
    PoolQuestion question{1, (reach & 1U) != 0, (reach & 2U) != 0, some_file()};
    ASSERT_TRUE(send(channel_.here, question));
    const auto heard = receive_pool_question(channel_.there);
    ASSERT_TRUE(heard);
    EXPECT_EQ(heard->backend, 1);
    EXPECT_EQ(heard->network, question.network);
    EXPECT_EQ(heard->directories, question.directories);
    EXPECT_TRUE(heard->module.is_open());
  }
}

TEST_F(PoolConnection, WhatIsNoQuestionIsRefused) {
  const std::vector<std::uint8_t> good{'M', 'R', 'L', 'N', 'T', 'A', 'K', 'E',
                                       1,   0,   0,   0,   1,   0,   0,   0};
  put(good, 1);
  EXPECT_TRUE(receive_pool_question(channel_.there));
  for (const auto& [place, value] : {std::pair{0, 'm'}, {8, '\2'}, {13, '\4'}, {14, '\1'}}) {
    SetUp();
    auto bad = good;
    bad[static_cast<std::size_t>(place)] = static_cast<std::uint8_t>(value);
    put(bad, 1);
    EXPECT_FALSE(receive_pool_question(channel_.there)) << place;
  }
  for (const std::size_t files : {0U, 2U}) {
    SetUp();
    put(good, files);
    EXPECT_FALSE(receive_pool_question(channel_.there)) << files;
  }
  SetUp();
  put({'M', 'R'}, 1);
  EXPECT_FALSE(receive_pool_question(channel_.there));
  channel_.here.close();
  EXPECT_EQ(receive_pool_question(channel_.there).error().code, core::ErrorCode::Unavailable);
}

TEST_F(PoolConnection, AnswersArrive) {
  ASSERT_TRUE(send_pool_answer(channel_.there, std::nullopt));
  const auto none = receive_pool_answer(channel_.here);
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());
  for (const bool prepared : {true, false}) {
    ASSERT_TRUE(send_pool_answer(channel_.there, TakenKeep{prepared, some_file(), some_file()}));
    const auto keep = receive_pool_answer(channel_.here);
    ASSERT_TRUE(keep);
    ASSERT_TRUE(*keep);
    EXPECT_EQ((*keep)->prepared, prepared);
    EXPECT_TRUE((*keep)->channel.is_open());
    EXPECT_TRUE((*keep)->process.is_open());
  }
}

TEST_F(PoolConnection, WhatIsNoAnswerIsRefused) {
  for (const auto& [word, files] : {std::pair{3, 2}, {1, 1}, {1, 0}, {0, 2}, {2, 3}}) {
    SetUp();
    put({static_cast<std::uint8_t>(word)}, static_cast<std::size_t>(files));
    EXPECT_FALSE(receive_pool_answer(channel_.there)) << word << " " << files;
  }
  channel_.here.close();
  EXPECT_EQ(receive_pool_answer(channel_.there).error().code, core::ErrorCode::Unavailable);
}

TEST_F(PoolConnection, EndsArrive) {
  using Kind = os::ExitStatus::Kind;
  for (const os::ExitStatus& status :
       {os::ExitStatus{Kind::Exited, 0}, {Kind::Exited, 255}, {Kind::Killed, 9}}) {
    send_process_end(channel_.there, status);
    const auto heard = receive_process_end(channel_.here);
    ASSERT_TRUE(heard);
    EXPECT_EQ(heard->kind, status.kind);
    EXPECT_EQ(heard->value, status.value);
  }
  put({7, 7}, 0);
  EXPECT_EQ(receive_process_end(channel_.there).error().code, core::ErrorCode::Malformed);
  channel_.here.close();
  EXPECT_EQ(receive_process_end(channel_.there).error().code, core::ErrorCode::Unavailable);
}

}  // namespace
}  // namespace merlon::launch
