#include "merlon/gatehouse/house.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "merlon/base/text.h"
#include "merlon/crypto/hash.h"
#include "merlon/gatehouse/service.h"
#include "merlon/os/file.h"
#include "merlon/os/local_socket.h"
#include "merlon/os/poll.h"
#include "merlon/os/socket.h"
#include "merlon/tls/testing/pki.h"

namespace merlon::gatehouse {
namespace {

const std::string id_of_alice(32, 'a');
const std::string id_of_bob(32, 'b');

/// Meanwhile this process can open nothing (EMFILE).
class NoFilesLeft {
 public:
  NoFilesLeft() {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    const ::rlimit none{0, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  ~NoFilesLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoFilesLeft(const NoFilesLeft&) = delete;
  NoFilesLeft& operator=(const NoFilesLeft&) = delete;

 private:
  ::rlimit before_{};
};

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
                          .simulator_sgx = "/nowhere",
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
  EXPECT_EQ(house_.list("alice").value().size(), 1U);
  EXPECT_EQ(house_.list().value().size(), 2U);
}

TEST_F(Houses, TakeNoTroubleOfTheirsForAKeepThatIsNotThere) {
  const auto warden = os::listen_local(alices().file(KeepFolder::control));
  ASSERT_TRUE(warden);
  KeepRequest request;
  request.backend = host::Backend::Nil;
  {
    const NoFilesLeft none;
    EXPECT_EQ(alices().state().error(), os::Errno::Mfile);
    const auto found = house_.find("alice", id_of_alice);
    EXPECT_EQ(found.error().status, 503U);
    EXPECT_EQ(found.error().code, "house.busy");
    EXPECT_EQ(house_.list("alice").error().code, "house.busy");
    EXPECT_EQ(house_.forget(alices()).error().code, "house.busy");
    EXPECT_EQ(house_.start("carol", request, "").error().code, "house.busy");
  }
  EXPECT_TRUE(house_.find("alice", id_of_alice));
}

TEST_F(Houses, TakeAWardenThatIsSlowForOneThatIsThere) {
  const auto warden = os::listen_local(alices().file(KeepFolder::control));
  ASSERT_TRUE(warden);
  // It takes no connection: there is room for some, and then for none.
  std::vector<os::Fd> waiting;
  for (;;) {
    auto more = os::connect_local(alices().file(KeepFolder::control), std::chrono::milliseconds(1));
    if (!more) break;
    waiting.push_back(*std::move(more));
  }
  EXPECT_EQ(alices().state().value(), KeepState::Waiting);
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
  EXPECT_EQ(alices().state().value(), KeepState::Lost);
  {
    const auto warden = os::listen_local(alices().file(KeepFolder::control));
    ASSERT_TRUE(warden);
    EXPECT_EQ(alices().state().value(), KeepState::Waiting);
    ASSERT_TRUE(alices().write(KeepFolder::delivered, ""));
    EXPECT_EQ(alices().state().value(), KeepState::Running);
    EXPECT_EQ(house_.forget(alices()).error().code, "keep.runs");
  }
  EXPECT_EQ(alices().state().value(), KeepState::Lost);
  ASSERT_TRUE(alices().write(KeepFolder::end, "exited 3"));
  EXPECT_EQ(alices().state().value(), KeepState::Ended);
  EXPECT_EQ(alices().read_end(), "exited 3");
  EXPECT_TRUE(house_.forget(alices()));
  EXPECT_EQ(house_.list("alice").value().size(), 0U);
}

TEST_F(Houses, PassOverFoldersThatAreNoKeeps) {
  std::filesystem::create_directories(settings_.folder + "/" + std::string(32, 'c'));
  const KeepFolder broken(settings_.folder + "/" + std::string(32, 'd'));
  std::filesystem::create_directories(broken.path());
  for (const char* const text : {"{", "{}", R"({"id":"x","backend":"nil"})",
                                 R"({"id":"dddddddddddddddddddddddddddddddd","backend":"none"})"}) {
    ASSERT_TRUE(broken.write(KeepFolder::record, text));
    EXPECT_EQ(house_.list().value().size(), 2U) << text;
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
  EXPECT_EQ(house_.list().value().size(), 2U);
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

TEST_F(Houses, StartNoMoreThanTheMachineHasRoomFor) {
  settings_.keeps_per_tenant = 16;
  settings_.keeps = 1;
  House full(settings_);
  const auto warden = os::listen_local(alices().file(KeepFolder::control));
  KeepRequest request;
  request.backend = host::Backend::Nil;
  EXPECT_EQ(full.start("bob", request, "").error().code, "house.full");
}

TEST_F(Houses, KeepNoMoreOfATenantsEndedKeepsThanTheyMay) {
  std::vector<std::string> forgotten;
  HouseSettings settings = settings_;
  settings.ended_per_tenant = 3;
  settings.ended_bytes = 1'000'000;
  settings.note = [&](const HouseNote& note) {
    if (note.event == "keep.forgotten") forgotten.push_back(note.keep);
  };
  House house(settings);
  // As old as they stand here; `made` says the same of all.
  const auto now = std::filesystem::file_time_type::clock::now();
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(std::string(31, 'c') + std::to_string(9 - i));
    const KeepFolder folder = make(ids.back(), "carol");
    ASSERT_TRUE(folder.write(KeepFolder::end, "exited 0"));
    std::filesystem::last_write_time(folder.file(KeepFolder::end), now - std::chrono::hours(9 - i));
  }
  KeepRequest request;
  request.backend = host::Backend::Nil;
  EXPECT_EQ(house.start("carol", request, "").error().code, "keep.start");
  EXPECT_EQ(forgotten, (std::vector{ids[0], ids[1]}));
  EXPECT_EQ(house.list("carol").value().size(), 3U);
  EXPECT_EQ(house.list("alice").value().size(), 1U);
  // What they said counts as well.
  forgotten.clear();
  ASSERT_TRUE(KeepFolder(settings.folder + "/" + ids[3])
                  .write(KeepFolder::output, std::string(999'999, 'x')));
  EXPECT_EQ(house.start("carol", request, "").error().code, "keep.start");
  EXPECT_EQ(forgotten, (std::vector{ids[2], ids[3]}));
  EXPECT_FALSE(std::filesystem::exists(settings.folder + "/" + ids[3]));
  EXPECT_EQ(house.find("carol", ids[3]).error().status, 404U);
  EXPECT_TRUE(house.find("carol", ids[4]));
}

// Whoever has an issuer has as many tenants as he likes.
TEST_F(Houses, KeepNoMoreOfAllEndedKeepsThanTheyMay) {
  HouseSettings settings = settings_;
  settings.all_ended = 6;  // two are of others
  settings.all_ended_bytes = 100'000;
  House house(settings);
  const auto now = std::filesystem::file_time_type::clock::now();
  const auto end = [&](char name, const std::string& tenant, int age, std::size_t said) {
    const KeepFolder folder = make(std::string(32, name), tenant);
    EXPECT_TRUE(folder.write(KeepFolder::output, std::string(said, 'x')));
    EXPECT_TRUE(folder.write(KeepFolder::end, "exited 0"));
    std::filesystem::last_write_time(folder.file(KeepFolder::end), now - std::chrono::hours(age));
  };
  const auto known = [&] {
    std::string names;
    for (const char* tenant : {"one", "many", "loud"}) {
      const auto all = house.list(tenant).value();
      for (const auto& each : all) names += each.record.id[0];
    }
    std::ranges::sort(names);
    return names;
  };
  KeepRequest request;
  request.backend = host::Backend::Nil;
  end('1', "one", 99, 10);
  for (const char name : {'2', '3', '4'}) end(name, "many", '9' - name, 10);
  end('5', "loud", 1, 60'000);
  EXPECT_EQ(house.start("carol", request, "").error().code, "keep.start");
  EXPECT_EQ(known(), "1345") << "the oldest of who has the most";
  end('6', "loud", 0, 60'000);
  EXPECT_EQ(house.start("carol", request, "").error().code, "keep.start");
  EXPECT_EQ(known(), "1346") << "of those who have as many, the one with more bytes";
  settings.all_ended_bytes = 50'000;
  EXPECT_EQ(House(settings).start("carol", request, "").error().code, "keep.start");
  EXPECT_EQ(known(), "134") << "the oldest of who has the most bytes";
}

TEST_F(Houses, ForgetNoKeepForOneThatMayNotStart) {
  HouseSettings settings = settings_;
  settings.ended_per_tenant = 1;
  settings.keeps_per_tenant = 0;
  House house(settings);
  for (const char each : {'c', 'd', 'e'}) {
    ASSERT_TRUE(make(std::string(32, each), "carol").write(KeepFolder::end, "exited 0"));
  }
  KeepRequest request;
  request.backend = host::Backend::Nil;
  EXPECT_EQ(house.start("carol", request, "").error().code, "quota.keeps");
  EXPECT_EQ(house.list("carol").value().size(), 3U);
}

TEST_F(Houses, TellNoTenantWhereTheirFilesLie) {
  std::vector<HouseNote> notes;
  HouseSettings settings = settings_;
  const std::string groups = settings.folder + "/groups";
  std::filesystem::create_directories(groups);
  std::ofstream(groups + "/cgroup.controllers") << "";
  std::ofstream(groups + "/cgroup.procs") << "";
  settings.groups = ControlGroups::find(groups, "", "", "ab").value();
  settings.note = [&](const HouseNote& note) { notes.push_back(note); };
  std::filesystem::remove_all(groups);
  KeepRequest request;
  request.backend = host::Backend::Nil;
  const auto refused = House(settings).start("carol", request, "");
  EXPECT_EQ(refused.error().code, "house.folder");
  EXPECT_EQ(refused.error().what.find('/'), std::string::npos) << refused.error().what;
  settings.groups = {};
  const auto failed = House(settings).start("carol", request, "");
  EXPECT_EQ(failed.error().code, "keep.start");
  EXPECT_EQ(failed.error().what.find('/'), std::string::npos) << failed.error().what;
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_NE(notes[0].what.find(groups), std::string::npos) << notes[0].what;
  EXPECT_NE(notes[1].what.find("/merlon-warden"), std::string::npos) << notes[1].what;
}

TEST(LinesForTenants, HaveNoPaths) {
  EXPECT_EQ(without_paths("/a/b: it is in use (/c), \"/d\""),
            "a file of the host's: it is in use (a file of the host's), \"a file of the host's\"");
  EXPECT_EQ(without_paths("x and/or https://host/y: /"),
            "x and/or https://host/y: a file of the host's");
  EXPECT_EQ(without_paths("cannot read:/etc"), "cannot read:a file of the host's");
  EXPECT_EQ(without_paths("/a\n/b\nc /d\n"),
            "a file of the host's\na file of the host's\nc a file of the host's\n");
  EXPECT_EQ(without_paths(""), "");
}

TEST_F(Houses, TakeATenantsOwnLimitOfMemory) {
  KeepRequest request;
  request.backend = host::Backend::Nil;
  request.offer.max_memory_bytes = 1 << 20U;
  EXPECT_EQ(house_.start("carol", request, "").error().code, "keep.start");
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

TEST_F(Routes, TellOfTheirOwnTroubleAsSuch) {
  const auto warden = os::listen_local(alices().file(KeepFolder::control));
  ASSERT_TRUE(warden);
  const NoFilesLeft none;
  for (const std::string& target :
       {keep_, keep_ + "/output", keep_ + "/log", std::string("/v1/keeps"), std::string("/metrics"),
        std::string("/")}) {
    const http::Response answer = ask("GET", target);
    EXPECT_EQ(answer.status, 503U) << target;
    EXPECT_NE(answer.body.find("house.busy"), std::string::npos) << answer.body;
  }
  EXPECT_EQ(ask("POST", keep_ + "/stop").status, 503U);
  EXPECT_EQ(ask("DELETE", keep_).status, 503U);
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

TEST_F(Routes, TellWhoWaitsForOutputThatTheWardenWasKilled) {
  std::array<int, 2> ready{};
  ASSERT_EQ(::pipe(ready.data()), 0);
  const ::pid_t warden = ::fork();
  if (warden == 0) {
    const auto listener = os::listen_local(alices().file(KeepFolder::control));
    static_cast<void>(::write(ready[1], "x", 1));
    ::pause();
    ::_exit(listener ? 0 : 1);
  }
  char word = 0;
  EXPECT_EQ(::read(ready[0], &word, 1), 1);
  std::atomic<unsigned> status{0};
  ASSERT_TRUE(alices().write(KeepFolder::output, ""));
  std::thread waits([&] { status = ask("GET", keep_ + "/output?from=0&wait=20000").status; });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(status, 0U);
  const auto begun = std::chrono::steady_clock::now();
  ::kill(warden, SIGKILL);
  ::waitpid(warden, nullptr, 0);
  waits.join();
  EXPECT_EQ(status, 410U);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
  for (const int each : ready) ::close(each);
}

/// What a warden answers to the first request.
class AnsweringWarden {
 public:
  AnsweringWarden(const std::string& path, Reply reply)
      : listener_(os::listen_local(path).value()) {
    thread_ = std::thread([this, reply] {
      // Whoever only looks whether there is one says nothing.
      for (;;) {
        std::array<os::PollItem, 1> items{{{os::BorrowedFd(listener_).number(), POLLIN, 0}}};
        if (!os::poll(items, std::chrono::seconds(10)).value_or(0)) return;
        const auto connection = os::accept(listener_);
        if (!connection || !os::set_nonblock(*connection, false)) return;
        auto heard = receive_command(*connection);
        if (!heard) continue;
        command = *std::move(heard);
        EXPECT_TRUE(send_reply(*connection, reply));
        return;
      }
    });
    path_ = path;
  }
  ~AnsweringWarden() {
    thread_.join();
    std::filesystem::remove(path_);
  }
  AnsweringWarden(const AnsweringWarden&) = delete;
  AnsweringWarden& operator=(const AnsweringWarden&) = delete;

  Command command;

 private:
  os::Fd listener_;
  std::thread thread_;
  std::string path_;
};

TEST_F(Routes, TellWhatTheKeepsWardenAnswers) {
  struct Case {
    const char* method;
    const char* what;
    Outcome outcome;
    unsigned status;
    std::string_view code;
  };
  const Case cases[] = {
      {"PUT", "/delivery", Outcome::Done, 204, ""},
      {"PUT", "/delivery", Outcome::TakenBefore, 409, "delivery.second"},
      {"PUT", "/delivery", Outcome::NoDelivery, 400, "delivery.form"},
      {"PUT", "/delivery", Outcome::NoRoom, 503, "house.folder"},
      {"POST", "/input?at=7", Outcome::NotYet, 409, "delivery.none"},
      {"POST", "/input?at=7", Outcome::Elsewhere, 409, "input goes on at byte 5"},
      {"POST", "/input?at=7", Outcome::Full, 429, "input.full"},
      {"POST", "/input?at=7", Outcome::Broken, 410, "keep.gone"},
      {"POST", "/stop", Outcome::Done, 204, ""},
  };
  for (const Case& each : cases) {
    const AnsweringWarden warden(alices().file(KeepFolder::control), {each.outcome, 5});
    const http::Response answer = ask(each.method, keep_ + each.what, "sealed");
    EXPECT_EQ(answer.status, each.status) << each.what;
    EXPECT_NE(answer.body.find(each.code), std::string::npos) << answer.body;
  }
  // The end that the tenant asked for is told as such.
  ASSERT_TRUE(alices().write(KeepFolder::end, "killed 9"));
  const std::string body = ask("GET", keep_).body;
  EXPECT_NE(body.find("\"end\":\"killed 9\""), std::string::npos) << body;
  EXPECT_NE(body.find("\"stopped\":true"), std::string::npos);
  EXPECT_NE(ask("GET", "/metrics").body.find("deliveries_total 1\n"), std::string::npos);
}

TEST_F(Routes, ShowWhatTheKeepProved) {
  launch::Proof proof;
  proof.evidence = {1, 2, 3};
  proof.hpke_key = {4};
  const auto bytes = launch::encode(launch::ProofAnswer{proof, ""}).value();
  ASSERT_TRUE(alices().write(KeepFolder::proof, core::as_text(bytes)));
  const std::string body = ask("GET", keep_ + "/evidence").body;
  EXPECT_NE(body.find("\"evidence\":\"AQID\""), std::string::npos) << body;
  EXPECT_NE(ask("GET", "/").body.find(id_of_alice), std::string::npos);
  ASSERT_TRUE(alices().write(KeepFolder::log, "merlon: /var/lib/x/snp: what its host was told\n"));
  EXPECT_EQ(ask("GET", keep_ + "/log").body,
            "merlon: a file of the host's: what its host was told\n");
}

TEST_F(Routes, StartAKeepOrSayWhyNot) {
  const std::string nonce(64, 'a');
  const auto start = [&](std::string_view backend) {
    return ask("POST", "/v1/keeps",
               base::concat(R"({"backend":")", backend, R"(","nonce":")", nonce, "\"}"));
  };
  EXPECT_EQ(start("kvm").status, 403U);
  EXPECT_EQ(start("nil").status, 503U);  // there is no merlon-warden beside this test
  EXPECT_NE(ask("GET", "/metrics").body.find("keeps_refused_total 2\n"), std::string::npos);
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

TEST_F(Houses, KeepNoMoreVolumesOfAllTenantsThanTheyMay) {
  HouseSettings settings = settings_;
  settings.all_volumes = 2;
  House house(settings);
  const auto folder = [&](std::string_view tenant) {
    return settings_.folder + "/volumes/" +
           base::hex(crypto::sha256({core::as_bytes(tenant)}).view());
  };
  std::filesystem::create_directories(folder("alice") + "/data");
  std::filesystem::create_directories(folder("bob") + "/data");
  KeepRequest request;
  request.backend = host::Backend::Nil;
  request.offer.wishes = {{host::Wish::Kind::Volume, "data"}};
  EXPECT_EQ(house.start("carol", request, "").error().code, "house.volumes");
  EXPECT_EQ(house.start("alice", request, "").error().code, "keep.start") << "which she has";
  EXPECT_TRUE(house.remove_volume("bob", "data"));
  EXPECT_FALSE(std::filesystem::exists(folder("bob"))) << "nothing stays of who has none";
  EXPECT_EQ(house.start("carol", request, "").error().code, "keep.start");
}

TEST_F(Houses, CountVolumesOfStartsAtTheSameTimeOnce) {
  // A warden that waits for our word, or five seconds, and starts no keep.
  const std::string program = settings_.folder + "/warden";
  std::ofstream(program) << "#!/bin/sh\ni=0\nwhile [ ! -e \"$0.go\" ] && [ $i -lt 50 ]; do\n"
                            "sleep 0.1; i=$((i+1)); done\n";
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  HouseSettings settings = settings_;
  settings.keeps_per_tenant = 16;
  settings.volumes_per_tenant = 1;
  settings.warden = program;
  House house(settings);
  constexpr int starts = 6;
  std::array<std::string, starts> codes;
  std::atomic<int> answered{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < starts; ++i) {
    threads.emplace_back([&, i] {
      KeepRequest request;
      request.backend = host::Backend::Nil;
      request.offer.wishes = {{host::Wish::Kind::Volume, "v" + std::to_string(i)}};
      codes.at(static_cast<std::size_t>(i)) = house.start("carol", request, "").error().code;
      if (++answered == starts - 1) std::ofstream(program + ".go") << "";
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(std::ranges::count(codes, "keep.start"), 1);
  EXPECT_EQ(std::ranges::count(codes, "quota.volumes"), starts - 1);
  // Whose start came to nothing has no volume.
  KeepRequest request;
  request.backend = host::Backend::Nil;
  request.offer.wishes = {{host::Wish::Kind::Volume, "another"}};
  EXPECT_EQ(house.start("carol", request, "").error().code, "keep.start");
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
  // The page is for people, who are told in their own words.
  request.target = "/";
  EXPECT_EQ(service.handle(request).headers.front().value, "application/problem+json");
  request.headers.push_back({"accept", "text/html"});
  const http::Response page = service.handle(request);
  EXPECT_EQ(page.status, 401U);
  EXPECT_NE(page.body.find("<html"), std::string::npos);
}

TEST(TenantsOfAGatehouse, AreTakenByWhoVouchesAndTheNameThatHeGives) {
  const tls::testing::Authority authority;
  House house(HouseSettings{});
  Service service(house, {[] { return codec::UnixTime{0}; }, [] { return http::Counters{}; }});
  http::Request request;
  request.method = "GET";
  request.target = "/v1/keeps";
  // A certificate of names of machines alone.
  request.client_certificate = authority.issue({"alice.example"}).chain.front();
  const http::Response nobody = service.handle(request);
  EXPECT_EQ(nobody.status, 401U);
  EXPECT_NE(nobody.body.find("names nobody"), std::string::npos) << nobody.body;
  request.client_certificate = authority.root();
  EXPECT_EQ(service.handle(request).status, 200U);
}

}  // namespace
}  // namespace merlon::gatehouse
