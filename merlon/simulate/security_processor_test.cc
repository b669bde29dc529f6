#include "merlon/simulate/security_processor.h"

#include <limits>
#include <thread>

#include "merlon/os/channel.h"
#include "merlon/simulate/testing/fake_host.h"

namespace merlon::simulate {
namespace {

using snp::ReportStatus;
using testing::Bytes;
using testing::FakeGuest;
using testing::FirmwareAnswer;
using testing::FirmwareCommand;
using testing::FirmwareRequest;
using testing::FirmwareStatus;
using testing::policy;

/// A guest that runs, and the machine beneath it.
class SecurityProcessorTest : public ::testing::Test {
 protected:
  Platform platform_ = testing::platform();
  Server server_ = Server::create(platform_, std::nullopt).value();
  Bytes secrets_ = testing::launch_guest(server_);

  FirmwareAnswer ask(const FirmwareRequest& request) {
    return server_.answer(request).value().value();
  }
  void expect_refused(const FirmwareRequest& request, FirmwareStatus status) {
    const FirmwareAnswer answer = ask(request);
    EXPECT_EQ(answer.status, status);
    EXPECT_TRUE(answer.payload.empty());
  }
};

TEST_F(SecurityProcessorTest, AReportSaysWhatWasLaunchedWhereAndForWhom) {
  const FakeGuest guest(secrets_);
  const auto response = guest.response(ask(guest.ask(1)), 2);
  ASSERT_EQ(response.status, ReportStatus::Success);
  const snp::Report report = snp::Report::parse(response.report).value();
  EXPECT_EQ(report.version, 5U);
  EXPECT_EQ(report.cpuid, snp::Cpuid{});
  EXPECT_EQ(report.measurement, testing::digest_of_pages());
  EXPECT_EQ(report.policy.bits, policy);
  EXPECT_EQ(report.vmpl, 0U);
  EXPECT_EQ(report.report_data, snp::ReportData::from(Bytes(64, 0xDA)).value());
  EXPECT_TRUE(report.host_data.is_zero() && report.id_key_digest.is_zero());
  EXPECT_FALSE(report.report_id.is_zero());
  EXPECT_EQ(report.chip_id, platform_.endorsed.chip_id);
  EXPECT_EQ(report.reported_tcb, platform_.endorsed.tcb);
  EXPECT_TRUE(report.has(snp::PlatformBit::AliasCheckComplete));
  EXPECT_EQ(report.signing_key, snp::SigningKey::Vcek);
  EXPECT_FALSE(report.author_key_enabled || report.chip_key_masked);
  const auto digest = crypto::Digest::of(
      crypto::HashKind::Sha384, core::ByteView(response.report).first(snp::Report::signed_size));
  EXPECT_TRUE(testing::machine().chain.vcek().key().key.verify_ecdsa(
      digest, crypto::EcdsaSignature::from_halves(report.signature.view()).value()));
}

TEST_F(SecurityProcessorTest, NumbersGoUpByTwoAndAreNeverUsedAgain) {
  const FakeGuest guest(secrets_);
  expect_refused(guest.ask(0), FirmwareStatus::InvalidParameter);
  expect_refused(guest.ask(2), FirmwareStatus::InvalidParameter);
  expect_refused(guest.ask(3), FirmwareStatus::InvalidParameter);
  const FirmwareRequest first = guest.ask(1);
  (void)guest.response(ask(first), 2);
  expect_refused(first, FirmwareStatus::InvalidParameter);
  expect_refused(guest.ask(1, 0x55), FirmwareStatus::InvalidParameter);
  expect_refused(guest.ask(2), FirmwareStatus::InvalidParameter);
  expect_refused(guest.ask(5), FirmwareStatus::InvalidParameter);
  (void)guest.response(ask(guest.ask(3)), 4);
  constexpr auto last = std::numeric_limits<std::uint64_t>::max();
  expect_refused(guest.ask(last), FirmwareStatus::AeadOverflow);
  expect_refused(guest.ask(last - 1), FirmwareStatus::InvalidParameter);
  (void)guest.response(ask(guest.ask(5)), 6);
}

TEST_F(SecurityProcessorTest, WhatIsNoMessageOfTheGuestsHasNoAnswer) {
  const FakeGuest guest(secrets_);
  const FirmwareRequest good = guest.ask(1);
  for (std::size_t bit = 0; bit < 8 * (snp::message_header_size + snp::ReportRequest::size);
       ++bit) {
    FirmwareRequest altered = good;
    altered.payload[bit / 8] = static_cast<std::uint8_t>(altered.payload[bit / 8] ^ 1U << bit % 8);
    const FirmwareAnswer answer = ask(altered);
    EXPECT_TRUE(answer.status == FirmwareStatus::BadMeasurement ||
                answer.status == FirmwareStatus::InvalidParameter)
        << bit;
    EXPECT_TRUE(answer.payload.empty());
  }
  for (const std::size_t size : {0UL, 96UL, 4095UL, 4097UL, 8192UL}) {
    FirmwareRequest other = good;
    other.payload.resize(size);
    expect_refused(other, FirmwareStatus::InvalidParameter);
  }
  expect_refused({FirmwareCommand::Guest, 0, 0, Bytes(4096, 0)}, FirmwareStatus::InvalidParameter);
  expect_refused(FakeGuest(Bytes(4096, 7)).ask(1), FirmwareStatus::BadMeasurement);
  using enum snp::MessageType;
  for (const snp::MessageType type : {KeyResponse, ReportResponse}) {
    expect_refused(guest.message(1, type, Bytes(96, 0)), FirmwareStatus::InvalidParameter);
  }
  // Nothing of this has used the number up.
  (void)guest.response(ask(good), 2);
}

TEST_F(SecurityProcessorTest, EachKeyCountsForItself) {
  for (std::uint8_t vmpck = 0; vmpck < snp::vmpck_count; ++vmpck) {
    const FakeGuest guest(secrets_, vmpck);
    const auto response = guest.response(ask(guest.ask(1, 1, 3)), 2);
    EXPECT_EQ(snp::Report::parse(response.report)->vmpl, 3U);
  }
}

TEST_F(SecurityProcessorTest, NoLevelAsksForAMoreTrustedOne) {
  for (std::uint8_t vmpck = 0; vmpck < snp::vmpck_count; ++vmpck) {
    const FakeGuest guest(secrets_, vmpck);
    std::uint64_t sequence = 1;
    for (std::uint32_t vmpl = 0; vmpl < 4; ++vmpl) {
      const auto response = guest.response(ask(guest.ask(sequence, 1, vmpl)), sequence + 1);
      sequence += 2;
      const bool allowed = vmpl >= vmpck;
      EXPECT_EQ(response.status, allowed ? ReportStatus::Success : ReportStatus::InvalidParameters);
      if (!allowed) continue;
      EXPECT_EQ(snp::Report::parse(response.report)->vmpl, vmpl);
    }
  }
}

TEST_F(SecurityProcessorTest, WhatIsWrongInsideIsSaidInside) {
  const FakeGuest guest(secrets_);
  const auto status = [&](std::uint64_t sequence, Bytes payload) {
    return guest
        .response(ask(guest.message(sequence, snp::MessageType::ReportRequest, std::move(payload))),
                  sequence + 1)
        .status;
  };
  EXPECT_EQ(status(1, Bytes(95, 0)), ReportStatus::InvalidParameters);
  EXPECT_EQ(status(3, {}), ReportStatus::InvalidParameters);
  Bytes vmpl_four(96, 0);
  vmpl_four[64] = 4;
  EXPECT_EQ(status(5, vmpl_four), ReportStatus::InvalidParameters);
  Bytes reserved(96, 0);
  reserved[95] = 1;
  EXPECT_EQ(status(7, reserved), ReportStatus::InvalidParameters);
  EXPECT_EQ(guest.response(ask(guest.ask(9, 1, 0, snp::ReportKey::Vlek)), 10).status,
            ReportStatus::InvalidKeySelection);
  EXPECT_EQ(guest.response(ask(guest.ask(11, 1, 0, snp::ReportKey::VlekIfThereIsOne)), 12).status,
            ReportStatus::Success);
}

TEST_F(SecurityProcessorTest, AnIdBlockIsInTheReport) {
  const testing::Owner owner;
  const snp::IdBlock block = testing::id_block();
  const snp::IdAuth auth = owner.authenticate(block, true);
  Server server = Server::create(platform_, std::nullopt).value();
  const Bytes secrets =
      testing::launch_guest(server, testing::pages(), testing::with_id_block(block, auth));
  const FakeGuest guest(secrets);
  const auto response = guest.response(server.answer(guest.ask(1)).value().value(), 2);
  const snp::Report report = snp::Report::parse(response.report).value();
  EXPECT_EQ(report.family_id, block.family_id);
  EXPECT_EQ(report.image_id, block.image_id);
  EXPECT_EQ(report.guest_svn, 7U);
  EXPECT_TRUE(report.author_key_enabled);
  EXPECT_TRUE(std::ranges::equal(report.id_key_digest.view(),
                                 crypto::sha384({auth.id_key.to_bytes()}).view()));
  EXPECT_TRUE(std::ranges::equal(report.author_key_digest.view(),
                                 crypto::sha384({auth.author->author.to_bytes()}).view()));
}

TEST(Server, GuestsThatDoNotRunAskNothing) {
  const Platform platform = testing::platform();
  Server server = Server::create(platform, std::nullopt).value();
  const FirmwareRequest request{FirmwareCommand::Guest, 0, 0, Bytes(4096, 0)};
  EXPECT_EQ(server.answer(request).value()->status, FirmwareStatus::InvalidGuestState);
  EXPECT_FALSE(testing::launch_guest(server).empty());
  EXPECT_EQ(server.answer(request).value()->status, FirmwareStatus::InvalidParameter);
}

TEST(Server, WhatMessagesNeedAndIsNotThereIsToldInWords) {
  const Platform platform = testing::platform();
  const FirmwareRequest message{FirmwareCommand::Guest, 0, 0, Bytes(4096, 0)};
  PageFiles none;
  Server server = Server::create(platform, std::nullopt, std::move(none)).value();
  const Bytes secrets = testing::launch_guest(server, testing::pages());
  EXPECT_FALSE(server.answer({FirmwareCommand::Expect, 0, 0, {}}).value().has_value());
  EXPECT_EQ(server.answer(message).value()->status, FirmwareStatus::InvalidParameter);

  class EmptyFile final : public PageFile {
    core::Result<void> read(std::uint64_t /*offset*/, core::ByteSpan /*into*/) override {
      return core::error(core::ErrorCode::NotFound, "it is empty");
    }
  };
  PageFiles files;
  files.push_back(std::make_unique<EmptyFile>());
  Server other = Server::create(platform, std::nullopt, std::move(files)).value();
  auto pages = testing::pages();
  pages.push_back(
      {FirmwareCommand::UpdateFrom, 1, 0x20'0000, launch::PageSource{0, 4096, 0}.bytes()});
  EXPECT_FALSE(testing::launch_guest(other, pages).empty());
  for (int i = 0; i < 2; ++i) {
    const auto answer = other.answer(message).value();
    EXPECT_EQ(answer->status, FirmwareStatus::InvalidPlatformState);
    EXPECT_EQ(core::as_text(answer->payload), "it is empty");
  }
}

TEST(Server, AFailureThatHadNoAnswerIsToldAtTheEnd) {
  const Platform platform = testing::platform();
  Server server = Server::create(platform, std::nullopt).value();
  auto pages = testing::pages();
  pages.insert(pages.begin(),
               testing::update(snp::PageType::Unmeasured, 0x20'0000, Bytes(4096, 0)));
  EXPECT_TRUE(testing::launch_guest(server, pages).empty());
  const auto answer =
      server.answer({FirmwareCommand::Finish, 0, 0, testing::without_id_block().bytes()});
  EXPECT_EQ(answer.value()->status, FirmwareStatus::InvalidParameter);
}

TEST(Server, AHostileHostIsBusyAndTheSameMessageIsServedLater) {
  const Platform platform = testing::platform();
  Server server = Server::create(platform, Throttle(7)).value();
  const FakeGuest guest(testing::launch_guest(server));
  std::size_t busy = 0;
  for (std::uint64_t sequence = 1; sequence < 200; sequence += 2) {
    const FirmwareRequest request = guest.ask(sequence);
    FirmwareAnswer answer = server.answer(request).value().value();
    while (answer.status == FirmwareStatus::Busy) {
      EXPECT_TRUE(answer.payload.empty());
      ++busy;
      answer = server.answer(request).value().value();
    }
    EXPECT_EQ(guest.response(answer, sequence + 1).status, ReportStatus::Success);
  }
  EXPECT_GT(busy, 50U);
  EXPECT_LT(busy, 200U);
}

TEST(Server, ServesAChannelUntilItCloses) {
  const Platform platform = testing::platform();
  os::Channel channel = os::open_channel().value();
  std::thread server([&] {
    EXPECT_TRUE(Server::create(platform, std::nullopt)->serve(channel.there).has_value());
  });
  const auto ask = [&](const FirmwareRequest& request) {
    EXPECT_TRUE(launch::send(channel.here, request).has_value());
    return launch::is_answered(request) ? launch::receive_firmware_answer(channel.here).value()
                                        : FirmwareAnswer{FirmwareStatus::Success, {}};
  };
  EXPECT_EQ(ask({FirmwareCommand::Start, 0, policy, {}}).status, FirmwareStatus::Success);
  Bytes secrets;
  for (const FirmwareRequest& page : testing::pages()) {
    const FirmwareAnswer answer = ask(page);
    EXPECT_EQ(answer.status, FirmwareStatus::Success);
    if (page.kind == static_cast<std::uint32_t>(snp::PageType::Secrets)) secrets = answer.payload;
  }
  const auto end = testing::without_id_block().bytes();
  EXPECT_EQ(ask({FirmwareCommand::Finish, 0, 0, end}).status, FirmwareStatus::Success);
  const FakeGuest guest(secrets);
  EXPECT_EQ(guest.response(ask(guest.ask(1)), 2).status, ReportStatus::Success);
  EXPECT_EQ(ask({FirmwareCommand::Certificates, 0, 0, {}}).payload, platform.table);
  channel.here.close();
  server.join();
}

}  // namespace
}  // namespace merlon::simulate
