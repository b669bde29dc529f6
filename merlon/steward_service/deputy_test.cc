#include "merlon/steward_service/deputy.h"

#include <fstream>

#include <gtest/gtest.h>

#include "merlon/codec/hex.h"
#include "merlon/codec/json.h"
#include "merlon/oidc/testing/issuer.h"
#include "merlon/release/testing/world.h"
#include "merlon/steward_service/problem.h"
#include "merlon/steward_service/statistics.h"

namespace merlon::steward_service {
namespace {

using base::concat;
using release::testing::deposit_for;
using release::testing::document;
using release::testing::Folder;
using release::testing::Keep;

const std::string issuer_name = "https://i.example";
const std::string all_deposits = "/release/v1/deposits";

class DeputyTest : public ::testing::Test {
 protected:
  DeputyTest() {
    std::ofstream(folder_.file("key")) << std::string(64, 'a') << "\n";
    open(0);
  }
  void open(std::uint32_t per_minute) {
    ReleaseOptions options;
    options.store = folder_.file("release.db");
    options.key = folder_.file("key");
    options.per_minute = per_minute;
    auto opened = Deputy::open(options, folder_.file(""));
    ASSERT_TRUE(opened) << opened.error();
    deputy_ = *std::move(opened);
    deputy_->set_world({[this] { return now_; },
                        [this] { return verify::Moment::by_clock(now_, {}); },
                        [this] { return std::make_shared<const verify::Collateral>(keep_.own()); },
                        [this](const verify::Memory&) { ++learned_; }, &issuers_});
  }
  [[nodiscard]] std::string token(std::string_view scope, std::string_view subject = "alice",
                                  std::string_view audience = "broker") const {
    return issuer_.sign(concat(R"({"iss":")", issuer_name, R"(","sub":")", subject, R"(","aud":")",
                               audience, R"(","scope":")", scope, R"(","exp":)", now_.seconds + 300,
                               "}"));
  }
  http::Response ask(std::string method, std::string target, std::string_view token = "",
                     core::ByteView body = {}) {
    http::Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.peer = "192.0.2.1";
    request.body = core::as_text(body);
    request.headers.push_back({"accept", std::string(problem_type)});
    if (!token.empty()) request.headers.push_back({"authorization", concat("Bearer ", token)});
    return deputy_->handle(request);
  }
  static std::string member(const http::Response& response, std::string_view name) {
    const auto parsed = codec::JsonDocument::parse(response.body);
    const auto text = parsed ? parsed->root().string_member(name)
                             : core::Result<std::string_view>(parsed.error());
    return text ? std::string(*text) : std::string();
  }
  static std::string code(const http::Response& response) { return member(response, "code"); }
  std::string left(std::uint32_t releases = 2) {
    const auto made = ask("POST", all_deposits, token("write:release"),
                          document(deposit_for(keep_.policy(), releases)));
    EXPECT_EQ(made.status, 201U) << made.body;
    const auto parsed = codec::JsonDocument::parse(made.body);
    return std::string(parsed->root().find("deposit")->string_member("id").value());
  }
  std::vector<std::uint8_t> claim(const std::string& id) {
    const auto said = ask("POST", concat(all_deposits, "/", id, "/challenge"));
    EXPECT_EQ(said.status, 200U) << said.body;
    const auto fixed = [&]<typename Bytes>(std::string_view name, Bytes) {
      return Bytes::from(codec::decode_hex(member(said, name)).value()).value();
    };
    const auto nonce = fixed("nonce", delivery::Nonce());
    return release::encode(release::Claim{fixed("token", release::Token()), keep_.proof(nonce)})
        .value();
  }

  Folder folder_;
  Keep keep_;
  codec::UnixTime now_ = release::testing::now;
  int learned_ = 0;
  bool away_ = false;
  oidc::testing::TokenIssuer issuer_{"k1"};
  oidc::Issuers issuers_{{{issuer_name, {"broker"}}},
                         {[this](const std::string& url) -> core::Result<std::string, std::string> {
                            if (away_) return core::Unexpected<std::string>("away");
                            if (url.ends_with("/keys")) return issuer_.key_set();
                            return concat(R"({"issuer":")", issuer_name, R"(","jwks_uri":")",
                                          issuer_name, "/keys\"}");
                          },
                          [this] { return now_; }, [] { return std::int64_t{1}; }, nullptr}};
  std::unique_ptr<Deputy> deputy_;
};

TEST_F(DeputyTest, HasThreeRightsOfWhichNoneOpensAnother) {
  const std::string id = left();
  const std::string path = concat(all_deposits, "/", id);
  const auto body = document(deposit_for(keep_.policy()));
  const std::string administers = token("write:release");
  const std::string lists = token("read:release");
  EXPECT_EQ(ask("GET", path, lists).status, 200U);
  EXPECT_EQ(ask("GET", all_deposits, lists).status, 200U);
  EXPECT_EQ(ask("PUT", path, administers, body).status, 200U);
  for (const std::string& each : {administers, token("manage:release"), token("")}) {
    EXPECT_EQ(code(ask("GET", path, each)), "release.scope");
    EXPECT_EQ(code(ask("GET", all_deposits, each)), "release.scope");
  }
  for (const std::string& each : {lists, token("write"), token("write:releases")}) {
    EXPECT_EQ(code(ask("PUT", path, each, body)), "release.scope");
    EXPECT_EQ(code(ask("DELETE", path, each)), "release.scope");
    EXPECT_EQ(code(ask("POST", all_deposits, each, body)), "release.scope");
  }
  for (const std::string& each : {std::string(), std::string("x.y.z"),
                                  token("read:release write:release", "alice", "other")}) {
    EXPECT_EQ(code(ask("GET", path, each)), "release.token");
    EXPECT_EQ(code(ask("DELETE", path, each)), "release.token");
    EXPECT_EQ(ask("POST", all_deposits, each, body).status, 401U);
  }
  // What a keep proves opens nothing of it, and a token nothing for a keep that is none.
  EXPECT_EQ(code(ask("DELETE", path, "", claim(id))), "release.token");
  EXPECT_EQ(code(ask("POST", path + "/release", administers)), "release.claim");
  EXPECT_EQ(ask("POST", path + "/release", "", claim(id)).status, 200U);
  EXPECT_EQ(learned_, 2);
}

TEST_F(DeputyTest, ShowsOneTenantNothingOfAnother) {
  const std::string path = concat(all_deposits, "/", left());
  EXPECT_EQ(ask("GET", path, token("read:release", "bob")).status, 404U);
  EXPECT_EQ(ask("DELETE", path, token("write:release", "bob")).status, 404U);
  const auto body = document(deposit_for(keep_.policy()));
  EXPECT_EQ(ask("PUT", path, token("write:release", "bob"), body).status, 404U);
  EXPECT_EQ(ask("GET", all_deposits, token("read:release", "bob")).body,
            "{\"tenant\":null,\"deposits\":[]}\n");
  EXPECT_EQ(ask("DELETE", path, token("write:release")).status, 204U);
  EXPECT_EQ(ask("POST", path + "/challenge").status, 410U);
}

TEST_F(DeputyTest, GoesByItsClock) {
  const std::string id = left();
  const auto early = claim(id);
  const std::string path = concat(all_deposits, "/", id);
  now_.seconds += 301;
  EXPECT_EQ(code(ask("POST", path + "/release", "", early)), "release.challenge-over");
  now_.seconds += 700;
  EXPECT_EQ(code(ask("POST", path + "/challenge")), "release.expired");
}

TEST_F(DeputyTest, ListsNoSecret) {
  const std::string path = concat(all_deposits, "/", left());
  const std::string said = ask("GET", path, token("read:release")).body;
  for (const std::string_view secret :
       {"5c5c", "registry.example", "some words", "measurement", "alice"}) {
    EXPECT_EQ(said.find(secret), std::string::npos) << secret;
  }
  const auto parsed = codec::JsonDocument::parse(said);
  EXPECT_EQ(parsed->root().find("deposit")->number_member("left", 9).value(), 2U);
  EXPECT_EQ(parsed->root().string_member("tenant").value().size(), 64U);
}

TEST(PathsInALog, NameNoDeposit) {
  const std::string id(32, 'a');
  EXPECT_EQ(path_in_log("/release/v1/deposits"), "/release/v1/deposits");
  const std::string shown = path_in_log("/release/v1/deposits/" + id + "/challenge");
  EXPECT_EQ(shown, "/release/v1/deposits/~3ba3f5f43b92/challenge");
  for (const std::string_view around :
       {"/release/v1/deposits/*", "/release/v1/deposits/*/", "/release//*/release",
        "/release/v1/deposits/x*/challenge", "/release/*?", "/release/v1/deposits/challenge/*"}) {
    std::string path(around);
    path.replace(path.find('*'), 1, id);
    EXPECT_EQ(path_in_log(path).find(id), std::string::npos) << path;
  }
  EXPECT_EQ(path_in_log("/release/v1/deposits/" + id + "/challenge/"), shown + "/");
  EXPECT_EQ(path_in_log("/metrics/" + id), "/metrics/" + id);
}

TEST_F(DeputyTest, SaysWhatWasDoneToWhoCountsAndLogs) {
  const std::string id = left(1);
  const std::string path = concat(all_deposits, "/", id, "/release");
  const auto good = claim(id);
  const auto note = [](const http::Response& response, std::string_view name) -> std::string {
    for (const http::Header& each : response.notes) {
      if (each.name == name) return each.value;
    }
    return "";
  };
  const auto given = ask("POST", path, "", good);
  EXPECT_EQ(note(given, note_release), "SEV-SNP");
  EXPECT_EQ(note(given, "left"), "0");
  EXPECT_NE(note(given, "measurement"), "");
  const auto again = ask("POST", path, "", good);
  EXPECT_EQ(note(again, note_release_code), "release.exhausted");
  EXPECT_EQ(note(again, note_code), "");
}

TEST_F(DeputyTest, HasOnlyTheRoutesThatItSays) {
  const std::string id = left();
  for (const std::string& path :
       {std::string("/release/"), std::string("/release/v1/deposit"), all_deposits + "x",
        all_deposits + "/", all_deposits + "/../x", concat(all_deposits, "/", id, "/"),
        concat(all_deposits, "/", id, "/other")}) {
    EXPECT_EQ(ask("POST", path).status, 404U) << path;
  }
  for (const std::string& path :
       {all_deposits, concat(all_deposits, "/", id), concat(all_deposits, "/", id, "/challenge")}) {
    EXPECT_EQ(ask("PATCH", path).status, 405U) << path;
  }
}

TEST_F(DeputyTest, AsksToComeAgainWhereAnIssuersKeysAreAway) {
  away_ = true;
  const auto said = ask("GET", all_deposits, token("read:release"));
  EXPECT_EQ(said.status, 503U);
  EXPECT_EQ(code(said), "release.token");
}

TEST_F(DeputyTest, BoundsHowOftenOneAddressAsks) {
  const std::string path = concat(all_deposits, "/", left(), "/challenge");
  deputy_.reset();
  open(3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("POST", path).status, 200U);
  EXPECT_EQ(code(ask("POST", path)), "release.pace");
  now_.seconds += 60;
  EXPECT_EQ(ask("POST", path).status, 200U);
}

TEST(ReleaseKey, IsSixtyFourDigits) {
  Folder folder;
  for (const std::string& text : {std::string(), std::string(63, 'a'), std::string(64, 'g')}) {
    std::ofstream(folder.file("key")) << text;
    ReleaseOptions options;
    options.store = folder.file("release.db");
    options.key = folder.file("key");
    EXPECT_FALSE(Deputy::check(options, folder.file("")));
    EXPECT_FALSE(Deputy::open(options, folder.file("")));
  }
}

TEST(Pace, CountsANetworkOfIpv6AsOne) {
  Pace pace(2);
  const codec::UnixTime now{600};
  EXPECT_TRUE(pace.take("2001:db8:1:2::1", now));
  EXPECT_TRUE(pace.take("2001:db8:1:2:3:4:5:6", now));
  EXPECT_FALSE(pace.take("2001:db8:1:2::9", now));
  EXPECT_TRUE(pace.take("2001:db8:1:3::1", now));
  EXPECT_TRUE(pace.take("2001:db8:1:2::1", {660}));
  Pace none(0);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(none.take("192.0.2.1", now));
}

}  // namespace
}  // namespace merlon::steward_service
