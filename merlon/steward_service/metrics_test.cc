#include "merlon/steward_service/metrics.h"

#include <gtest/gtest.h>

namespace merlon::steward_service {
namespace {

http::Response response(unsigned status, std::vector<http::Header> notes) {
  return {status, {}, {}, false, std::move(notes)};
}

void note(Statistics& statistics, const http::Response& answered, std::int64_t micros,
          std::int64_t now = 0) {
  const http::Request request;
  statistics.note({request, answered, true, true, 0, {}, std::chrono::microseconds(micros)}, {now});
}

bool has(const std::string& text, const std::string& line) {
  return text.find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, CountsByStatusCodeAndTechnology) {
  Statistics statistics;
  note(statistics, response(200, {{"technology", "SEV-SNP"}, {"technology", "SGX"}}), 900);
  note(statistics, response(400, {{"code", "snp.debug"}}), 2'000);
  note(statistics, response(400, {{"code", "snp.debug"}}), 6'000'000);
  Generation generation;
  generation.policy_digest = "abc";
  generation.expiries = {{"ca", "a\"b\\c\nd", {7}}};
  const std::string text =
      metrics_text(statistics.counts(), {}, generation, LogState{3, "ff", ""}, {5});
  EXPECT_TRUE(has(text, "merlon_steward_log_records_total 3"));
  EXPECT_TRUE(has(text, "merlon_steward_log_last_info{hash=\"ff\"} 1"));
  EXPECT_TRUE(has(text, "merlon_steward_requests_total{status=\"400\"} 2"));
  EXPECT_TRUE(has(text, "merlon_steward_certificates_total{technology=\"SGX\"} 1"));
  EXPECT_TRUE(has(text, "merlon_steward_refusals_total{code=\"snp.debug\"} 2"));
  EXPECT_TRUE(has(text, "merlon_steward_request_duration_seconds_bucket{le=\"0.001\"} 1"));
  EXPECT_TRUE(has(text, "merlon_steward_request_duration_seconds_bucket{le=\"0.0025\"} 2"));
  EXPECT_TRUE(has(text, "merlon_steward_request_duration_seconds_bucket{le=\"5\"} 2"));
  EXPECT_TRUE(has(text, "merlon_steward_request_duration_seconds_bucket{le=\"+Inf\"} 3"));
  EXPECT_TRUE(has(text, "merlon_steward_request_duration_seconds_count 3"));
  EXPECT_TRUE(has(text, "merlon_steward_policy_info{digest=\"abc\",development=\"0\"} 1"));
  EXPECT_TRUE(
      has(text, "merlon_steward_expiry_timestamp_seconds{kind=\"ca\",name=\"a\\\"b\\\\c\\nd\"} 7"));
  EXPECT_TRUE(has(text, "merlon_steward_start_time_seconds 5"));
}

TEST(Statistics, KeepsTheLastHours) {
  Statistics statistics;
  for (std::int64_t hour = 0; hour < 60; ++hour) {
    note(statistics, response(200, {{"technology", "SGX"}}), 1, hour * 3600);
  }
  note(statistics, response(400, {{"code", "x"}}), 1, 0);  // a clock that was set back
  const auto counts = statistics.counts();
  ASSERT_EQ(counts.hours.size(), Statistics::max_hours);
  EXPECT_EQ(counts.hours.back().number, 59);
  EXPECT_EQ(counts.hours.back().issued, 1U);
  EXPECT_EQ(counts.hours.back().refused.at("x"), 1U);
}

TEST(Statistics, CodesHaveABound) {
  Statistics statistics;
  for (int i = 0; i < 300; ++i) note(statistics, response(400, {{"code", std::to_string(i)}}), 1);
  const auto counts = statistics.counts();
  EXPECT_EQ(counts.refused.size(), Statistics::max_codes + 1);
  EXPECT_EQ(counts.refused.at("other"), 44U);
}

TEST(Metrics, CountPlatformsThatWillBeRefused) {
  Statistics statistics;
  verify::Outlook good{"SGX 00a067110000", "aa", true, {}, {}, {}};
  verify::Outlook soon{"SGX 00a067110000", "bb", true, codec::UnixTime{2'000}, {"why"}, {}};
  statistics.note_platform(good);
  statistics.note_platform(soon);
  statistics.note_platform(soon);  // the same
  statistics.note_platform({});    // without hardware
  const auto text = [&] {
    return metrics_text(statistics.counts(), {}, Generation{}, std::nullopt, {1});
  };
  EXPECT_NE(text().find("merlon_steward_platforms 2\n"), std::string::npos);
  EXPECT_NE(text().find("merlon_steward_platforms_refused_soon 1\n"), std::string::npos);
  EXPECT_NE(text().find("merlon_steward_platforms_refused_from_timestamp_seconds 2000\n"),
            std::string::npos);
  soon.refused_from.reset();  // it was updated
  statistics.note_platform(soon);
  EXPECT_NE(text().find("merlon_steward_platforms_refused_soon 0\n"), std::string::npos);
  EXPECT_EQ(text().find("refused_from"), std::string::npos);
}

TEST(Metrics, CountWhatABrokerDid) {
  Statistics statistics;
  const auto text = [&] {
    return metrics_text(statistics.counts(), {}, Generation{}, std::nullopt, {1});
  };
  EXPECT_EQ(text().find("release"), std::string::npos);
  const http::Request request;
  http::Response response;
  response.notes = {{std::string(note_release), "SEV-SNP"},
                    {std::string(note_release_code), "release.answered"},
                    {std::string(note_deposit), "made"},
                    {std::string(note_challenge), "made"}};
  statistics.note({request, response}, {1'000});
  for (const char* line : {"merlon_steward_releases_total{technology=\"SEV-SNP\"} 1\n",
                           "merlon_steward_release_refusals_total{code=\"release.answered\"} 1\n",
                           "merlon_steward_release_deposits_total{done=\"made\"} 1\n",
                           "merlon_steward_release_challenges_total 1\n"}) {
    EXPECT_NE(text().find(line), std::string::npos) << line;
  }
  // None of it is a certificate that was issued or refused.
  EXPECT_TRUE(statistics.counts().refused.empty());
}

TEST(Metrics, CountWhatBecameOfCredentials) {
  Statistics statistics;
  const auto text = [&] {
    return metrics_text(statistics.counts(), {}, Generation{}, std::nullopt, {1});
  };
  EXPECT_EQ(text().find("credential"), std::string::npos);
  const http::Request request;
  http::Response response;
  response.notes = {{std::string(note_credential), "SEV-SNP"},
                    {std::string(note_credential_again), "SGX"},
                    {std::string(note_credential_code), "credential.given"}};
  statistics.note({request, response}, {1'000});
  statistics.note_credential_log(2, 460);
  for (const char* line :
       {"merlon_steward_credentials_total{technology=\"SEV-SNP\"} 1\n",
        "merlon_steward_credentials_again_total{technology=\"SGX\"} 1\n",
        "merlon_steward_credential_refusals_total{code=\"credential.given\"} 1\n",
        "merlon_steward_credential_keys 2\n", "merlon_steward_credential_log_bytes 460\n"}) {
    EXPECT_NE(text().find(line), std::string::npos) << line;
  }
  EXPECT_TRUE(statistics.counts().issued.empty()) << "no certificates";
  EXPECT_TRUE(statistics.counts().refused.empty());
}

}  // namespace
}  // namespace merlon::steward_service
