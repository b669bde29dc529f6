#include "merlon/launch/channel.h"

#include <array>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "merlon/os/channel.h"
#include "merlon/os/open.h"
#include "merlon/os/testing/scratch.h"

namespace merlon::launch {
namespace {

class LaunchChannel : public ::testing::Test {
 protected:
  LaunchChannel() {
    scratch_.make_file("module", "wasm bytes");
    scratch_.make_file("other", "other bytes");
    module_ = *os::open_file(scratch_ / "module");
    other_ = *os::open_file(scratch_ / "other");
    channel_ = *os::open_channel();
  }

  static std::string content(os::BorrowedFd fd) {
    const auto bytes = os::read_all(fd, 100);
    return bytes ? std::string(core::as_text(*bytes)) : "";
  }

  os::testing::ScratchDirectory scratch_;
  os::Fd module_;
  os::Fd other_;
  os::Channel channel_;
};

TEST_F(LaunchChannel, HandsOverMessageModuleAndFiles) {
  Message message;
  message.arguments = {"main.wasm"};
  message.files = {{FileKind::Stdin, FileAccess::ReadWrite, "stdin"},
                   {FileKind::Directory, FileAccess::ReadOnly, "/"}};
  const std::array<os::BorrowedFd, 2> descriptors{module_, other_};
  ASSERT_TRUE(send(channel_.here, message, descriptors).has_value());
  const auto launch = receive(channel_.there);
  ASSERT_TRUE(launch.has_value()) << launch.error().what;
  EXPECT_EQ(launch->message, message);
  EXPECT_EQ(content(launch->module), "wasm bytes");
  ASSERT_EQ(launch->descriptors.size(), 1U);
  EXPECT_EQ(content(launch->descriptors[0]), "other bytes");
}

TEST_F(LaunchChannel, CarriesMessagesLongerThanOneRead) {
  Message message;
  message.arguments = {std::string(3'000'000, 'x')};
  std::jthread sender([&] {
    const std::array<os::BorrowedFd, 1> descriptors{module_};
    EXPECT_TRUE(send(channel_.here, message, descriptors).has_value());
  });
  const auto launch = receive(channel_.there);
  ASSERT_TRUE(launch.has_value()) << launch.error().what;
  EXPECT_EQ(launch->message, message);
}

TEST_F(LaunchChannel, RefusesToSendAWrongNumberOfFiles) {
  const std::array<os::BorrowedFd, 2> descriptors{module_, other_};
  EXPECT_EQ(send(channel_.here, Message{}, descriptors).error().code, core::ErrorCode::Internal);
  EXPECT_EQ(send(channel_.here, Message{}, {}).error().code, core::ErrorCode::Internal);
}

TEST_F(LaunchChannel, RefusesToReceiveAWrongNumberOfFiles) {
  const auto bytes = encode(Message{});
  ASSERT_TRUE(bytes.has_value());
  const std::array<os::BorrowedFd, 2> two{module_, other_};
  ASSERT_TRUE(os::send_with_descriptors(channel_.here, *bytes, two).has_value());
  EXPECT_EQ(receive(channel_.there).error().code, core::ErrorCode::Malformed);
  ASSERT_TRUE(os::send_with_descriptors(channel_.here, *bytes, {}).has_value());
  EXPECT_EQ(receive(channel_.there).error().code, core::ErrorCode::Malformed);
}

TEST_F(LaunchChannel, AnEndWithoutAMessageIsNoMalformedMessage) {
  channel_.here.close();
  EXPECT_EQ(receive(channel_.there).error().code, core::ErrorCode::Unavailable);
}

TEST_F(LaunchChannel, AMessageCutShortIsMalformed) {
  const auto bytes = encode(Message{});
  ASSERT_TRUE(bytes.has_value());
  for (const std::size_t size : {std::size_t{1}, header_size - 1, header_size, bytes->size() - 1}) {
    auto channel = os::open_channel();
    ASSERT_TRUE(channel.has_value());
    const core::ByteView part = core::ByteView(*bytes).first(size);
    ASSERT_TRUE(os::send_with_descriptors(channel->here, part, {}).has_value());
    channel->here.close();
    EXPECT_EQ(receive(channel->there).error().code, core::ErrorCode::Malformed) << size;
  }
}

TEST_F(LaunchChannel, BytesBehindTheMessageAreMalformed) {
  auto bytes = encode(Message{});
  ASSERT_TRUE(bytes.has_value());
  bytes->push_back(0);
  const std::array<os::BorrowedFd, 1> descriptors{module_};
  ASSERT_TRUE(os::send_with_descriptors(channel_.here, *bytes, descriptors).has_value());
  EXPECT_EQ(receive(channel_.there).error().code, core::ErrorCode::Malformed);
}

}  // namespace
}  // namespace merlon::launch
