#include "merlon/steward_service/service.h"

#include <gtest/gtest.h>

#include "merlon/codec/json.h"

namespace merlon::steward_service {
namespace {

using steward::Certified;
using steward::Refusal;
using steward::RequestForm;

constexpr const char* pkcs10 = "application/pkcs10";
constexpr const char* bundle = "application/vnd.steward.pkcs10-bundle.v1";

/// Keeps what it is given, or says that it cannot.
class FakeRecords final : public Records {
 public:
  [[nodiscard]] verify::Memory memory() const override { return memory_; }
  [[nodiscard]] core::Result<void, std::string> keep(const Certified& certified) override {
    if (!reason.empty()) return reason;
    ++kept;
    memory_.merge(certified.seen);
    return {};
  }
  [[nodiscard]] core::Result<void, std::string> learn(const verify::Memory& seen) override {
    if (!reason.empty()) return reason;
    memory_.merge(seen);
    return {};
  }
  [[nodiscard]] std::optional<LogState> log() const override { return std::nullopt; }
  std::string reason;
  int kept = 0;

 private:
  verify::Memory memory_;
};

struct World {
  FakeRecords records;
  Statistics statistics;
  codec::UnixTime now{1'000};
  std::optional<codec::UnixTime> at;
  Generation::Judge judge = [](RequestForm form, core::ByteView body, const verify::Moment&) {
    Certified certified;
    certified.body.assign(body.begin(), body.end());
    certified.body.push_back(form == RequestForm::Single ? '1' : 'n');
    certified.issuances.push_back({});
    certified.issuances[0].serial = {0xAB};
    certified.seen.evaluation_number = 17;
    return core::Result<Certified, Refusal>(certified);
  };

  GenerationPointer generation() const {
    auto made = std::make_shared<Generation>();
    made->certify = judge;
    made->policy_digest = "d1gest";
    made->issuer_end = {2'000};
    made->expiries = {{"ca", "issuer", {2'000}}};
    return made;
  }
  Service service() {
    return Service(generation(), records, statistics,
                   {[this] { return now; }, at, [] { return http::Counters{}; }, {1}});
  }
};

http::Request asked(std::string method, std::string target, std::string type = "",
                    std::string body = "") {
  http::Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  if (!type.empty()) request.headers.push_back({"content-type", std::move(type)});
  request.body = std::move(body);
  return request;
}

std::string header(const http::Response& response, std::string_view name) {
  for (const http::Header& each : response.headers) {
    if (each.name == name) return each.value;
  }
  return "";
}

TEST(Service, AnswersAsEnarxStewardDoes) {
  World world;
  const Service service = world.service();
  const auto health = service.handle(asked("GET", "/"));
  EXPECT_EQ(health.status, 200U);
  EXPECT_EQ(health.body, "");
  const auto one = service.handle(asked("POST", "/", pkcs10, "x"));
  EXPECT_EQ(one.status, 200U);
  EXPECT_EQ(one.body, "x1");
  EXPECT_EQ(header(one, "Content-Type"), "application/octet-stream");
  EXPECT_EQ(service.handle(asked("POST", "/", bundle, "x")).body, "xn");
}

TEST(Service, OverTlsItSaysThatItIsToBeSpokenToBySuchAlone) {
  World world;
  const Service service = world.service();
  for (const char* path : {"/", "/health", "/status", "/nowhere"}) {
    http::Request request = asked("GET", path);
    EXPECT_EQ(header(service.handle(request), "Strict-Transport-Security"), "");
    request.tls = true;
    EXPECT_EQ(header(service.handle(request), "Strict-Transport-Security"), "max-age=31536000");
  }
}

TEST(Service, AnotherTypeOfContentIsRefused) {
  World world;
  const Service service = world.service();
  for (const char* type :
       {"", "application/pkcs10; charset=utf-8", "text/plain", "Application/PKCS10"}) {
    const auto response = service.handle(asked("POST", "/", type, "x"));
    EXPECT_EQ(response.status, 400U) << type;
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(response.notes.at(0).value, "request.type");
  }
}

TEST(Service, WhatVendorsHadSignedIsRememberedOfARefusedRequestToo) {
  World world;
  world.judge = [](RequestForm, core::ByteView, const verify::Moment&) {
    Refusal refusal{Refusal::Kind::Refused, "snp.debug", "w", "g", 0};
    refusal.seen.evaluation_number = 21;
    return core::Result<Certified, Refusal>(refusal);
  };
  const Service service = world.service();
  EXPECT_EQ(service.handle(asked("POST", "/", pkcs10, "x")).status, 400U);
  EXPECT_EQ(world.records.memory().evaluation_number, 21U);
  world.records.reason = "the disk is full";
  EXPECT_EQ(service.handle(asked("POST", "/", pkcs10, "x")).status, 400U);
  EXPECT_EQ(service.handle(asked("GET", "/ready")).status, 503U);
}

TEST(Service, ARefusalHasItsStatusAndItsCodeInTheLog) {
  World world;
  world.judge = [](RequestForm, core::ByteView, const verify::Moment&) {
    return core::Result<Certified, Refusal>(
        Refusal{Refusal::Kind::NoEvidence, "request.evidence", "w", "g", 0});
  };
  const auto response = world.service().handle(asked("POST", "/", pkcs10, "x"));
  EXPECT_EQ(response.status, 401U);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(response.notes.at(0).value, "request.evidence");
  EXPECT_EQ(world.records.kept, 0);
}

TEST(Service, WhatIsSeenCountsForTheNextRequest) {
  World world;
  std::uint32_t known = 0;
  const auto inner = world.judge;
  world.judge = [&](RequestForm form, core::ByteView body, const verify::Moment& moment) {
    known = moment.memory.evaluation_number;
    EXPECT_EQ(moment.now, codec::UnixTime{1'000});
    return inner(form, body, moment);
  };
  const Service service = world.service();
  static_cast<void>(service.handle(asked("POST", "/", pkcs10, "x")));
  EXPECT_EQ(known, 0U);
  static_cast<void>(service.handle(asked("POST", "/", pkcs10, "x")));
  EXPECT_EQ(known, 17U);
}

TEST(Service, ANamedTimeIsJudgedFor) {
  World world;
  world.at = codec::UnixTime{5};
  verify::Moment seen;
  const auto inner = world.judge;
  world.judge = [&](RequestForm form, core::ByteView body, const verify::Moment& moment) {
    seen = moment;
    return inner(form, body, moment);
  };
  static_cast<void>(world.service().handle(asked("POST", "/", pkcs10, "x")));
  EXPECT_EQ(seen.now, codec::UnixTime{5});
  EXPECT_EQ(seen.source, verify::TimeSource::Asked);
}

TEST(Service, NoCertificateLeavesThatIsNotWrittenDown) {
  World world;
  world.records.reason = "no space left";
  auto request = asked("POST", "/", pkcs10, "x");
  request.headers.push_back({"accept", "application/problem+json"});
  const Service service = world.service();
  const auto response = service.handle(request);
  EXPECT_EQ(response.status, 500U);
  EXPECT_NE(response.body.find("steward.record"), std::string::npos);
  EXPECT_EQ(response.body.find("x1"), std::string::npos);
  EXPECT_EQ(service.handle(asked("GET", "/ready")).status, 503U);
  world.records.reason = "";
  EXPECT_EQ(service.handle(request).status, 200U);
  EXPECT_EQ(service.handle(asked("GET", "/ready")).status, 200U);
}

TEST(Service, AnotherMethodGetsTheOnesThatThereAre) {
  World world;
  const Service service = world.service();
  const auto root = service.handle(asked("DELETE", "/"));
  EXPECT_EQ(root.status, 405U);
  EXPECT_EQ(header(root, "Allow"), "GET, HEAD, POST");
  const auto metrics = service.handle(asked("POST", "/metrics"));
  EXPECT_EQ(metrics.status, 405U);
  EXPECT_EQ(header(metrics, "Allow"), "GET, HEAD");
  EXPECT_EQ(service.handle(asked("GET", "/nothing")).status, 404U);
  EXPECT_EQ(service.handle(asked("GET", "//")).status, 404U);
}

TEST(Service, IsReadyUntilTheCaEnds) {
  World world;
  const Service service = world.service();
  const auto ready = service.handle(asked("GET", "/ready"));
  EXPECT_EQ(ready.status, 200U);
  EXPECT_NE(ready.body.find("\"policy\":\"d1gest\""), std::string::npos);
  EXPECT_NE(ready.body.find("\"ca_not_after\":\"1970-01-01T00:33:20Z\""), std::string::npos);
  world.now = {2'000};
  EXPECT_EQ(service.handle(asked("GET", "/ready")).status, 503U);
  EXPECT_EQ(service.handle(asked("GET", "/health")).status, 200U);
}

TEST(Service, SaysWhoIsToBeTrusted) {
  World world;
  Service service = world.service();
  auto next = std::make_shared<Generation>(*world.generation());
  next->trust = "two certificates";
  next->issuer = "d1gest of one";
  service.replace(next);
  EXPECT_EQ(service.handle(asked("GET", "/trust.pem")).body, "two certificates");
  EXPECT_NE(service.handle(asked("GET", "/ready")).body.find("d1gest of one"), std::string::npos);
}

TEST(Service, AnotherGenerationCountsFromTheNextRequest) {
  World world;
  Service service = world.service();
  auto next = std::make_shared<Generation>(*world.generation());
  next->policy_digest = "another";
  service.replace(next);
  EXPECT_NE(service.handle(asked("GET", "/ready")).body.find("another"), std::string::npos);
  EXPECT_NE(service.handle(asked("GET", "/metrics")).body.find("digest=\"another\""),
            std::string::npos);
}

TEST(Service, AFileThatIsNoEvidenceIsSaidToBeNone) {
  World world;
  const Service service = world.service();
  EXPECT_EQ(service.handle(asked("GET", "/status")).status, 200U);
  const auto none = service.handle(asked("POST", "/status", "text/plain", "x"));
  EXPECT_EQ(none.status, 400U);
  EXPECT_NE(none.body.find("No file came."), std::string::npos);
  const auto junk = service.handle(
      asked("POST", "/status", "multipart/form-data; boundary=X",
            "--X\r\nContent-Disposition: form-data; name=\"evidence\"\r\n\r\njunk\r\n--X--\r\n"));
  EXPECT_EQ(junk.status, 400U);
  EXPECT_NE(junk.body.find("This is no evidence"), std::string::npos);
  EXPECT_EQ(service.handle(asked("PUT", "/status")).status, 405U);
  EXPECT_EQ(world.records.kept, 0);
}

TEST(Service, CodesAreExplainedOnAPageOfItsOwn) {
  World world;
  const auto response = world.service().handle(asked("GET", "/docs/errors.md"));
  EXPECT_EQ(response.status, 200U);
  EXPECT_NE(response.body.find("id=\"request.type\""), std::string::npos);
}

}  // namespace
}  // namespace merlon::steward_service
