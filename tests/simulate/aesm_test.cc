// The simulated quoting enclave behind aesmd's protocol, and the host's side of it: what an enclave
// gets that way is a quote that the verifier accepts.

#include <csignal>
#include <filesystem>
#include <fstream>

#include "merlon/host/aesm/collateral.h"
#include "merlon/host/aesm/quote_service.h"
#include "merlon/os/channel.h"
#include "merlon/os/clock.h"
#include "merlon/os/process.h"
#include "merlon/simulate/aesm_server.h"
#include "merlon/simulate/testing/sgx_machine.h"
#include "merlon/verify/verifier.h"

namespace merlon::simulate {
namespace {

namespace fs = std::filesystem;
using host::aesm::QuoteService;
using launch::AesmAnswer;
using launch::AesmCommand;
using launch::AesmRequest;
using Bytes = std::vector<std::uint8_t>;

class AesmTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // As our programs do: a simulator that has ended may be written to.
    before_ = ::signal(SIGPIPE, SIG_IGN);
    std::string name = (fs::temp_directory_path() / "merlon-aesm-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    place_ = (folder_ / "machine").string();
    chain_ = create_sgx_platform(place_, now()).value();
  }
  void TearDown() override {
    fs::remove_all(folder_);
    ::signal(SIGPIPE, before_);
  }

  static codec::UnixTime now() {
    return {static_cast<std::int64_t>(os::now(os::Clock::Realtime).value() / 1'000'000'000)};
  }
  /// The program; gives the other end of its channel.
  os::Fd spawn(const std::string& place) {
    const std::vector<std::string> words{"merlon-simulator", "--platform", place, "--for", "aesmd"};
    os::Channel channel = os::open_channel().value();
    process_ = os::ChildProcess::spawn(MERLON_SIMULATOR, words, channel.there).value();
    return std::move(channel.here);
  }
  QuoteService start(const std::string& place) {
    return QuoteService::over(spawn(place), "merlon-simulator");
  }

  fs::path folder_;
  std::string place_;
  std::optional<SgxChain> chain_;
  std::optional<os::ChildProcess> process_;
  void (*before_)(int) = SIG_DFL;
};

TEST_F(AesmTest, AnEnclaveGetsAQuoteThatTheVerifierAccepts) {
  std::optional<QuoteService> service(start(place_));
  const EnclaveProcessor processor = load_enclave_processor(place_).value();
  const auto target_bytes = service->target();
  ASSERT_TRUE(target_bytes.has_value()) << target_bytes.error().text;
  const auto target = sgx::TargetInfo::parse(*target_bytes).value();
  const auto report =
      processor.ereport(testing::keep_enclave(), target, testing::filled<sgx::ReportData>(0xDA));
  const auto quote = service->quote(report.to_bytes());
  ASSERT_TRUE(quote.has_value()) << quote.error().text;
  EXPECT_TRUE(service->quote(report.to_bytes()).has_value());

  evidence::Endorsements endorsements;
  const auto collateral = host::aesm::read_collateral(place_);
  ASSERT_TRUE(collateral.has_value()) << collateral.error().text;
  EXPECT_TRUE(endorsements.add(*collateral).has_value());
  verify::Policy policy;
  policy.technologies = {evidence::Technology::Sgx};
  policy.roots = {chain_->root()};
  policy.sgx.mr_enclave = verify::Accept<sgx::MrEnclave>({testing::keep_enclave().mr_enclave});
  policy.binding = verify::BindToData{evidence::ReportData::from(Bytes(64, 0xDA)).value()};
  const auto appraisal = verify::appraise(evidence::Evidence::parse(*quote).value(),
                                          verify::Collateral::parse(endorsements), policy,
                                          verify::Moment::asked_for({now().seconds + 1}));
  EXPECT_TRUE(appraisal.accepted());

  service.reset();
  EXPECT_EQ(process_->wait()->value, 0);
}

TEST_F(AesmTest, AReportOfAnotherMachineIsRefused) {
  QuoteService service = start(place_);
  const auto target = sgx::TargetInfo::parse(service.target().value()).value();
  const EnclaveProcessor stranger(crypto::SecretBytes(Bytes(EnclaveProcessor::fuse_size, 1)),
                                  load_enclave_processor(place_)->cpu_svn());
  const auto report = stranger.ereport(testing::keep_enclave(), target, {});
  const auto error = service.quote(report.to_bytes()).error();
  EXPECT_EQ(error.code, core::ErrorCode::Denied);
  EXPECT_NE(error.text.find("parameter error"), std::string::npos);
}

TEST_F(AesmTest, ASpoiltPlatformIsToldByNumberAndAMissingOneByItsEnd) {
  std::ofstream(place_ + "/ca.pem", std::ios::trunc) << "words";
  QuoteService service = start(place_);
  EXPECT_NE(service.target().error().text.find("service unavailable"), std::string::npos);
  QuoteService nobody = start(place_ + "-none");
  EXPECT_FALSE(nobody.target().has_value());
  EXPECT_EQ(process_->wait()->value, 1);
}

TEST_F(AesmTest, WhatIsNoRequestEndsIt) {
  const os::Fd channel = spawn(place_);
  ASSERT_EQ(::write(channel.number(), "\x02\0\0\0xy", 6), 6);
  EXPECT_EQ(process_->wait()->value, 125);
}

AesmAnswer answer_to(const AesmRequest& request) {
  AesmServer server{LateSgxPlatform(testing::sgx_platform())};
  return server.answer(request.bytes()).value();
}

TEST(AesmServer, ChecksKeyRoomAndReport) {
  const Bytes key = answer_to({.command = AesmCommand::Keys, .room = 256}).content;
  EXPECT_EQ(launch::algorithm_of(key), launch::aesm_ecdsa_p256);
  EXPECT_EQ(answer_to({.command = AesmCommand::KeyCount}).number, 1U);
  const auto size = answer_to({.command = AesmCommand::QuoteSize, .key = key}).number;
  const auto refused = [](const AesmRequest& request) {
    return answer_to(request).error == launch::aesm_parameter_error;
  };
  EXPECT_TRUE(refused({.command = AesmCommand::Keys, .room = 255}));
  EXPECT_TRUE(refused({.command = AesmCommand::QuoteSize}));
  EXPECT_TRUE(refused({.command = AesmCommand::InitQuote, .key = Bytes(256, 1)}));
  EXPECT_TRUE(
      refused({.command = AesmCommand::InitQuote, .key = key, .wants_key_id = true, .room = 31}));
  EXPECT_TRUE(
      refused({.command = AesmCommand::Quote, .key = key, .report = Bytes(432, 0), .room = size}));
  EXPECT_TRUE(
      refused({.command = AesmCommand::Quote, .key = key, .report = Bytes(431, 0), .room = size}));
  const SgxPlatform platform = testing::sgx_platform();
  const auto good =
      platform.processor.ereport(testing::keep_enclave(), QuotingEnclave(platform).target(), {})
          .to_bytes();
  AesmRequest request{.command = AesmCommand::Quote,
                      .key = key,
                      .report = {good.begin(), good.end()},
                      .room = size};
  EXPECT_EQ(answer_to(request).content.size(), size);
  --request.room;
  EXPECT_TRUE(refused(request));
}

}  // namespace
}  // namespace merlon::simulate
