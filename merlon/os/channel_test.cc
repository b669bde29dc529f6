#include "merlon/os/channel.h"

#include <array>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "merlon/os/open.h"
#include "merlon/os/testing/scratch.h"

namespace merlon::os {
namespace {

constexpr std::array<std::uint8_t, 4> four{1, 2, 3, 4};

TEST(Channel, CarriesBytesAndOpenFiles) {
  const testing::ScratchDirectory scratch;
  scratch.make_file("a", "content of a");
  const auto file = open_file(scratch / "a");
  ASSERT_TRUE(file.has_value());
  const auto channel = open_channel();
  ASSERT_TRUE(channel.has_value());
  const std::array<BorrowedFd, 1> descriptors{*file};
  ASSERT_TRUE(send_with_descriptors(channel->here, four, descriptors).has_value());

  std::array<std::uint8_t, 16> buffer{};
  const auto delivery = receive_with_descriptors(channel->there, buffer);
  ASSERT_TRUE(delivery.has_value());
  EXPECT_EQ(delivery->size, 4U);
  EXPECT_EQ(buffer[3], 4);
  ASSERT_EQ(delivery->descriptors.size(), 1U);
  EXPECT_NE(delivery->descriptors[0].number(), file->number());
  EXPECT_EQ(::fcntl(delivery->descriptors[0].number(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  const auto content = read_all(delivery->descriptors[0], 100);
  ASSERT_TRUE(content.has_value());
  EXPECT_EQ(core::as_text(*content), "content of a");
}

TEST(Channel, PassesAsManyDescriptorsAsItSays) {
  const auto channel = open_channel();
  ASSERT_TRUE(channel.has_value());
  const auto null = Fd::adopt(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  std::vector<BorrowedFd> descriptors(max_passed_descriptors, null);
  ASSERT_TRUE(send_with_descriptors(channel->here, four, descriptors).has_value());
  std::array<std::uint8_t, 16> buffer{};
  const auto delivery = receive_with_descriptors(channel->there, buffer);
  ASSERT_TRUE(delivery.has_value());
  EXPECT_EQ(delivery->descriptors.size(), max_passed_descriptors);
  descriptors.push_back(null);
  EXPECT_EQ(send_with_descriptors(channel->here, four, descriptors).error(), Errno::Inval);
}

TEST(Channel, SendsMoreThanTheKernelBuffers) {
  const auto channel = open_channel();
  ASSERT_TRUE(channel.has_value());
  const std::vector<std::uint8_t> large(4'000'000, 7);
  std::size_t received = 0;
  std::jthread reader([&] {
    std::array<std::uint8_t, 65536> buffer{};
    while (received < large.size()) {
      const auto delivery = receive_with_descriptors(channel->there, buffer);
      if (!delivery || delivery->size == 0) break;
      received += delivery->size;
    }
  });
  ASSERT_TRUE(send_with_descriptors(channel->here, large, {}).has_value());
  reader.join();
  EXPECT_EQ(received, large.size());
}

TEST(Channel, AClosedEndIsSeenByBoth) {
  auto channel = open_channel();
  ASSERT_TRUE(channel.has_value());
  channel->here.close();
  std::array<std::uint8_t, 16> buffer{};
  const auto delivery = receive_with_descriptors(channel->there, buffer);
  ASSERT_TRUE(delivery.has_value());
  EXPECT_EQ(delivery->size, 0U);
  EXPECT_EQ(send_with_descriptors(channel->there, four, {}).error(), Errno::Pipe);
}

}  // namespace
}  // namespace merlon::os
