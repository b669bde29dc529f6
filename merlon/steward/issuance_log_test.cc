#include "merlon/steward/issuance_log.h"

#include <atomic>
#include <csignal>
#include <random>
#include <thread>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "merlon/base/text.h"
#include "merlon/codec/json.h"
#include "merlon/os/testing/scratch.h"

namespace merlon::steward {
namespace {

using os::testing::ScratchDirectory;

constexpr codec::UnixTime now{1'780'000'000};

Issuance issuance(std::uint8_t number) {
  Issuance made;
  made.serial = Bytes(16, number);
  made.key_digest = crypto::sha256({Bytes{number}});
  made.technology = evidence::Technology::Snp;
  made.measurement = Bytes(48, number);
  made.tcb_status = "UpToDate";
  made.not_before = {now.seconds - 600};
  made.not_after = {now.seconds + 86'400};
  return made;
}

IssuanceLog opened(const std::string& path) {
  auto log = IssuanceLog::open(path);
  EXPECT_TRUE(log.has_value()) << log.error();
  return *std::move(log);
}

std::vector<Issuance> some(std::uint8_t count) {
  std::vector<Issuance> made;
  for (std::uint8_t i = 0; i < count; ++i) made.push_back(issuance(i));
  return made;
}

/// A log with so many records.
std::string written(const ScratchDirectory& scratch, std::uint8_t count) {
  const std::string path = scratch / "issued.log";
  IssuanceLog log = opened(path);
  EXPECT_TRUE(log.append(some(count), now).has_value());
  return scratch.content("issued.log");
}

TEST(IssuanceLog, IsReadAgainAndGoesOn) {
  const ScratchDirectory scratch;
  const std::string path = scratch / "issued.log";
  crypto::Sha256Digest last;
  {
    IssuanceLog log = opened(path);
    EXPECT_EQ(log.records(), 0U);
    ASSERT_TRUE(log.append(some(3), now).has_value());
    ASSERT_TRUE(log.append({}, now).has_value());
    ASSERT_TRUE(log.append(some(1), now).has_value());
    EXPECT_EQ(log.records(), 4U);
    EXPECT_EQ(log.syncs(), 2U);
    EXPECT_EQ(log.note(), "");
    last = log.last();
  }
  const auto summary = verify_log(path);
  ASSERT_TRUE(summary.has_value()) << summary.error().what;
  EXPECT_EQ(summary->records, 4U);
  EXPECT_EQ(summary->last, last);
  EXPECT_EQ(summary->torn, 0U);
  IssuanceLog again = opened(path);
  EXPECT_EQ(again.records(), 4U);
  EXPECT_EQ(again.last(), last);
  ASSERT_TRUE(again.append(some(1), now).has_value());
  EXPECT_EQ(verify_log(path)->records, 5U);
}

TEST(IssuanceLog, ARecordSaysWhatWasIssued) {
  const ScratchDirectory scratch;
  const std::string text = written(scratch, 1);
  ASSERT_TRUE(text.ends_with("\"}\n"));
  const auto json = codec::JsonDocument::parse(text.substr(0, text.size() - 1));
  ASSERT_TRUE(json.has_value());
  const auto member = [&](std::string_view name) {
    return json->root().string_member(name).value();
  };
  EXPECT_EQ(member("verdict"), "issued");
  EXPECT_EQ(member("serial"), std::string(32, '0'));
  EXPECT_EQ(member("key"), base::hex(issuance(0).key_digest.view()));
  EXPECT_EQ(member("technology"), "SEV-SNP");
  EXPECT_EQ(member("time"), codec::to_rfc3339(now));
  EXPECT_EQ(member("previous"), std::string(64, '0'));
  EXPECT_EQ(json->root().number_member("n", 9).value(), 1U);
  const std::string covered = text.substr(0, text.find(",\"hash\""));
  EXPECT_EQ(member("hash"), base::hex(crypto::sha256({core::as_bytes(covered)}).view()));
}

TEST(IssuanceLog, OneProcessHasIt) {
  const ScratchDirectory scratch;
  const IssuanceLog log = opened(scratch / "issued.log");
  const auto other = IssuanceLog::open(scratch / "issued.log");
  ASSERT_FALSE(other.has_value());
  EXPECT_NE(other.error().find("another process has it"), std::string::npos) << other.error();
}

TEST(IssuanceLog, ARecordThatWasNotFinishedIsCutOffAndTold) {
  const ScratchDirectory scratch;
  const std::string text = written(scratch, 3);
  const std::size_t two = text.find('\n', text.find('\n') + 1) + 1;
  for (std::size_t end = two; end < text.size(); end += 7) {
    scratch.make_file("issued.log", text.substr(0, end));
    const auto before = verify_log(scratch / "issued.log");
    ASSERT_TRUE(before.has_value());
    EXPECT_EQ(before->records, 2U);
    EXPECT_EQ(before->torn, end - two);
    IssuanceLog log = opened(scratch / "issued.log");
    EXPECT_EQ(log.records(), 2U);
    EXPECT_EQ(log.note().empty(), end == two);
    EXPECT_EQ(scratch.content("issued.log").size(), two);
    ASSERT_TRUE(log.append(some(1), now).has_value());
  }
  EXPECT_EQ(verify_log(scratch / "issued.log")->records, 3U);
}

TEST(IssuanceLog, AnythingElseThatIsWrongIsRefusedByItsLine) {
  const ScratchDirectory scratch;
  const std::string text = written(scratch, 4);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) + 1;
    lines.push_back(text.substr(at, end - at));
    at = end;
  }
  ASSERT_EQ(lines.size(), 4U);
  const auto fault_of = [&](const std::string& content) -> std::uint64_t {
    scratch.make_file("issued.log", content);
    const auto summary = verify_log(scratch / "issued.log");
    EXPECT_FALSE(IssuanceLog::open(scratch / "issued.log").has_value());
    EXPECT_EQ(scratch.content("issued.log"), content);
    return summary ? 0 : summary.error().line;
  };
  EXPECT_EQ(fault_of(lines[1] + lines[2]), 1U);                        // the first is missing
  EXPECT_EQ(fault_of(lines[0] + lines[2] + lines[3]), 2U);             // one is left out
  EXPECT_EQ(fault_of(lines[0] + lines[2] + lines[1] + lines[3]), 2U);  // another order
  EXPECT_EQ(fault_of(lines[0] + lines[1] + lines[1]), 3U);             // one twice
  EXPECT_EQ(fault_of(lines[0] + "\n" + lines[1]), 2U);
  EXPECT_EQ(fault_of(lines[0] + "{}\n"), 2U);
  EXPECT_EQ(fault_of(lines[0] + std::string(5000, 'x')), 2U);
  std::string changed = text;
  const std::size_t at = changed.find("UpToDate", lines[0].size());
  changed[at] = 'u';
  EXPECT_EQ(fault_of(changed), 2U);
  // A record that is whole in itself, in a chain of its own.
  const ScratchDirectory elsewhere;
  const std::string foreign = written(elsewhere, 1);
  EXPECT_EQ(fault_of(lines[0] + foreign), 2U);
  std::mt19937 random(3);
  for (int i = 0; i < 300; ++i) {
    std::string damaged = text;
    char& byte = damaged[random() % damaged.size()];
    if (byte == '\n') continue;  // then two lines are one, or the last is not finished
    const char other = static_cast<char>(byte ^ static_cast<char>(1 + random() % 127));
    if (other == '\n') continue;
    byte = other;
    EXPECT_NE(fault_of(damaged), 0U);
  }
}

TEST(IssuanceLog, ThreadsWaitForTheDiskTogether) {
  const ScratchDirectory scratch;
  const std::string path = scratch / "issued.log";
  IssuanceLog log = opened(path);
  constexpr int threads = 8;
  constexpr int times = 25;
  std::vector<std::thread> all;
  std::atomic<int> failures = 0;
  for (int i = 0; i < threads; ++i) {
    all.emplace_back([&] {
      for (int j = 0; j < times; ++j) failures += log.append(some(2), now) ? 0 : 1;
    });
  }
  for (std::thread& each : all) each.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(log.records(), std::uint64_t{threads * times * 2});
  EXPECT_LE(log.syncs(), std::uint64_t{threads * times});
  EXPECT_EQ(verify_log(path)->records, log.records());
  EXPECT_EQ(verify_log(path)->last, log.last());
}

TEST(IssuanceLog, WhatCannotBeWrittenStopsIt) {
  // A device that is always full.
  const ScratchDirectory scratch;
  EXPECT_FALSE(IssuanceLog::open("/dev/full").has_value());
  EXPECT_FALSE(IssuanceLog::open(scratch / "no/issued.log").has_value());
  const auto fault = verify_log(scratch / "none");
  ASSERT_FALSE(fault.has_value());
  EXPECT_EQ(fault.error().line, 0U);
  EXPECT_NE(fault.error().text("none").find("none: "), std::string::npos);
}

/// Runs `body` in a child, where it may change limits; what it gives.
template <typename Body>
int in_child(const Body& body) {
  const ::pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(IssuanceLog, AfterAnErrorOfTheDiskNothingMoreIsTaken) {
  const ScratchDirectory scratch;
  const std::string path = scratch / "issued.log";
  written(scratch, 2);
  const auto size = scratch.content("issued.log").size();
  EXPECT_EQ(in_child([&] {
              auto log = IssuanceLog::open(path);
              if (!log) return 1;
              std::signal(SIGXFSZ, SIG_IGN);
              ::rlimit limit{};
              ::getrlimit(RLIMIT_FSIZE, &limit);
              const ::rlimit small{size + 100, limit.rlim_max};
              ::setrlimit(RLIMIT_FSIZE, &small);
              if (log->append(some(1), now)) return 2;
              ::setrlimit(RLIMIT_FSIZE, &limit);
              const auto later = log->append(some(1), now);
              if (later) return 3;
              return later.error().find("start anew") == std::string::npos ? 4 : 0;
            }),
            0);
  EXPECT_EQ(verify_log(path)->torn, 100U);
  IssuanceLog log = opened(path);
  EXPECT_EQ(log.records(), 2U);
  EXPECT_NE(log.note().find("cut off"), std::string::npos);
}

}  // namespace
}  // namespace merlon::steward
