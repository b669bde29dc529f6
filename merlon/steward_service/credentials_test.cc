#include "merlon/steward_service/credentials.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/credential/holder.h"
#include "merlon/steward_service/statistics.h"

namespace merlon::steward_service {
namespace {

using base::concat;
using credential::KeyLog;

/// A Steward that finds each keep good, and takes the first byte of its request for its key.
class CredentialsTest : public ::testing::Test {
 protected:
  CredentialsTest() {
    char name[] = "/tmp/merlon-credentials-XXXXXX";
    directory_ = ::mkdtemp(name);
    options_ = {directory_ + "/keys", "https://steward.example", 3, std::chrono::seconds(1000)};
    generation_->policy_sha256 = crypto::sha256({});
    generation_->admit =
        [this](const credential::Request& request,
               const verify::Moment&) -> core::Result<steward::Admitted, steward::Refusal> {
      if (!good_)
        return steward::Refusal{steward::Refusal::Kind::Refused, "snp.measurement", "", ""};
      steward::Admitted admitted;
      admitted.key_digest = crypto::sha256({request.certification});
      return admitted;
    };
  }
  ~CredentialsTest() override {
    std::error_code error;
    std::filesystem::remove_all(directory_, error);
  }

  std::unique_ptr<Credentials> open() {
    auto opened = Credentials::open(options_, now_);
    EXPECT_TRUE(opened) << (opened ? "" : opened.error());
    (*opened)->set_world({[this] { return now_; }, [] { return verify::Moment{}; },
                          [this] { return generation_; }, [](const verify::Memory&) {}});
    return *std::move(opened);
  }
  static http::Request asking(std::string method, std::string_view path, std::string body = "") {
    http::Request request;
    request.method = std::move(method);
    request.target = path;
    request.headers = {{"content-type", std::string(credential::request_type)},
                       {"accept", "application/problem+json"}};
    request.body = std::move(body);
    return request;
  }
  static KeyLog log_of(Credentials& credentials) {
    const auto response = credentials.handle(asking("GET", credential_keys_path));
    EXPECT_EQ(response.status, 200U);
    return KeyLog::parse(core::as_bytes(response.body)).value();
  }
  /// The status, and a credential.
  static std::pair<unsigned, std::optional<credential::Holder>> ask(Credentials& credentials,
                                                                    const KeyLog::Entry& entry,
                                                                    std::uint8_t keep) {
    const auto begun = credential::Asking::begin(entry).value();
    const credential::Request request{{keep}, entry.id, begun.request()};
    const auto body = request.encode().value();
    const auto response =
        credentials.handle(asking("POST", credential_path, std::string(core::as_text(body))));
    if (response.status != 200) return {response.status, std::nullopt};
    return {200, credential::Holder::finish(begun, core::as_bytes(response.body)).value()};
  }

  std::string directory_;
  CredentialOptions options_;
  codec::UnixTime now_{5000};
  bool good_ = true;
  std::shared_ptr<Generation> generation_ = std::make_shared<Generation>();
};

TEST_F(CredentialsTest, GivesEachKeepOneInAnEpoch) {
  auto credentials = open();
  const KeyLog log = log_of(*credentials);
  ASSERT_EQ(log.entries().size(), 1U);
  auto [status, holder] = ask(*credentials, log.entries()[0], 1);
  ASSERT_EQ(status, 200U);
  EXPECT_TRUE(holder->present("https://bank.example", {}));
  EXPECT_EQ(ask(*credentials, log.entries()[0], 1).first, 409U);
  EXPECT_EQ(ask(*credentials, log.entries()[0], 2).first, 200U);
  credentials.reset();
  credentials = open();  // remembers both keys and keeps
  EXPECT_EQ(log_of(*credentials).encode(), log.encode());
  EXPECT_EQ(ask(*credentials, log.entries()[0], 1).first, 409U);
  EXPECT_EQ(ask(*credentials, log.entries()[0], 3).first, 200U);
}

// Its answer got lost on the way.
TEST_F(CredentialsTest, GivesTheSameAnswerToTheSameRequestAgain) {
  auto credentials = open();
  const auto entry = log_of(*credentials).entries()[0];
  const auto begun = credential::Asking::begin(entry).value();
  const auto body = [&](std::uint8_t keep) {
    const auto bytes = credential::Request{{keep}, entry.id, begun.request()}.encode().value();
    return std::string(core::as_text(bytes));
  };
  const auto first = credentials->handle(asking("POST", credential_path, body(1)));
  ASSERT_EQ(first.status, 200U);
  EXPECT_EQ(first.notes.at(0).name, note_credential);
  const auto again = credentials->handle(asking("POST", credential_path, body(1)));
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.notes.at(0).name, note_credential_again);
  credentials.reset();
  credentials = open();
  const auto later = credentials->handle(asking("POST", credential_path, body(1)));
  EXPECT_EQ(later.body, first.body) << "after a start, too";
  EXPECT_TRUE(credential::Holder::finish(begun, core::as_bytes(later.body)));
  // Other words of this keep get none; the same words of another keep are another request.
  EXPECT_EQ(ask(*credentials, entry, 1).first, 409U);
  const auto of_another = credentials->handle(asking("POST", credential_path, body(2)));
  EXPECT_EQ(of_another.status, 200U);
  EXPECT_NE(of_another.body, first.body);
}

TEST_F(CredentialsTest, GivesOneAnswerToThoseWhoAskTogether) {
  auto credentials = open();
  const auto entry = log_of(*credentials).entries()[0];
  const auto begun = credential::Asking::begin(entry).value();
  const auto bytes = credential::Request{{1}, entry.id, begun.request()}.encode().value();
  const auto request = asking("POST", credential_path, std::string(core::as_text(bytes)));
  std::array<http::Response, 8> responses;
  std::vector<std::thread> threads;
  for (http::Response& each : responses) {
    threads.emplace_back([&] { each = credentials->handle(request); });
  }
  for (std::thread& each : threads) each.join();
  int first = 0;
  for (const http::Response& each : responses) {
    EXPECT_EQ(each.body, responses[0].body);
    first += each.notes.at(0).name == note_credential ? 1 : 0;
  }
  EXPECT_EQ(first, 1);
}

TEST_F(CredentialsTest, ReadsWhatOlderStewardsWroteDown) {
  open().reset();
  KeyLog::Entry entry;
  {
    auto credentials = open();
    entry = log_of(*credentials).entries()[0];
  }
  const std::string path = options_.directory + "/given.log";
  const std::string keep = base::hex(crypto::sha256({std::array<std::uint8_t, 1>{1}}).view());
  std::ofstream(path) << keep << " " << base::hex(entry.id.view()) << "\n";
  {
    auto credentials = open();
    EXPECT_EQ(ask(*credentials, entry, 1).first, 409U);
    EXPECT_EQ(ask(*credentials, entry, 2).first, 200U);
  }
  open().reset();
  for (const char* line : {"nonsense\n", "aa bb\n"}) {
    std::ofstream(path) << line;
    EXPECT_FALSE(Credentials::open(options_, now_)) << line;
  }
}

TEST_F(CredentialsTest, CountsWhatItDoes) {
  Statistics statistics;
  auto credentials = open();
  std::pair<std::size_t, std::size_t> counted;
  credentials->set_world({[this] { return now_; }, [] { return verify::Moment{}; },
                          [this] { return generation_; }, [](const verify::Memory&) {},
                          [&](std::size_t keys, std::size_t bytes) { counted = {keys, bytes}; }});
  EXPECT_EQ(counted, (std::pair<std::size_t, std::size_t>{0, 0}));
  const auto log = credentials->handle(asking("GET", credential_keys_path));
  EXPECT_EQ(counted, (std::pair<std::size_t, std::size_t>{1, log.body.size()}));
  const auto refused = credentials->handle(asking("POST", credential_path, "x"));
  const auto has = [&](std::string_view name) {
    return std::ranges::any_of(refused.notes, [&](const auto& note) { return note.name == name; });
  };
  EXPECT_TRUE(has(note_credential_code));
  EXPECT_FALSE(has(note_code)) << "no certificate was refused";
}

TEST_F(CredentialsTest, KeysFollowEachOtherAndTheNextIsKnownAhead) {
  auto credentials = open();
  const KeyLog first = log_of(*credentials);
  EXPECT_EQ(first.entries()[0].record.not_before.seconds, 4400) << "for clocks that are behind";
  EXPECT_EQ(first.entries()[0].record.not_after.seconds, 6000);
  now_ = {5600};
  const KeyLog second = log_of(*credentials);
  ASSERT_EQ(second.entries().size(), 2U);
  EXPECT_EQ(second.entries()[1].record.not_before.seconds, 6000);
  EXPECT_EQ(ask(*credentials, second.entries()[1], 1).first, 409U) << "not of now";
  now_ = {6000};
  EXPECT_EQ(ask(*credentials, second.entries()[1], 1).first, 200U);
  EXPECT_EQ(ask(*credentials, second.entries()[0], 1).first, 409U) << "over";
  // Another policy has a key of its own from the first request on.
  generation_->policy_sha256 = crypto::sha256({core::as_bytes("other")});
  const KeyLog third = log_of(*credentials);
  EXPECT_EQ(third.entries().back().record.policy, generation_->policy_sha256);
  EXPECT_EQ(third.entries().back().record.epoch, 0U);
}

// A site takes all tokens of a key for what the key says; a directory may be used by a Steward in
// development behind one that was not.
TEST_F(CredentialsTest, NoKeyIsOfBothDevelopmentAndNot) {
  for (const bool first : {false, true}) {
    options_.directory = concat(directory_, first ? "/development" : "/genuine");
    generation_->development = first;
    auto credentials = open();
    const auto entry = log_of(*credentials).entries()[0];
    EXPECT_EQ(ask(*credentials, entry, 1).first, 200U);
    generation_->development = !first;
    EXPECT_EQ(ask(*credentials, entry, 2).first, 500U) << first;
    EXPECT_EQ(credentials->handle(asking("GET", credential_keys_path)).status, 500U);
    credentials.reset();
    credentials = open();
    EXPECT_EQ(ask(*credentials, entry, 2).first, 500U) << "after a start, too";
    generation_->development = first;
    EXPECT_EQ(ask(*credentials, entry, 2).first, 200U);
  }
}

// Every key stays in the log, which is full some day: nobody fills it by asking.
TEST_F(CredentialsTest, AClockThatWasSetBackMakesNoKeys) {
  auto credentials = open();
  const KeyLog log = log_of(*credentials);
  now_ = {1000};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(credentials->handle(asking("GET", credential_keys_path)).status, 500U);
    EXPECT_EQ(ask(*credentials, log.entries()[0], 1).first, 500U);
  }
  now_ = {5000};
  EXPECT_EQ(log_of(*credentials).encode(), log.encode());
}

TEST_F(CredentialsTest, AClockThatWasAheadForAWhileEndsNoKeyBeforeItsTime) {
  auto credentials = open();
  const KeyLog log = log_of(*credentials);
  now_ = {500'000};
  EXPECT_EQ(log_of(*credentials).entries().size(), 2U);
  now_ = {5900};  // the key of now ends soon, and none can come behind it
  EXPECT_EQ(ask(*credentials, log.entries()[0], 1).first, 200U);
  EXPECT_EQ(log_of(*credentials).entries().size(), 2U);
  now_ = {6100};
  EXPECT_EQ(credentials->handle(asking("GET", credential_keys_path)).status, 500U);
  now_ = {500'000};
  EXPECT_EQ(log_of(*credentials).entries().size(), 2U);
}

TEST_F(CredentialsTest, WhatIsRefusedGetsNone) {
  auto credentials = open();
  const KeyLog log = log_of(*credentials);
  good_ = false;
  EXPECT_EQ(ask(*credentials, log.entries()[0], 1).first, 400U);
  good_ = true;
  EXPECT_EQ(ask(*credentials, log.entries()[0], 1).first, 200U) << "a refusal counts for nothing";
  EXPECT_EQ(credentials->handle(asking("POST", credential_path, "x")).status, 400U);
  EXPECT_EQ(credentials->handle(asking("GET", credential_path)).status, 405U);
  EXPECT_EQ(credentials->handle(asking("POST", credential_keys_path)).status, 405U);
}

TEST_F(CredentialsTest, OneProcessHasTheDirectory) {
  const auto credentials = open();
  EXPECT_FALSE(Credentials::open(options_, now_));
}

TEST_F(CredentialsTest, FilesThatWereChangedEndTheStart) {
  open().reset();
  {
    auto credentials = open();
    static_cast<void>(log_of(*credentials));
  }
  const std::string log = options_.directory + "/keys.log";
  {
    std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(40);
    file.put('x');
  }
  EXPECT_FALSE(Credentials::open(options_, now_));
}

}  // namespace
}  // namespace merlon::steward_service
