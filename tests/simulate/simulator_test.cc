// merlon-simulator as a process: what it serves over its channel, and when it ends.

#include <filesystem>
#include <fstream>
#include <iterator>

#include "merlon/base/text.h"
#include "merlon/os/channel.h"
#include "merlon/os/clock.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/simulate/testing/fake_host.h"

namespace merlon::simulate {
namespace {

namespace fs = std::filesystem;
using testing::Bytes;
using testing::FakeGuest;
using testing::FirmwareAnswer;
using testing::FirmwareCommand;
using testing::FirmwareRequest;
using testing::FirmwareStatus;

class SimulatorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "merlon-simulator-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    place_ = (folder_ / "machine").string();
    chain_ = create_platform(place_, now()).value();
  }
  void TearDown() override { fs::remove_all(folder_); }

  /// The machine's clock: other programs judge what was made here.
  static codec::UnixTime now() {
    return {static_cast<std::int64_t>(os::now(os::Clock::Realtime).value() / 1'000'000'000)};
  }

  os::ChildProcess start(const std::vector<std::string>& options) {
    std::vector<std::string> words{"merlon-simulator"};
    words.insert(words.end(), options.begin(), options.end());
    os::Channel channel = os::open_channel().value();
    channel_ = std::move(channel.here);
    return os::ChildProcess::spawn(MERLON_SIMULATOR, words, channel.there).value();
  }
  /// Its exit status, or a signal's number and 1000.
  static int end_of(const os::ChildProcess& process) {
    const os::ExitStatus status = process.wait().value();
    return status.value + (status.kind == os::ExitStatus::Kind::Killed ? 1000 : 0);
  }

  FirmwareAnswer ask(const FirmwareRequest& request) {
    EXPECT_TRUE(launch::send(channel_, request).has_value());
    if (!launch::is_answered(request)) return {FirmwareStatus::Success, {}};
    auto answer = launch::receive_firmware_answer(channel_);
    EXPECT_TRUE(answer.has_value());
    return answer ? *std::move(answer) : FirmwareAnswer{};
  }
  Bytes launch_guest() {
    Bytes secrets;
    EXPECT_EQ(ask({FirmwareCommand::Start, 0, testing::policy, {}}).status,
              FirmwareStatus::Success);
    for (const FirmwareRequest& page : testing::pages()) {
      const FirmwareAnswer answer = ask(page);
      if (page.kind == static_cast<std::uint32_t>(snp::PageType::Secrets)) {
        secrets = answer.payload;
      }
    }
    const auto end = testing::without_id_block().bytes();
    EXPECT_EQ(ask({FirmwareCommand::Finish, 0, 0, end}).status, FirmwareStatus::Success);
    return secrets;
  }

  fs::path folder_;
  std::string place_;
  std::optional<Chain> chain_;
  os::Fd channel_;
};

TEST_F(SimulatorTest, LaunchesAGuestAndReportsOfItWhileConfined) {
  const os::ChildProcess process = start({"--platform", place_});
  const FakeGuest guest(launch_guest());
  for (std::uint64_t sequence = 1; sequence < 400; sequence += 2) {
    const auto response = guest.response(ask(guest.ask(sequence)), sequence + 1);
    ASSERT_EQ(response.status, snp::ReportStatus::Success);
    EXPECT_EQ(snp::Report::parse(response.report)->measurement, testing::digest_of_pages());
  }
  EXPECT_EQ(ask({FirmwareCommand::Certificates, 0, 0, {}}).payload, table_of(chain_->parts()));
#ifndef __SANITIZE_ADDRESS__
  std::ifstream file(base::concat("/proc/", process.id(), "/status"));
  const std::string status{std::istreambuf_iterator<char>(file), {}};
  for (const char* line : {"NoNewPrivs:\t1", "CapEff:\t0000000000000000", "Seccomp:\t2"}) {
    EXPECT_NE(status.find(line), std::string::npos) << line << "\n" << status;
  }
#endif
  channel_.close();
  EXPECT_EQ(end_of(process), 0);
}

TEST_F(SimulatorTest, ReadsTheLaunchersFilesWhileConfined) {
  const std::string program = (folder_ / "program").string();
  std::ofstream(program, std::ios::binary) << std::string(8192, '\x90');
  // Told before the launch that its guest will ask, it measures ahead.
  const auto measured = [&](std::uint64_t offset, bool ahead) {
    std::vector<std::string> words{"merlon-simulator", "--platform", place_, "--sources", "2"};
    os::Channel channel = os::open_channel().value();
    channel_ = std::move(channel.here);
    const os::Fd unused = os::open_file(place_ + "/ark.pem").value();
    const os::Fd file = os::open_file(program).value();
    const std::vector<os::BorrowedFd> files{channel.there, unused, file};
    const auto process = os::ChildProcess::spawn(MERLON_SIMULATOR, words, files).value();
    channel.there.close();
    Bytes secrets;
    ask({FirmwareCommand::Start, 0, testing::policy, {}});
    if (ahead) ask({FirmwareCommand::Expect, 0, 0, {}});
    auto pages = testing::pages();
    pages[0] = {FirmwareCommand::UpdateFrom, 1, 0x10'0000,
                launch::PageSource{offset, 8192, 1}.bytes()};
    for (const FirmwareRequest& page : pages) {
      const FirmwareAnswer answer = ask(page);
      if (page.kind == static_cast<std::uint32_t>(snp::PageType::Secrets)) secrets = answer.payload;
    }
    ask({FirmwareCommand::Finish, 0, 0, testing::without_id_block().bytes()});
    if (!ahead) ask({FirmwareCommand::Expect, 0, 0, {}});
    const FakeGuest guest(secrets);
    const FirmwareAnswer answer = ask(guest.ask(1));
    std::optional<snp::LaunchDigest> digest;
    if (answer.status == FirmwareStatus::Success) {
      digest = snp::Report::parse(guest.response(answer, 2).report)->measurement;
    } else {
      EXPECT_EQ(answer.status, FirmwareStatus::InvalidPlatformState);
      EXPECT_FALSE(answer.payload.empty());
    }
    channel_.close();
    EXPECT_EQ(end_of(process), 0);
    return digest;
  };
  for (const bool ahead : {false, true}) {
    EXPECT_EQ(measured(0, ahead), testing::digest_of_pages());
    EXPECT_EQ(measured(1, ahead), std::nullopt);
  }
}

TEST_F(SimulatorTest, ThrottlesTheSameWayForTheSameSeed) {
  const auto busy = [&](const char* seed) {
    const os::ChildProcess process = start({"--platform", place_, "--hostile", seed});
    const FakeGuest guest(launch_guest());
    std::vector<bool> all;
    for (std::uint64_t sequence = 1; all.size() < 64;) {
      const FirmwareAnswer answer = ask(guest.ask(sequence));
      all.push_back(answer.status == FirmwareStatus::Busy);
      if (!all.back()) sequence += 2;
    }
    channel_.close();
    EXPECT_EQ(end_of(process), 0);
    return all;
  };
  EXPECT_EQ(busy("1"), busy("1"));
  EXPECT_NE(busy("1"), busy("2"));
}

TEST_F(SimulatorTest, EndsAtWhatIsNoRequest) {
  const os::ChildProcess process = start({"--platform", place_});
  ASSERT_TRUE(os::send_with_descriptors(channel_, Bytes(24, 0xFF), {}).has_value());
  EXPECT_EQ(end_of(process), 125);
}

TEST_F(SimulatorTest, WithoutAPlatformItDoesNotStart) {
  const auto expect_refusal = [&](const std::string& place) {
    const os::ChildProcess process = start({"--platform", place});
    const FirmwareAnswer answer = ask({FirmwareCommand::Start, 0, testing::policy, {}});
    EXPECT_EQ(answer.status, FirmwareStatus::InvalidPlatformState);
    EXPECT_NE(core::as_text(answer.payload).find(place), std::string_view::npos);
    EXPECT_EQ(end_of(process), 1);
  };
  expect_refusal(place_ + "/nothing");
  fs::remove(place_ + "/keys/vcek.pem");
  expect_refusal(place_);
  EXPECT_EQ(end_of(start({})), 2);
  EXPECT_EQ(end_of(start({"--platform"})), 2);
  EXPECT_EQ(end_of(start({"--platform", place_, "--hostile", "-1"})), 2);
  EXPECT_EQ(end_of(start({"--platform", place_, "--other", "1"})), 2);
  EXPECT_EQ(end_of(start({"--platform", place_, "--sources", "9"})), 2);
  EXPECT_EQ(end_of(start({"--platform", place_, "--sources", "1x"})), 2);
}

TEST_F(SimulatorTest, ItsReportsAreJudgedWithItsDirectoryAsEndorsements) {
  const os::ChildProcess process = start({"--platform", place_});
  const FakeGuest guest(launch_guest());
  const Bytes report = guest.response(ask(guest.ask(1)), 2).report;
  channel_.close();
  EXPECT_EQ(end_of(process), 0);
  const std::string evidence = (folder_ / "report.bin").string();
  const std::string policy = (folder_ / "policy.toml").string();
  std::ofstream(evidence, std::ios::binary) << core::as_text(report);
  std::ofstream(policy) << base::concat("roots = [\"", base::hex(chain_->root().view()),
                                        "\"]\n[snp]\nproducts = [\"SIMULATOR\"]\n");
  const auto judged = [&](std::initializer_list<std::string> more) {
    std::vector<std::string> words{"merlon",      "evidence", "verify",         "--quiet",
                                   "--no-memory", evidence,   "--endorsements", place_};
    words.insert(words.end(), more);
    const os::Channel unused = os::open_channel().value();
    return end_of(os::ChildProcess::spawn(MERLON_EVIDENCE, words, unused.there).value());
  };
  EXPECT_EQ(judged({"--policy", policy}), 0);
  EXPECT_EQ(judged({}), 3);
  ASSERT_TRUE(revoke_platform(place_, now()).has_value());
  EXPECT_EQ(judged({"--policy", policy}), 3);
}

TEST_F(SimulatorTest, EndsWhenNobodyIsLeftToServe) {
  const os::ChildProcess process = start({"--platform", place_});
  channel_.close();
  EXPECT_EQ(end_of(process), 0);
}

}  // namespace
}  // namespace merlon::simulate
