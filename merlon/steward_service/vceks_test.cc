#include "merlon/steward_service/vceks.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "merlon/steward/testing/requests.h"
#include "merlon/steward_service/service.h"

namespace merlon::steward_service {
namespace {

using steward::testing::AmdKeep;
using steward::testing::request_with;
using x509::testing::test_now;

snp::Report report_of(std::uint8_t chip) {
  snp::Report report;
  report.chip_id = snp::ChipId::from(std::vector<std::uint8_t>(64, chip)).value();
  return report;
}

/// A key server by a clock of its own.
struct Server {
  std::int64_t now = 0;
  Fetched answer = Fetched::Unavailable;
  std::vector<std::int64_t> asked;
  int used = 0;
  std::size_t waiting = 1;

  Vceks::World world() {
    return {[this](const snp::Report&) {
              asked.push_back(now);
              return FetchOutcome{answer, answer == Fetched::All ? "" : "HTTP status 429"};
            },
            [this] {
              ++used;
              return true;
            },
            [this] { return now; },
            [] { return 0.0; },
            [](const snp::Report&, const FetchOutcome&) {},
            waiting};
  }
};

TEST(Vceks, OneIsAskedForInTenSeconds) {
  Server server;
  server.answer = Fetched::All;
  Vceks vceks(server.world());
  EXPECT_TRUE(vceks.obtain(report_of(1)));
  EXPECT_EQ(server.used, 1);
  EXPECT_FALSE(vceks.obtain(report_of(2)));
  server.now = 9;
  EXPECT_FALSE(vceks.obtain(report_of(2)));
  server.now = 10;
  EXPECT_TRUE(vceks.obtain(report_of(2)));
  EXPECT_EQ(server.asked, (std::vector<std::int64_t>{0, 10}));
  // One that came and did not help is not asked for again soon.
  server.now = 100;
  EXPECT_FALSE(vceks.obtain(report_of(1)));
  server.now = 3600;
  EXPECT_TRUE(vceks.obtain(report_of(1)));
}

TEST(Vceks, ALongSilenceIsMetWithLongPauses) {
  Server server;
  Vceks vceks(server.world());
  for (server.now = 0; server.now < 6 * 3600; ++server.now) {
    EXPECT_FALSE(vceks.obtain(report_of(static_cast<std::uint8_t>(server.now % 200 + 1))));
  }
  EXPECT_LT(server.asked.size(), 50U);
  EXPECT_EQ(server.asked.at(1), 20);
  EXPECT_EQ(server.asked.back() - server.asked.at(server.asked.size() - 2), Vceks::longest_pause);
  EXPECT_EQ(server.used, 0);
  server.answer = Fetched::All;
  server.now += Vceks::longest_pause;
  EXPECT_TRUE(vceks.obtain(report_of(1)));
}

TEST(Vceks, ChipsThatAmdDoesNotKnowStopNobodyElse) {
  Server server;
  server.answer = Fetched::NoSuch;
  Vceks vceks(server.world());
  for (std::uint8_t chip = 1; chip < 100; ++chip) {
    EXPECT_FALSE(vceks.obtain(report_of(chip)));
    server.now += Vceks::between;
  }
  EXPECT_EQ(server.asked.size(), 99U);
  EXPECT_FALSE(vceks.obtain(report_of(1)));
  EXPECT_EQ(server.asked.size(), 99U);
  server.answer = Fetched::All;
  EXPECT_TRUE(vceks.obtain(report_of(200)));
}

TEST(Vceks, ThoseWhoMissTheSameAskOnceTogether) {
  std::atomic<int> asked{0};
  Server server;
  server.waiting = 8;
  Vceks::World world = server.world();
  world.ask = [&](const snp::Report&) {
    ++asked;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return FetchOutcome{Fetched::All, ""};
  };
  Vceks vceks(std::move(world));
  std::atomic<int> got{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { got += vceks.obtain(report_of(1)) ? 1 : 0; });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(asked, 1);
  // Who came when it was over is told so and judges again by what is there.
  EXPECT_GE(got, 1);
}

TEST(Vceks, NoMoreWaitThanMay) {
  Server server;  // one at a time
  Vceks::World world = server.world();
  std::atomic<bool> in{false};
  std::atomic<bool> go{false};
  world.ask = [&](const snp::Report&) {
    in = true;
    while (!go) std::this_thread::yield();
    return FetchOutcome{Fetched::All, ""};
  };
  Vceks vceks(std::move(world));
  std::thread first([&] { EXPECT_TRUE(vceks.obtain(report_of(1))); });
  while (!in) std::this_thread::yield();
  EXPECT_FALSE(vceks.obtain(report_of(1)));
  EXPECT_FALSE(vceks.obtain(report_of(2)));
  go = true;
  first.join();
}

/// A service with a real authority, and a chip whose VCEK is not here.
class Missing : public ::testing::Test {
 protected:
  Missing() {
    steward::Authority::Settings settings;
    settings.development = true;  // of a fake vendor
    settings.policy = known_.amd.policy();
    authority_ = std::make_unique<steward::Authority>(
        steward::Authority::create(steward::testing::ca_issuer(), settings).value());
    // It carries another certificate in the place of its VCEK.
    AmdKeep bare = known_;
    bare.amd.no_leaf = true;
    lacking_ = request_with(bare.extension(), bare.key);
  }

  GenerationPointer generation(bool with_vcek) {
    auto made = std::make_shared<Generation>();
    auto own = std::make_shared<const verify::Collateral>(
        with_vcek ? verify::Collateral::prepare(known_.amd.endorsements()) : known_.own());
    made->certify = [this, own](steward::RequestForm form, core::ByteView body,
                                const verify::Moment& moment) {
      return authority_->certify(form, body, *own, moment);
    };
    made->issuer_end = {test_now.seconds + 1'000'000};
    return made;
  }

  http::Response ask(const Service& service, const std::vector<std::uint8_t>& body) {
    http::Request request;
    request.method = "POST";
    request.target = "/";
    request.headers.push_back({"content-type", "application/pkcs10"});
    request.body = core::as_text(body);
    return service.handle(request);
  }

  static std::string header(const http::Response& response, std::string_view name) {
    for (const http::Header& each : response.headers) {
      if (each.name == name) return each.value;
    }
    return "";
  }

  AmdKeep known_;
  std::vector<std::uint8_t> lacking_;
  std::unique_ptr<steward::Authority> authority_;
  ShortMemory records_;
  Statistics statistics_;
  codec::UnixTime now_ = test_now;
};

TEST_F(Missing, ForSixHoursKnownChipsGetCertificatesAndUnknownOnesAreToldToWait) {
  Server server;
  Service* target = nullptr;
  Vceks::World world = server.world();
  world.use = [&] {
    target->replace(generation(true));
    return true;
  };
  Vceks vceks(std::move(world));
  Service service(generation(false), records_, statistics_,
                  {[this] { return now_; },
                   {},
                   [] { return http::Counters{}; },
                   now_,
                   [&](const snp::Report& report) { return vceks.obtain(report); }});
  target = &service;
  for (server.now = 0; server.now < 6 * 3600; server.now += 60) {
    now_ = {test_now.seconds + server.now};
    const http::Response unknown = ask(service, lacking_);
    EXPECT_EQ(unknown.status, 503U);
    EXPECT_NE(header(unknown, "Retry-After"), "");
    EXPECT_EQ(ask(service, known_.request()).status, 200U);
  }
  EXPECT_LT(server.asked.size(), 50U);
  // It answers again.
  server.answer = Fetched::All;
  server.now += Vceks::longest_pause;
  EXPECT_EQ(ask(service, lacking_).status, 200U);
}

TEST_F(Missing, NoListOutlivesItsEnd) {
  Service service(generation(false), records_, statistics_,
                  {[this] { return now_; }, {}, [] { return http::Counters{}; }, now_});
  EXPECT_EQ(ask(service, known_.request()).status, 200U);
  codec::UnixTime last;
  const verify::Collateral own = known_.own();
  for (const x509::Crl& each : own.lists) last = std::max(last, each.validity().not_after);
  now_ = {last.seconds - 60};
  EXPECT_EQ(ask(service, known_.request()).status, 200U);
  now_ = {last.seconds + 1};
  const http::Response over = ask(service, known_.request());
  EXPECT_EQ(over.status, 503U);
  EXPECT_EQ(over.notes.at(0).value, "snp.ca-revocation");
}

TEST_F(Missing, WithoutAnyoneToAskItIsARefusalAsBefore) {
  Service service(generation(false), records_, statistics_,
                  {[this] { return now_; }, {}, [] { return http::Counters{}; }, now_});
  EXPECT_NE(ask(service, lacking_).status, 200U);
}

TEST_F(Missing, WhatWouldBeRefusedAnywayAsksNobody) {
  int asked = 0;
  steward::Authority::Settings settings;
  settings.development = true;  // of a fake vendor
  settings.policy = known_.amd.policy();
  settings.policy.snp.measurement = verify::Accept<snp::LaunchDigest>(
      {snp::LaunchDigest::from(std::vector<std::uint8_t>(48, 0x77)).value()});
  const auto strict = steward::Authority::create(steward::testing::ca_issuer(), settings).value();
  auto made = std::make_shared<Generation>(*generation(false));
  const verify::Collateral own = known_.own();
  made->certify = [&](steward::RequestForm form, core::ByteView body,
                      const verify::Moment& moment) {
    return strict.certify(form, body, own, moment);
  };
  Service service(made, records_, statistics_,
                  {[this] { return now_; },
                   {},
                   [] { return http::Counters{}; },
                   now_,
                   [&](const snp::Report&) { return ++asked > 1000; }});
  EXPECT_EQ(ask(service, lacking_).status, 400U);
  EXPECT_EQ(asked, 0);
}

}  // namespace
}  // namespace merlon::steward_service
