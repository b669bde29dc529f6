#include "merlon/launch/preparation.h"

#include <algorithm>
#include <csignal>

#include <gtest/gtest.h>

#include "merlon/os/channel.h"
#include "merlon/os/open.h"

namespace merlon::launch {
namespace {

class PreparationChannel : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = os::open_channel();
    ASSERT_TRUE(opened);
    channel_ = *std::move(opened);
  }
  void put(std::vector<std::uint8_t> bytes, std::span<const os::BorrowedFd> files = {}) {
    ASSERT_TRUE(os::send_with_descriptors(channel_.here, bytes, files));
  }
  os::Channel channel_;
};

constexpr std::size_t flags_place = 13;

std::vector<std::uint8_t> bytes_of(std::uint8_t flags) {
  std::vector<std::uint8_t> bytes{'M', 'R', 'L', 'N', 'P', 'R', 'E', 'P', 1, 0, 0, 0, 0, 0, 0, 0};
  bytes[flags_place] = flags;
  return bytes;
}

os::Fd some_file() { return os::memory_file("test", core::as_bytes("module")).value(); }

TEST_F(PreparationChannel, WhatIsSentArrives) {
  for (const bool module : {false, true}) {
    for (unsigned flags = 0; flags < 8; ++flags) {
      Preparation sent{Confinement::Machine, (flags & 1U) != 0, (flags & 2U) != 0,
                       (flags & 4U) != 0, module ? some_file() : os::Fd()};
      ASSERT_TRUE(send(channel_.here, sent));
      auto heard = receive_first(channel_.there);
      ASSERT_TRUE(heard);
      const auto* const preparation = std::get_if<Preparation>(&*heard);
      ASSERT_NE(preparation, nullptr);
      EXPECT_EQ(preparation->confinement, Confinement::Machine);
      EXPECT_EQ(preparation->network, sent.network);
      EXPECT_EQ(preparation->directories, sent.directories);
      EXPECT_EQ(preparation->verbose, sent.verbose);
      EXPECT_EQ(preparation->module.is_open(), module);
    }
  }
}

TEST_F(PreparationChannel, ALaunchMayComeInItsPlace) {
  Message message;
  message.program = "hello.wasm";
  const os::Fd module = some_file();
  const std::array<os::BorrowedFd, 1> files{module};
  ASSERT_TRUE(send(channel_.here, message, files));
  auto heard = receive_first(channel_.there);
  ASSERT_TRUE(heard);
  const auto* const launch = std::get_if<Launch>(&*heard);
  ASSERT_NE(launch, nullptr);
  EXPECT_EQ(launch->message, message);
  EXPECT_TRUE(launch->module.is_open());
}

TEST_F(PreparationChannel, ALaunchOfWhatIsPreparedBringsNoModule) {
  Message message;
  message.purpose = Purpose::RunPrepared;
  ASSERT_TRUE(send(channel_.here, message, {}));
  auto heard = receive(channel_.there);
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->message, message);
  EXPECT_FALSE(heard->module.is_open());
  message.nonce[0] = 1;
  EXPECT_FALSE(encode(message));
}

TEST_F(PreparationChannel, OthersAreRefused) {
  const auto with = [](std::size_t place, std::uint8_t value) {
    auto bytes = bytes_of(0);
    bytes[place] = value;
    return bytes;
  };
  auto longer = bytes_of(0);
  longer.push_back(0);
  const std::vector<std::vector<std::uint8_t>> refused{
      with(8, 2),    // another version
      with(12, 2),   // a confinement that there is not
      bytes_of(16),  // a flag that there is not
      with(14, 1),   // no zero
      longer,
      bytes_of(1),           // a module that does not come
      {'M', 'R', 'L', 'N'},  // half a word
  };
  for (const auto& bytes : refused) {
    SetUp();
    put(bytes);
    EXPECT_FALSE(receive_first(channel_.there));
  }
  SetUp();
  const os::Fd file = some_file();
  const std::array<os::BorrowedFd, 2> files{file, file};
  put(bytes_of(0), files);  // files that nobody asked for
  EXPECT_FALSE(receive_first(channel_.there));
}

/// Whoever takes a keep may do so before it has read what it shall be.
TEST_F(PreparationChannel, WhatIsSentBehindItIsReadByItself) {
  for (const bool module : {false, true}) {
    SetUp();
    const Preparation preparation{Confinement::Process, false, false, false,
                                  module ? some_file() : os::Fd()};
    ASSERT_TRUE(send(channel_.here, preparation));
    const os::Fd file = some_file();
    const std::array<os::BorrowedFd, 3> streams{file, file, file};
    ASSERT_TRUE(send_streams(channel_.here, streams));
    Message message;
    message.purpose = Purpose::RunPrepared;
    ASSERT_TRUE(send(channel_.here, message, {}));
    const auto first = receive_first(channel_.there);
    ASSERT_TRUE(first.has_value());
    const auto* const heard = std::get_if<Preparation>(&*first);
    ASSERT_NE(heard, nullptr);
    EXPECT_EQ(heard->module.is_open(), module);
    EXPECT_TRUE(receive_streams(channel_.there).has_value());
    EXPECT_TRUE(receive(channel_.there).has_value());
  }
}

TEST_F(PreparationChannel, StreamsArriveInTheirOrder) {
  std::array<os::Fd, 3> files;
  for (auto& file : files) file = some_file();
  const std::array<os::BorrowedFd, 3> sent{files[0], files[1], files[2]};
  ASSERT_TRUE(send_streams(channel_.here, sent));
  // What follows at once is not taken with them.
  ASSERT_TRUE(send(channel_.here, Preparation{}));
  const auto streams = receive_streams(channel_.there);
  ASSERT_TRUE(streams);
  EXPECT_TRUE(std::ranges::all_of(*streams, &os::Fd::is_open));
  EXPECT_TRUE(receive_first(channel_.there));
}

TEST_F(PreparationChannel, WhatIsNoStreamsIsRefused) {
  put({'M', 'R', 'L', 'N', 'S', 'T', 'R', 'M'});  // without files
  EXPECT_EQ(receive_streams(channel_.there).error().code, core::ErrorCode::Malformed);
  channel_.here.close();
  EXPECT_EQ(receive_streams(channel_.there).error().code, core::ErrorCode::Unavailable);
}

TEST_F(PreparationChannel, TheEndIsHeard) {
  for (const int status : {0, 1, 134, 255}) {
    send_end(channel_.there, status);
    const auto heard = receive_end(channel_.here);
    ASSERT_TRUE(heard);
    EXPECT_EQ(*heard, status);
  }
}

TEST_F(PreparationChannel, AnEndWithoutAWordIsNone) {
  channel_.there.close();
  EXPECT_EQ(receive_end(channel_.here).error().code, core::ErrorCode::Unavailable);
}

TEST_F(PreparationChannel, NobodyNeedListenToTheEnd) {
  channel_.here.close();
  os::Fd there = std::move(channel_.there);
  ::signal(SIGPIPE, SIG_IGN);
  send_end(there, 0);
}

}  // namespace
}  // namespace merlon::launch
