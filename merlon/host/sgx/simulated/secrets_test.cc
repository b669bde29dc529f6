// What merlon-simulator is told of an enclave, and what becomes of its answers, which the test
// gives: they lie ready before anything is asked.

#include "merlon/host/sgx/simulated/secrets.h"

#include <array>

#include <gtest/gtest.h>

#include "merlon/os/channel.h"
#include "merlon/os/process.h"

namespace merlon::host::sgx::simulated {
namespace {

using launch::FirmwareAnswer;
using launch::FirmwareCommand;
using launch::FirmwareRequest;
using launch::FirmwareStatus;
using launch::PageSource;
using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t page = launch::firmware_page_size;
constexpr std::uint32_t flags = 0x203;

class SecretsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto channel = os::open_channel();
    ASSERT_TRUE(channel.has_value());
    there_ = std::move(channel->there);
    const std::array sources{Secrets::Source{there_, source_}};
    secrets_.emplace(Secrets::over(std::move(channel->here), sources));
  }
  void will_answer(FirmwareStatus status, Bytes payload = {}) {
    EXPECT_TRUE(launch::send(there_, FirmwareAnswer{status, std::move(payload)}));
  }
  void expect_asked(FirmwareCommand command, std::uint32_t kind, std::uint64_t value,
                    const Bytes& payload) {
    const auto request = launch::receive_firmware_request(there_);
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(request->command, command);
    EXPECT_EQ(request->kind, kind);
    EXPECT_EQ(request->value, value);
    EXPECT_EQ(request->payload, payload);
  }
  void expect_nothing_more() {
    secrets_.reset();  // the end of the channel
    EXPECT_FALSE(launch::receive_firmware_request(there_).has_value());
  }

  Bytes source_ = Bytes(3 * page, 0x51);
  os::Fd there_;
  std::optional<Secrets> secrets_;
};

TEST_F(SecretsTest, PagesOfAProgramAreNamedAndZerosBehindThem) {
  const core::ByteView whole(source_);
  ASSERT_TRUE(secrets_->add(flags, 7 * page, whole.subspan(page, page + 5), 5 * page));
  expect_asked(FirmwareCommand::EnclaveAddFrom, flags, 7 * page,
               PageSource{page, page + 5, 0}.bytes());
  expect_asked(FirmwareCommand::EnclaveAddFrom, flags, 9 * page,
               PageSource{0, 3 * page, PageSource::zeros}.bytes());
  expect_nothing_more();
}

TEST_F(SecretsTest, OtherBytesAreSentAsWholePages) {
  ASSERT_TRUE(secrets_->add(flags, 7 * page, Bytes(page + 5, 0x77), 2 * page));
  Bytes pages(page + 5, 0x77);
  pages.resize(2 * page);
  expect_asked(FirmwareCommand::EnclaveAdd, flags, 7 * page, pages);
  ASSERT_TRUE(secrets_->add(flags, 9 * page, Bytes(page, 0x78), page));
  expect_asked(FirmwareCommand::EnclaveAdd, flags, 9 * page, Bytes(page, 0x78));
  ASSERT_TRUE(secrets_->add(flags, 10 * page, {}, 2 * page));
  expect_asked(FirmwareCommand::EnclaveAddFrom, flags, 10 * page,
               PageSource{0, 2 * page, PageSource::zeros}.bytes());
  expect_nothing_more();
}

TEST_F(SecretsTest, StartsTheEnclaveThatWasSigned) {
  will_answer(FirmwareStatus::Success);
  EXPECT_TRUE(secrets_->start_enclave(Bytes(10, 1)));
  expect_asked(FirmwareCommand::EnclaveStart, 0, 0, Bytes(10, 1));
}

TEST_F(SecretsTest, ARefusalHasItsReason) {
  struct Case {
    FirmwareStatus status;
    core::ErrorCode code;
    std::string_view text;
  };
  for (const Case& each :
       {Case{FirmwareStatus::BadMeasurement, core::ErrorCode::Denied, "the signatures are of anot"},
        Case{FirmwareStatus::BadSignature, core::ErrorCode::Denied, "the signatures do not hold"},
        Case{FirmwareStatus::PolicyFailure, core::ErrorCode::Denied, "the signatures are of other"},
        Case{FirmwareStatus::InvalidParameter, core::ErrorCode::Denied, "the simulated processor"},
        Case{FirmwareStatus::InvalidPlatformState, core::ErrorCode::Unavailable, "no machine"}}) {
    SetUp();
    const core::ByteView words = core::as_bytes("no machine");
    will_answer(each.status, {words.begin(), words.end()});
    const auto refused = secrets_->start_enclave({});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, each.code) << refused.error().text;
    EXPECT_TRUE(refused.error().text.starts_with(each.text)) << refused.error().text;
  }
  SetUp();
  os::ignore_broken_pipes();  // as the program does
  there_.close();
  EXPECT_EQ(secrets_->start_enclave({}).error().text, "merlon-simulator does not answer");
}

TEST_F(SecretsTest, ReportsAndKeysHaveTheirSizeOrAreNone) {
  Bytes question(Secrets::target_size, 1);
  question.resize(Secrets::target_size + Secrets::data_size, 2);
  will_answer(FirmwareStatus::Success, Bytes(Secrets::report_size, 9));
  const auto report =
      secrets_->report(Bytes(Secrets::target_size, 1), Bytes(Secrets::data_size, 2));
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ((*report)[Secrets::report_size - 1], 9);
  expect_asked(FirmwareCommand::EnclaveReport, 0, 0, question);
  will_answer(FirmwareStatus::Success, Bytes(Secrets::key_size, 8));
  EXPECT_TRUE(secrets_->key(Bytes(Secrets::request_size, 3)).has_value());
  expect_asked(FirmwareCommand::EnclaveKey, 0, 0, Bytes(Secrets::request_size, 3));
  will_answer(FirmwareStatus::Success, Bytes(Secrets::key_size + 1, 8));
  EXPECT_EQ(secrets_->key(Bytes(Secrets::request_size, 3)).error().code, 0);
  will_answer(FirmwareStatus::InvalidParameter, Bytes(Secrets::key_size, 8));
  EXPECT_EQ(secrets_->key(Bytes(Secrets::request_size, 3)).error().code, 0);
  will_answer(FirmwareStatus::PolicyFailure, {0x40, 1});
  EXPECT_EQ(secrets_->key(Bytes(Secrets::request_size, 3)).error().code, 0x140);
  will_answer(FirmwareStatus::PolicyFailure, {0x40});
  EXPECT_EQ(secrets_->key(Bytes(Secrets::request_size, 3)).error().code, 0);
  will_answer(FirmwareStatus::InvalidParameter, {0x40, 1});
  EXPECT_EQ(secrets_->key(Bytes(Secrets::request_size, 3)).error().code, 0);
}

}  // namespace
}  // namespace merlon::host::sgx::simulated
