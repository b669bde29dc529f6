#include "merlon/gatehouse/house.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

#include "merlon/base/text.h"
#include "merlon/crypto/hash.h"
#include "merlon/gatehouse/service.h"
#include "merlon/os/local_socket.h"

namespace merlon::gatehouse {
namespace {

const std::string id_of_alice(32, 'a');
const std::string id_of_bob(32, 'b');

/// Keeps that are folders only: no program of theirs runs.
class Houses : public ::testing::Test {
 protected:
  Houses() {
    EXPECT_TRUE(house_.open());
    make(id_of_alice, "alice");
    make(id_of_bob, "bob");
  }
  ~Houses() override { std::filesystem::remove_all(settings_.folder); }

  KeepFolder make(const std::string& id, const std::string& tenant) {
    const KeepFolder folder(settings_.folder + "/" + id);
    std::filesystem::create_directories(folder.path());
    EXPECT_TRUE(
        folder.write(KeepFolder::record, to_json(KeepRecord{id, tenant, "2026-01-01T00:00:00Z"})));
    return folder;
  }
  [[nodiscard]] KeepFolder alices() const {
    return KeepFolder(settings_.folder + "/" + id_of_alice);
  }
  http::Response ask(std::string method, std::string target, std::string body = {}) {
    http::Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.body = std::move(body);
    return service_.handle(request);
  }

  HouseSettings settings_{.folder = testing::TempDir() + "house-" + std::to_string(::getpid()),
                          .simulator = "/nowhere",
                          .backends = {host::Backend::Nil},
                          .keeps_per_tenant = 1};
  House house_{settings_};
  Service service_{house_,
                   {[] { return codec::UnixTime{0}; }, [] { return http::Counters{}; }, true, 4}};
};

TEST_F(Houses, KnowKeepsByTheirTenant) {
  EXPECT_TRUE(house_.find("alice", id_of_alice));
  EXPECT_EQ(house_.find("alice", id_of_bob).error().code, "keep.unknown");
  EXPECT_EQ(house_.find("bob", id_of_alice).error().code, "keep.unknown");
  EXPECT_EQ(house_.list("alice").size(), 1U);
  EXPECT_EQ(house_.list().size(), 2U);
}

TEST_F(Houses, TakeNothingElseForAnId) {
  std::filesystem::create_directories(settings_.folder + "/../elsewhere");
  for (const char* const each : {"", "..", "../elsewhere", "record.json"}) {
    EXPECT_EQ(house_.find("alice", each).error().status, 404U) << each;
  }
  EXPECT_FALSE(is_keep_id(std::string(32, 'A')));
  EXPECT_FALSE(is_keep_id(std::string(31, 'a')));
  EXPECT_FALSE(is_keep_id(std::string(31, 'a') + "/"));
}

TEST_F(Houses, TellTheStateOfAKeep) {
  EXPECT_EQ(alices().state(), KeepState::Lost);
  {
    const auto warden = os::listen_local(alices().file(KeepFolder::control));
    ASSERT_TRUE(warden);
    EXPECT_EQ(alices().state(), KeepState::Waiting);
    ASSERT_TRUE(alices().write(KeepFolder::delivered, ""));
    EXPECT_EQ(alices().state(), KeepState::Running);
    EXPECT_EQ(house_.forget(alices()).error().code, "keep.runs");
  }
  EXPECT_EQ(alices().state(), KeepState::Lost);
  ASSERT_TRUE(alices().write(KeepFolder::end, "exited 3"));
  EXPECT_EQ(alices().state(), KeepState::Ended);
  EXPECT_EQ(alices().read_end(), "exited 3");
  EXPECT_TRUE(house_.forget(alices()));
  EXPECT_EQ(house_.list("alice").size(), 0U);
}

TEST_F(Houses, PassOverFoldersThatAreNoKeeps) {
  std::filesystem::create_directories(settings_.folder + "/" + std::string(32, 'c'));
  const KeepFolder broken(settings_.folder + "/" + std::string(32, 'd'));
  std::filesystem::create_directories(broken.path());
  for (const char* const text : {"{", "{}", R"({"id":"x","backend":"nil"})",
                                 R"({"id":"dddddddddddddddddddddddddddddddd","backend":"none"})"}) {
    ASSERT_TRUE(broken.write(KeepFolder::record, text));
    EXPECT_EQ(house_.list().size(), 2U) << text;
  }
}

TEST_F(Houses, RefuseWhatTheyDoNotOffer) {
  KeepRequest request;
  request.backend = host::Backend::SnpSim;
  EXPECT_EQ(house_.start("alice", request, "").error().code, "backend.refused");
}

TEST_F(Houses, LeaveNothingOfAKeepThatDidNotStart) {
  KeepRequest request;
  request.backend = host::Backend::Nil;  // there is no merlon-warden beside this test
  EXPECT_EQ(house_.start("carol", request, "").error().code, "keep.start");
  EXPECT_EQ(house_.list().size(), 2U);
  // Nor its place.
  EXPECT_EQ(house_.start("carol", request, "").error().code, "keep.start");
}

TEST_F(Houses, GiveATenantNoMoreThanHeMayHave) {
  const auto warden = os::listen_local(alices().file(KeepFolder::control));
  KeepRequest request;
  request.backend = host::Backend::Nil;
  EXPECT_EQ(house_.start("alice", request, "").error().code, "quota.keeps");
  EXPECT_EQ(house_.start("bob", request, "").error().code, "keep.start");
}

class Routes : public Houses {
 protected:
  Routes() { make(id_of_alice, "anonymous"); }
  const std::string keep_ = "/v1/keeps/" + id_of_alice;
};

TEST_F(Routes, AreAnsweredAsDocumented) {
  struct Case {
    const char* method;
    std::string target;
    unsigned status;
    std::string_view code;
  };
  const Case cases[] = {
      {"GET", "/health", 200, ""},
      {"GET", "/ready", 200, ""},
      {"GET", "/metrics", 200, ""},
      {"GET", "/", 200, ""},
      {"POST", "/", 404, "route.unknown"},
      {"GET", "/v1/keepsake", 404, "route.unknown"},
      {"GET", "/v1/keeps", 200, ""},
      {"GET", "/v1/keeps/", 200, ""},
      {"PUT", "/v1/keeps", 405, "request.method"},
      {"POST", "/v1/keeps", 400, "request.form"},
      {"GET", keep_, 200, ""},
      {"GET", keep_ + "/nothing", 404, "route.unknown"},
      {"GET", keep_ + "/delivery", 405, "request.method"},
      {"PUT", keep_ + "/delivery", 410, "keep.gone"},
      {"POST", keep_ + "/input?at=0", 410, "keep.gone"},
      {"POST", keep_ + "/input?at=x", 400, "request.query"},
      {"POST", keep_ + "/stop", 410, "keep.gone"},
      {"GET", keep_ + "/output", 404, "keep.output"},
      {"GET", keep_ + "/output?from=-1", 400, "request.query"},
      {"GET", keep_ + "/log", 200, ""},
      {"GET", keep_ + "/evidence", 500, "keep.proof"},
      {"POST", keep_ + "/evidence", 405, "request.method"},
      {"GET", "/v1/keeps/" + id_of_bob, 404, "keep.unknown"},
      {"DELETE", "/v1/keeps/" + id_of_bob, 404, "keep.unknown"},
      {"GET", "/v1/volumes", 200, ""},
      {"GET", "/v1/volumes/", 200, ""},
      {"GET", "/v1/volumesque", 404, "route.unknown"},
      {"PUT", "/v1/volumes", 405, "request.method"},
      {"GET", "/v1/volumes/data", 405, "request.method"},
      {"DELETE", "/v1/volumes/data", 404, "volume.unknown"},
      {"DELETE", "/v1/volumes/../volumes", 404, "volume.unknown"},
  };
  for (const Case& each : cases) {
    const http::Response answer = ask(each.method, each.target);
    EXPECT_EQ(answer.status, each.status) << each.method << " " << each.target;
    if (each.code.empty()) continue;
    EXPECT_NE(answer.body.find(each.code), std::string::npos) << answer.body;
  }
}

TEST_F(Routes, GiveOutputFromWhereOneHasIt) {
  ASSERT_TRUE(alices().write(KeepFolder::output, "0123456789"));
  EXPECT_EQ(ask("GET", keep_ + "/output").body, "0123456789");
  EXPECT_EQ(ask("GET", keep_ + "/output?from=7").body, "789");
  EXPECT_EQ(ask("GET", keep_ + "/output?wait=1&from=9").body, "9");
  // Its warden is gone, so there will be no more.
  EXPECT_EQ(ask("GET", keep_ + "/output?from=10&wait=20000").status, 410U);
  const auto warden = os::listen_local(alices().file(KeepFolder::control));
  EXPECT_EQ(ask("GET", keep_ + "/output?from=10").status, 204U);
  EXPECT_EQ(ask("GET", keep_ + "/output?from=10&wait=20").status, 204U);
}

TEST_F(Routes, ListATenantsVolumesAndRemoveOneThatNoKeepHas) {
  const auto volumes_of = [&](std::string_view tenant) {
    return settings_.folder + "/volumes/" +
           base::hex(crypto::sha256({core::as_bytes(tenant)}).view());
  };
  std::filesystem::create_directories(volumes_of("anonymous") + "/data");
  std::filesystem::create_directories(volumes_of("bob") + "/others");
  {
    const auto used = host::VolumeFolder::open(volumes_of("anonymous") + "/data", {});
    ASSERT_TRUE(used);
    EXPECT_EQ(ask("GET", "/v1/volumes").body,
              "[{\"name\":\"data\",\"bytes\":0,\"objects\":0,\"in_use\":true}]\n");
    const http::Response answer = ask("DELETE", "/v1/volumes/data");
    EXPECT_EQ(answer.status, 409U);
    EXPECT_NE(answer.body.find("volume.used"), std::string::npos);
  }
  EXPECT_EQ(ask("DELETE", "/v1/volumes/others").status, 404U);
  EXPECT_EQ(ask("DELETE", "/v1/volumes/data").status, 204U);
  EXPECT_EQ(ask("GET", "/v1/volumes").body, "[]\n");
  EXPECT_TRUE(std::filesystem::exists(volumes_of("bob") + "/others"));
}

TEST_F(Houses, GiveATenantNoMoreVolumesThanHeMayHave) {
  const std::string folder =
      settings_.folder + "/volumes/" + base::hex(crypto::sha256({core::as_bytes("carol")}).view());
  for (std::size_t i = 0; i < settings_.volumes_per_tenant; ++i) {
    std::filesystem::create_directories(folder + "/v" + std::to_string(i));
  }
  KeepRequest request;
  request.backend = host::Backend::Nil;
  request.offer.wishes = {{host::Wish::Kind::Volume, "another"}};
  EXPECT_EQ(house_.start("carol", request, "").error().code, "quota.volumes");
  request.offer.wishes[0].host = "v0";  // which he has
  EXPECT_EQ(house_.start("carol", request, "").error().code, "keep.start");
}

TEST_F(Routes, ForgetAKeepThatHasEnded) {
  EXPECT_EQ(ask("DELETE", keep_).status, 204U);
  EXPECT_EQ(ask("GET", keep_).status, 404U);
}

TEST(TenantsOfAGatehouse, ShowACertificateThatNamesThem) {
  House house(HouseSettings{});
  Service service(house, {[] { return codec::UnixTime{0}; }, [] { return http::Counters{}; }});
  http::Request request;
  request.method = "GET";
  request.target = "/v1/keeps";
  EXPECT_EQ(service.handle(request).status, 401U);
  request.client_certificate = {0x30, 0x00};
  EXPECT_EQ(service.handle(request).status, 401U);
}

}  // namespace
}  // namespace merlon::gatehouse
