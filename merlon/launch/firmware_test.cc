#include "merlon/launch/firmware.h"

#include <gtest/gtest.h>

#include "merlon/os/channel.h"

namespace merlon::launch {
namespace {

class FirmwareChannel : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = os::open_channel();
    ASSERT_TRUE(opened);
    channel_ = *std::move(opened);
  }
  void say(const std::vector<std::uint8_t>& bytes) {
    ASSERT_TRUE(os::send_with_descriptors(channel_.there, bytes, {}));
    channel_.there.close();
  }
  core::ErrorCode heard_request() { return receive_firmware_request(channel_.here).error().code; }
  core::ErrorCode heard_answer() { return receive_firmware_answer(channel_.here).error().code; }
  os::Channel channel_;
};

TEST_F(FirmwareChannel, RequestsArriveAsTheyWereSent) {
  const FirmwareRequest sent{FirmwareCommand::Update, 5, 0x123456789, {1, 2, 3}};
  ASSERT_TRUE(send(channel_.there, sent));
  const auto heard = receive_firmware_request(channel_.here);
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->command, sent.command);
  EXPECT_EQ(heard->kind, sent.kind);
  EXPECT_EQ(heard->value, sent.value);
  EXPECT_EQ(heard->payload, sent.payload);
}

TEST_F(FirmwareChannel, AnswersArriveAsTheyWereSent) {
  ASSERT_TRUE(send(channel_.there, FirmwareAnswer{FirmwareStatus::Busy, {7}}));
  const auto heard = receive_firmware_answer(channel_.here);
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->status, FirmwareStatus::Busy);
  EXPECT_EQ(heard->payload, (std::vector<std::uint8_t>{7}));
}

TEST_F(FirmwareChannel, TooMuchIsNotSent) {
  const std::vector<std::uint8_t> much(max_firmware_payload + 1);
  EXPECT_FALSE(send(channel_.there, FirmwareRequest{FirmwareCommand::Update, 1, 0, much}));
  EXPECT_FALSE(send(channel_.there, FirmwareAnswer{FirmwareStatus::Success, much}));
}

TEST_F(FirmwareChannel, AnEndBetweenMessagesIsUnavailable) {
  channel_.there.close();
  EXPECT_EQ(heard_request(), core::ErrorCode::Unavailable);
  EXPECT_EQ(heard_answer(), core::ErrorCode::Unavailable);
}

TEST_F(FirmwareChannel, AnEndInTheMiddleIsMalformed) {
  say({1, 0, 0});
  EXPECT_EQ(heard_request(), core::ErrorCode::Malformed);
}

TEST_F(FirmwareChannel, AMissingPayloadIsMalformed) {
  say({0, 0, 0, 0, 9, 0, 0, 0, 1});
  EXPECT_EQ(heard_answer(), core::ErrorCode::Malformed);
}

TEST_F(FirmwareChannel, UnknownCommandsAreMalformed) {
  std::vector<std::uint8_t> bytes(24);
  bytes[0] = 8;
  say(bytes);
  EXPECT_EQ(heard_request(), core::ErrorCode::Malformed);
}

TEST_F(FirmwareChannel, ReservedBytesOfARequestAreZero) {
  std::vector<std::uint8_t> bytes(24);
  bytes[0] = 1;
  bytes[20] = 1;
  say(bytes);
  EXPECT_EQ(heard_request(), core::ErrorCode::Malformed);
}

TEST_F(FirmwareChannel, UnknownAnswersAreMalformed) {
  say({3, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(heard_answer(), core::ErrorCode::Malformed);
}

TEST_F(FirmwareChannel, AnUnbelievableSizeIsExhausted) {
  say({0, 0, 0, 0, 0, 0, 0, 0x7f});
  EXPECT_EQ(heard_answer(), core::ErrorCode::Exhausted);
}

TEST(FirmwareRequests, OnlyPagesThatTheFirmwareFillsAreAnswered) {
  EXPECT_FALSE(is_answered({FirmwareCommand::Update, 1, 0, {}}));
  EXPECT_TRUE(is_answered({FirmwareCommand::Update, 5, 0, {}}));
  EXPECT_TRUE(is_answered({FirmwareCommand::Update, 6, 0, {}}));
  EXPECT_TRUE(is_answered({FirmwareCommand::Guest, 0, 0, {}}));
  EXPECT_FALSE(is_answered({FirmwareCommand::UpdateFrom, 5, 0, {}}));
  EXPECT_FALSE(is_answered({FirmwareCommand::Expect, 0, 0, {}}));
}

TEST(PageSources, AreReadAsWrittenAndInOneFormOnly) {
  const PageSource source{0x1000, 0x123456789, 1};
  const auto bytes = source.bytes();
  const auto read = PageSource::parse(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->offset, source.offset);
  EXPECT_EQ(read->size, source.size);
  EXPECT_EQ(read->file, source.file);
  EXPECT_TRUE(PageSource::parse(PageSource{0, 4096, PageSource::zeros}.bytes()));
  EXPECT_FALSE(PageSource::parse(PageSource{1, 4096, PageSource::zeros}.bytes()));
  auto bad = bytes;
  bad.back() = 1;
  EXPECT_FALSE(PageSource::parse(bad));
  EXPECT_FALSE(PageSource::parse(core::ByteView(bytes).first(23)));
  bad = bytes;
  bad.push_back(0);
  EXPECT_FALSE(PageSource::parse(bad));
}

FinishedLaunch finished() {
  FinishedLaunch launch;
  launch.host_data.assign(FinishedLaunch::host_data_size, 1);
  return launch;
}

TEST(FinishedLaunches, AreReadAsWritten) {
  FinishedLaunch launch = finished();
  const auto plain = FinishedLaunch::parse(launch.bytes());
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->id_block.empty());
  launch.id_block.assign(FinishedLaunch::id_block_size, 2);
  launch.id_auth.assign(FinishedLaunch::id_auth_size, 3);
  launch.has_author_key = true;
  const auto whole = FinishedLaunch::parse(launch.bytes());
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->host_data, launch.host_data);
  EXPECT_EQ(whole->id_block, launch.id_block);
  EXPECT_EQ(whole->id_auth, launch.id_auth);
  EXPECT_TRUE(whole->has_author_key);
}

TEST(FinishedLaunches, OfAnotherFormAreRefused) {
  const std::vector<std::uint8_t> good = finished().bytes();
  for (const std::size_t at :
       {std::size_t{32}, std::size_t{33}, std::size_t{34}, std::size_t{39}}) {
    auto bad = good;
    bad[at] = 2;
    EXPECT_FALSE(FinishedLaunch::parse(bad)) << at;
    bad[at] = 1;
    EXPECT_FALSE(FinishedLaunch::parse(bad)) << at;
  }
  auto longer = good;
  longer.push_back(0);
  EXPECT_FALSE(FinishedLaunch::parse(longer));
  EXPECT_FALSE(FinishedLaunch::parse(core::ByteView(good).first(39)));
}

}  // namespace
}  // namespace merlon::launch
