// What merlon-simulator is told, and what becomes of its answers. The test plays its part: the
// answers lie ready before anything is asked.

#include "merlon/host/kvm/simulated_firmware.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <gtest/gtest.h>

#include "merlon/core/attest_call.h"
#include "merlon/os/channel.h"

namespace merlon::host::kvm {
namespace {

using launch::FinishedLaunch;
using launch::FirmwareAnswer;
using launch::FirmwareCommand;
using launch::FirmwareRequest;
using launch::FirmwareStatus;
using launch::PageSource;
using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t page = launch::firmware_page_size;

class SimulatedFirmwareTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto channel = os::open_channel();
    ASSERT_TRUE(channel.has_value());
    there_ = std::move(channel->there);
    here_ = std::move(channel->here);
  }
  SimulatedFirmware firmware(std::optional<LaunchSignature> signature = std::nullopt) {
    const std::array sources{SimulatedFirmware::Source{there_, source_}};
    return SimulatedFirmware::over(std::move(here_), sources, std::move(signature));
  }
  void will_answer(FirmwareStatus status, Bytes payload = {}) {
    EXPECT_TRUE(launch::send(there_, FirmwareAnswer{status, std::move(payload)}));
  }
  void will_answer_with_text(std::string_view text) {
    const core::ByteView bytes = core::as_bytes(text);
    will_answer(FirmwareStatus::InvalidPlatformState, {bytes.begin(), bytes.end()});
  }
  FirmwareRequest asked() {
    auto request = launch::receive_firmware_request(there_);
    EXPECT_TRUE(request.has_value());
    return request ? *std::move(request) : FirmwareRequest{};
  }
  FinishedLaunch finished(SimulatedFirmware& firmware, sallyport::World world) {
    will_answer(FirmwareStatus::Success);
    will_answer(FirmwareStatus::Success);
    firmware.begin();
    EXPECT_TRUE(firmware.finish(world));
    EXPECT_EQ(asked().command, FirmwareCommand::Start);
    const FirmwareRequest request = asked();
    EXPECT_EQ(request.command, FirmwareCommand::Finish);
    return FinishedLaunch::parse(request.payload).value();
  }

  Bytes source_ = Bytes(3 * page, 0x51);
  os::Fd there_;
  os::Fd here_;
};

TEST_F(SimulatedFirmwareTest, StartsWithThePolicyOfAllKeepsOrTheOwners) {
  SimulatedFirmware ours = firmware();
  ours.begin();
  EXPECT_EQ(asked().value, 0x3'0133U);
  SetUp();
  SimulatedFirmware owners =
      firmware(LaunchSignature{.policy = 0x3'0134, .id_block = {}, .id_auth = {}});
  owners.begin();
  EXPECT_EQ(asked().value, 0x3'0134U);
}

TEST_F(SimulatedFirmwareTest, SaysBeforeTheStartThatTheKeepWillAsk) {
  SimulatedFirmware made = firmware();
  made.expect_messages();
  made.begin();
  EXPECT_EQ(asked().command, FirmwareCommand::Expect);
  EXPECT_EQ(asked().command, FirmwareCommand::Start);
}

TEST_F(SimulatedFirmwareTest, SaysWhereBytesLieThatBothCanRead) {
  SimulatedFirmware made = firmware();
  const core::ByteView whole(source_);
  ASSERT_TRUE(made.update(image::PageKind::Normal, 0x10'0000, whole.subspan(page, page + 5)));
  ASSERT_TRUE(made.update(image::PageKind::Zero, 0x20'0000, Bytes(2 * page)));
  const FirmwareRequest normal = asked();
  EXPECT_EQ(normal.command, FirmwareCommand::UpdateFrom);
  EXPECT_EQ(normal.kind, 1U);
  EXPECT_EQ(normal.value, 0x10'0000U);
  EXPECT_EQ(normal.payload, (PageSource{page, page + 5, 0}).bytes());
  const FirmwareRequest zero = asked();
  EXPECT_EQ(zero.command, FirmwareCommand::UpdateFrom);
  EXPECT_EQ(zero.kind, 3U);
  EXPECT_EQ(zero.payload, (PageSource{0, 2 * page, PageSource::zeros}).bytes());
}

TEST_F(SimulatedFirmwareTest, SendsOtherBytesAsWholePages) {
  SimulatedFirmware made = firmware();
  const Bytes own(2 * page + 5, 0x77);
  ASSERT_TRUE(made.update(image::PageKind::Normal, 0x10'0000, own));
  const FirmwareRequest first = asked();
  EXPECT_EQ(first.command, FirmwareCommand::Update);
  EXPECT_EQ(first.value, 0x10'0000U);
  EXPECT_EQ(first.payload, Bytes(2 * page, 0x77));
  const FirmwareRequest last = asked();
  EXPECT_EQ(last.value, 0x10'0000U + 2 * page);
  Bytes filled(5, 0x77);
  filled.resize(page);
  EXPECT_EQ(last.payload, filled);
}

TEST_F(SimulatedFirmwareTest, HostDataSaysOnlyThatAWorldIsCollapsed) {
  SimulatedFirmware ring_0 = firmware();
  const FinishedLaunch plain = finished(ring_0, sallyport::World::Ring0);
  EXPECT_EQ(plain.host_data, Bytes(FinishedLaunch::host_data_size));
  EXPECT_TRUE(plain.id_block.empty());
  SetUp();
  SimulatedFirmware collapsed = firmware();
  Bytes wanted(FinishedLaunch::host_data_size);
  std::ranges::copy(core::as_bytes("SIMULATOR: world collapsed"), wanted.begin());
  EXPECT_EQ(finished(collapsed, sallyport::World::Collapsed).host_data, wanted);
}

TEST_F(SimulatedFirmwareTest, HandsOnWhatTheOwnerSigned) {
  const LaunchSignature signature{.policy = 1,
                                  .id_block = Bytes(FinishedLaunch::id_block_size, 1),
                                  .id_auth = Bytes(FinishedLaunch::id_auth_size, 2),
                                  .has_author_key = true};
  SimulatedFirmware made = firmware(signature);
  const FinishedLaunch launch = finished(made, sallyport::World::Ring0);
  EXPECT_EQ(launch.id_block, signature.id_block);
  EXPECT_EQ(launch.id_auth, signature.id_auth);
  EXPECT_TRUE(launch.has_author_key);
}

TEST_F(SimulatedFirmwareTest, ARefusedLaunchHasItsReason) {
  for (const auto& [status, reason] :
       {std::pair{FirmwareStatus::BadMeasurement, "the signatures are of another keep"},
        std::pair{FirmwareStatus::BadSignature, "the signatures do not hold"},
        std::pair{FirmwareStatus::PolicyFailure, "the simulated processor cannot keep the policy"},
        std::pair{FirmwareStatus::InvalidParameter, "the simulated processor refuses"}}) {
    SetUp();
    SimulatedFirmware made = firmware();
    will_answer(FirmwareStatus::Success);
    will_answer(status);
    made.begin();
    const auto refused = made.finish(sallyport::World::Ring0);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, core::ErrorCode::Denied);
    EXPECT_TRUE(refused.error().message().starts_with(reason)) << refused.error().message();
  }
}

/// Its words go to the user as they are, so they must be some.
TEST_F(SimulatedFirmwareTest, TheWordsOfASimulatorWithoutAPlatformAreALine) {
  const auto refusal = [&](std::string_view text) {
    SetUp();
    SimulatedFirmware made = firmware();
    will_answer_with_text(text);
    made.begin();
    EXPECT_FALSE(made.finish(sallyport::World::Ring0));
    return made.refusal();
  };
  const std::string longest(4096, 'x');
  ASSERT_TRUE(refusal("no platform: make one"));
  EXPECT_EQ(refusal("no platform: make one")->text, "no platform: make one");
  EXPECT_EQ(refusal("no platform")->code, core::ErrorCode::Unavailable);
  EXPECT_TRUE(refusal(longest));
  for (const std::string& none :
       {std::string(), longest + "x", std::string("a\x1b[2J"), std::string("a\nb")}) {
    EXPECT_FALSE(refusal(none)) << none.size();
  }
}

class AttestedAsk : public SimulatedFirmwareTest {
 protected:
  /// What a keep is told that sends `sent`.
  sallyport::Outcome ask(core::AttestKind kind, const Bytes& sent, std::size_t room) {
    SimulatedFirmware made = firmware();
    made.begin();
    std::vector<std::uint64_t> words(std::max(sent.size(), room) / sallyport::word_size + 1);
    const sallyport::SharedMemory memory(
        {reinterpret_cast<std::uint8_t*>(words.data()), words.size() * sallyport::word_size});
    memory.copy_out(sent, 0);
    const auto& info = sallyport::info_of(sallyport::Call::Attest);
    const auto outcome = made.attest({sallyport::Call::Attest,
                                      info.reply,
                                      1,
                                      {static_cast<std::uint64_t>(kind), 0, 0, 0},
                                      {memory, 0, sent.size()},
                                      {memory, 0, room}});
    got_.assign(outcome.returned, 0);
    memory.copy_in(got_, 0);
    return outcome;
  }
  sallyport::Outcome ask_for_answer(FirmwareStatus status, const Bytes& payload, std::size_t room) {
    SetUp();
    will_answer(FirmwareStatus::Success);
    will_answer(status, payload);
    return ask(core::AttestKind::GuestMessage, Bytes(100, 3), room);
  }
  Bytes got_;
};

TEST_F(AttestedAsk, CarriesAMessageAsAPage) {
  const auto outcome = ask_for_answer(FirmwareStatus::Success, Bytes(200, 4), 200);
  EXPECT_EQ(outcome.result, 200);
  EXPECT_EQ(got_, Bytes(200, 4));
  EXPECT_EQ(asked().command, FirmwareCommand::Start);
  const FirmwareRequest request = asked();
  EXPECT_EQ(request.command, FirmwareCommand::Guest);
  Bytes wanted(100, 3);
  wanted.resize(page);
  EXPECT_EQ(request.payload, wanted);
}

TEST_F(AttestedAsk, AsksForCertificatesWithoutAMessage) {
  will_answer(FirmwareStatus::Success);
  will_answer(FirmwareStatus::Success, Bytes(10, 5));
  EXPECT_EQ(ask(core::AttestKind::Certificates, Bytes(100, 3), 10).result, 10);
  EXPECT_EQ(got_, Bytes(10, 5));
  static_cast<void>(asked());
  const FirmwareRequest request = asked();
  EXPECT_EQ(request.command, FirmwareCommand::Certificates);
  EXPECT_TRUE(request.payload.empty());
}

TEST_F(AttestedAsk, ARefusalIsAnErrno) {
  EXPECT_EQ(ask_for_answer(FirmwareStatus::Busy, {}, 200).result, -EAGAIN);
  EXPECT_EQ(ask_for_answer(FirmwareStatus::InvalidParameter, {}, 200).result, -EIO);
  EXPECT_EQ(ask_for_answer(FirmwareStatus::Success, Bytes(201, 4), 200).result, -ENOSPC);
  SetUp();
  will_answer(FirmwareStatus::Success);
  EXPECT_EQ(ask(core::AttestKind::GuestMessage, Bytes(page + 1, 3), 200).result, -EIO)
      << "more than a page";
}

}  // namespace
}  // namespace merlon::host::kvm
