// The commands of tenants against a gatehouse of the test's own.

#include <array>
#include <atomic>
#include <ctime>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "merlon/base/text.h"
#include "merlon/cli_deploy/commands.h"
#include "merlon/cli_deploy/kept_talk.h"
#include "merlon/cli_deploy/testing/small_gatehouse.h"
#include "merlon/host/volume_folder.h"
#include "merlon/os/open.h"
#include "merlon/simulate/store.h"
#include "merlon/simulate/testing/fake_host.h"

namespace merlon::cli_deploy {
namespace {

using base::concat;
using testing::SmallGatehouse;

std::string folder() { return ::testing::TempDir() + "gate-" + std::to_string(::getpid()); }
std::string variable(const char* name) {
  return std::string_view(name) == "XDG_STATE_HOME" ? folder() + "/state" : "";
}
/// What commands print, and what they say on standard error.
std::string& printed() {
  static std::string text;
  return text;
}
std::string& remarked() {
  static std::string text;
  return text;
}
bool print_to_text(const base::Printable& text) {
  printed() += text.text();
  return true;
}
bool remark_to_text(const base::Printable& text) {
  remarked() += text.text();
  return true;
}

/// Standard input and output of this process, as long as a command runs.
class Streams {
 public:
  explicit Streams(std::string_view input)
      : input_(::dup(0)), output_(::dup(1)), said_(::memfd_create("said", MFD_CLOEXEC)) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    EXPECT_TRUE(os::write_all(os::BorrowedFd(ends[1]), core::as_bytes(input)));
    ::close(ends[1]);
    ::dup2(ends[0], 0);
    ::close(ends[0]);
    std::fflush(stdout);
    ::dup2(said_, 1);
  }
  ~Streams() {
    ::dup2(input_, 0);
    ::dup2(output_, 1);
    for (const int each : {input_, output_, said_}) ::close(each);
  }
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  [[nodiscard]] std::string said() const {
    std::string text(4096, '\0');
    const ::ssize_t size = ::pread(said_, text.data(), text.size(), 0);
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
  }

 private:
  int input_;
  int output_;
  int said_;
};

class AtAGatehouse : public ::testing::Test {
 protected:
  AtAGatehouse() {
    std::filesystem::create_directories(folder());
    std::ofstream(wasm()) << std::string_view("\0asm\1\0\0\0", 8);
    printed().clear();
    remarked().clear();
  }
  ~AtAGatehouse() override { std::filesystem::remove_all(folder()); }

  using Command = int (*)(const cli::Arguments&, const cli::Terminal&);
  using Given = std::vector<std::pair<std::string, std::string>>;
  int run(Command command, std::vector<std::string> positionals, Given options = {},
          std::string_view input = "") {
    cli::Arguments arguments;
    arguments.positionals = std::move(positionals);
    arguments.options["--to"] = {house_.url()};
    for (auto& [name, value] : options) arguments.options[name].push_back(value);
    return run_as_given(command, arguments, input);
  }
  int run_as_given(Command command, const cli::Arguments& arguments, std::string_view input = "") {
    const Streams streams(input);
    const int status = command(arguments, terminal_);
    said_ = streams.said();
    return status;
  }
  /// To a keep that nothing attests, knowingly.
  int deploy_it(Given options = {}, std::string_view input = "", std::string package = wasm()) {
    options.emplace_back("--backend", "nil");
    options.emplace_back("--insecure-backend", "");
    return run(&deploy, {std::move(package)}, std::move(options), input);
  }
  /// Its id.
  std::string detached() {
    printed().clear();
    EXPECT_EQ(deploy_it({{"--detach", ""}}), 0) << remarked();
    std::string id = printed().substr(0, printed().find('\n'));
    printed().clear();
    return id;
  }
  [[nodiscard]] const testing::ThreadedKeep& last() const { return *house_.keeps().back(); }

  static std::string wasm() { return folder() + "/main.wasm"; }
  static std::string key() {
    const auto path = folder() + "/tenant.pem";
    const auto made = crypto::PrivateKey::generate(crypto::KeyKind::P256).value();
    EXPECT_TRUE(os::replace_file(path, made.to_pem().value().reveal()));
    return path;
  }
  static std::string sealed_package() {
    const std::string path = folder() + "/package";
    std::filesystem::create_directories(path);
    std::ofstream(path + "/main.wasm") << std::string_view("\0asm\1\0\0\0", 8);
    std::ofstream(path + "/Enarx.toml")
        << "[[mounts]]\npath = \"/sealed\"\nsource = \"sealed\"\nvolume = \"data\"\n";
    return path;
  }
  static http::Response with(unsigned status, std::string body) { return {status, {}, body}; }

  SmallGatehouse house_{folder() + "/house"};
  cli::Terminal terminal_{"merlon", &print_to_text, &remark_to_text, &variable};
  std::string said_;  ///< on standard output, by the workload
};

TEST_F(AtAGatehouse, AWorkloadSpeaksWithItsTenant) {
  house_.set_manner({.is_full = true});
  EXPECT_EQ(deploy_it({{"--env", "SECRET=salt"}, {"--stats", ""}}, "word"), 7) << remarked();
  EXPECT_EQ(said_, "hello\nword");
  EXPECT_NE(remarked().find("a remark"), std::string::npos);
  EXPECT_NE(remarked().find("nothing attests this keep"), std::string::npos);
  ASSERT_TRUE(last().delivered());
  EXPECT_EQ(last().delivered()->message.environment.back(), "SECRET=salt");
  // It is forgotten.
  EXPECT_EQ(run(&keeps_list, {}), 0);
  EXPECT_EQ(printed(), "");
}

TEST_F(AtAGatehouse, InputWhoseAnswerIsLostArrivesOnce) {
  std::atomic<int> asked = 0;
  const auto instead =
      house_.answer_instead([&](const http::Request& request) -> std::optional<http::Response> {
        if (!request.path().ends_with("/input")) return std::nullopt;
        // Not handed on at all; handed on, and the answer lost; as it should be.
        if (++asked == 1) return with(503, "");
        if (asked == 2) {
          EXPECT_EQ(house_.service().handle(request).status, 204);
          return with(502, "");
        }
        return std::nullopt;
      });
  EXPECT_EQ(deploy_it({}, "word"), 7) << remarked();
  EXPECT_EQ(said_, "hello\nword");
  EXPECT_EQ(asked, 4);  // of which the third says that it had been taken
}

TEST_F(AtAGatehouse, InputThatIsRefusedEndsTheTalkByName) {
  const auto instead =
      house_.answer_instead([&](const http::Request& request) -> std::optional<http::Response> {
        // Answered at once: a question for output waits 15 s, and trouble is told behind it.
        if (request.path().ends_with("/output")) return with(200, "");
        if (!request.path().ends_with("/input")) return std::nullopt;
        return with(409, R"({"code":"input.position","title":"input goes on at byte 5"})");
      });
  EXPECT_EQ(deploy_it({}, "word"), 1);
  EXPECT_NE(remarked().find("takes no input: input goes on at byte 5"), std::string::npos)
      << remarked();
}

TEST_F(AtAGatehouse, WhoIsToldNothingAtOnceAsksOnceASecond) {
  const auto begun = std::chrono::steady_clock::now();
  std::atomic<int> asked = 0;
  const auto instead =
      house_.answer_instead([&](const http::Request& request) -> std::optional<http::Response> {
        constexpr std::chrono::milliseconds long_enough{1500};
        if (!request.path().ends_with("/output")) return std::nullopt;
        if (std::chrono::steady_clock::now() - begun > long_enough) return std::nullopt;
        return with(++asked % 2 == 0 ? 204 : 200, "");
      });
  EXPECT_EQ(deploy_it({}, "word"), 7) << remarked();
  EXPECT_EQ(said_, "hello\nword");
  EXPECT_LE(asked, 2);
}

TEST_F(AtAGatehouse, NothingIsDeliveredWhereNothingAttests) {
  EXPECT_EQ(run(&deploy, {wasm()}, {{"--backend", "nil"}}), 3);
  ASSERT_EQ(house_.keeps().size(), 1U);
  EXPECT_FALSE(last().delivered());
  EXPECT_EQ(run(&keeps_list, {}), 0);
  EXPECT_NE(printed().find("ended"), std::string::npos);  // nobody would ever deliver to it
}

TEST_F(AtAGatehouse, WhatItDoesNotOfferIsTold) {
  EXPECT_EQ(deploy_it({{"--backend", "kvm"}}), 7);  // the last one counts
  EXPECT_EQ(run(&deploy, {wasm()}, {{"--backend", "kvm"}, {"--insecure-backend", ""}}), 1);
  EXPECT_NE(remarked().find("not offered here"), std::string::npos);
  EXPECT_EQ(run(&deploy, {wasm()}, {{"--backend", "none"}}), 2);
  EXPECT_EQ(deploy_it({}, "", folder() + "/nowhere.wasm"), 1);
  EXPECT_EQ(deploy_it({{"--restart", "always"}, {"--detach", ""}}), 2);
  EXPECT_EQ(deploy_it({{"--restart", "sometimes"}}), 2);
  EXPECT_EQ(deploy_it({{"--restart", "always"}, {"--restarts", "many"}}), 2);
  EXPECT_EQ(deploy_it({{"--key", wasm()}}), 4);
}

TEST_F(AtAGatehouse, EvidenceThatIsWantedCannotBeLeftOut) {
  std::ofstream(folder() + "/policy.toml")
      << "[snp]\nmeasurement = [\"" << std::string(96, 'a') << "\"]\n";
  const std::string policy = folder() + "/policy.toml";
  EXPECT_EQ(deploy_it({{"--policy", policy}}), 2);
  EXPECT_NE(remarked().find("name one of them"), std::string::npos) << remarked();
  EXPECT_EQ(run(&deploy, {wasm()}, {{"--backend", "nil"}, {"--policy", policy}}), 3);
  // This house's keeps have none, whatever it says of their kind.
  house_.set_manner(
      {.attest = [](const evidence::ReportData&) { return std::vector<std::uint8_t>(); }});
  EXPECT_EQ(run(&deploy, {wasm()}, {{"--backend", "snp-sim"}, {"--insecure-backend", ""}}), 3);
  EXPECT_NE(remarked().find("has no evidence"), std::string::npos) << remarked();
  EXPECT_FALSE(last().delivered());
}

TEST_F(AtAGatehouse, OnThisMachineABackendMustBeNamed) {
  const auto deploy_here = [&](const Given& options) {
    cli::Arguments arguments;
    arguments.positionals = {wasm()};
    for (const auto& [name, value] : options) arguments.options[name].push_back(value);
    remarked().clear();
    return run_as_given(&deploy, arguments);
  };
  EXPECT_EQ(deploy_here({}), 2);
  EXPECT_NE(remarked().find("no backend is named"), std::string::npos);
  EXPECT_EQ(deploy_here({{"--backend", "none"}}), 2);
  EXPECT_EQ(deploy_here({{"--backend", "nil"}}), 3);
  EXPECT_NE(remarked().find("--insecure-backend delivers it even so"), std::string::npos);
  EXPECT_EQ(deploy_here({{"--backend", "nil"}, {"--detach", ""}}), 2);
  // There is no merlon-keep beside this test.
  EXPECT_EQ(deploy_here({{"--backend", "nil"}, {"--insecure-backend", ""}}), 1);
}

TEST_F(AtAGatehouse, FilesOfThePackageComeAlong) {
  const std::string package = sealed_package();
  std::filesystem::create_directories(package + "/lib");
  std::ofstream(package + "/lib/a") << "text";
  std::ofstream(package + "/Enarx.toml") << "[[mounts]]\npath = \"/lib\"\nsource = \"lib\"\n";
  const int status = deploy_it({}, "", package);
  ASSERT_EQ(status, 7) << remarked();
  ASSERT_TRUE(last().delivered());
  EXPECT_FALSE(last().delivered()->archive.empty());
}

TEST_F(AtAGatehouse, WhoHearsNoEndIsToldSo) {
  const std::string id = detached();
  EXPECT_EQ(run(&keeps_attach, {id}), 7);
  // The keep's words but for the last ones.
  std::atomic<std::size_t> asked = 0;
  const auto instead =
      house_.answer_instead([&](const http::Request& request) -> std::optional<http::Response> {
        if (!request.path().ends_with("/output")) return std::nullopt;
        return asked++ == 0 ? with(204, "") : with(410, "");
      });
  EXPECT_EQ(run(&keeps_attach, {id}), 1);
  EXPECT_NE(remarked().find("the talk with the keep was cut"), std::string::npos);
  EXPECT_EQ(deploy_it({{"--restart", "on-failure"}, {"--restarts", "0"}}), 1);
}

TEST_F(AtAGatehouse, NoSecondKeepGetsTheWorkloadWhileTheFirstRuns) {
  // The first word of each keep is lost, as if the line were cut; with input open, it goes on.
  std::atomic<std::size_t> started = 0;
  std::atomic<std::size_t> stopped = 0;
  std::atomic<bool> ran_beside = false;
  const auto instead =
      house_.answer_instead([&](const http::Request& request) -> std::optional<http::Response> {
        if (request.method == "POST" && request.target == "/v1/keeps") {
          ran_beside = ran_beside || started.load() != stopped.load();
          ++started;
        }
        if (request.path().ends_with("/stop")) ++stopped;
        if (request.path().ends_with("/input")) return with(429, "");
        if (request.path().ends_with("/output")) return with(410, "");
        return std::nullopt;
      });
  EXPECT_EQ(deploy_it({{"--restart", "always"}, {"--restarts", "1"}}), 1);
  EXPECT_EQ(started, 2U) << remarked();
  EXPECT_EQ(stopped, 1U);
  EXPECT_FALSE(ran_beside);
}

TEST_F(AtAGatehouse, WhoHadItsKeepStoppedMeanwhileGetsNoOther) {
  std::atomic<std::size_t> started = 0;
  std::atomic<bool> is_away = false;
  const auto instead =
      house_.answer_instead([&](const http::Request& request) -> std::optional<http::Response> {
        if (request.method == "POST" && request.target == "/v1/keeps") ++started;
        if (request.path().ends_with("/input")) return with(429, "");
        if (request.path().ends_with("/output")) {
          // Somebody stops it, and of that nothing is heard at once.
          http::Request stop;
          stop.method = "POST";
          stop.target = base::concat(request.path().substr(0, request.path().rfind('/')), "/stop");
          EXPECT_EQ(house_.service().handle(stop).status, 204);
          is_away = true;
          return with(410, "");
        }
        if (request.method == "GET" && is_away.exchange(false)) return with(503, "");
        return std::nullopt;
      });
  EXPECT_EQ(deploy_it({{"--restart", "always"}, {"--restarts", "3"}}), 1);
  EXPECT_EQ(started, 1U) << remarked();
  EXPECT_NE(remarked().find("the keep was stopped"), std::string::npos);
}

TEST_F(AtAGatehouse, OneThatWasLeftIsHeardLater) {
  const std::string id = detached();
  ASSERT_EQ(id.size(), 32U) << remarked();
  EXPECT_EQ(run(&keeps_list, {}), 0);
  EXPECT_NE(printed().find(id), std::string::npos);
  printed().clear();
  EXPECT_EQ(run(&keeps_list, {}, {{"--json", ""}}), 0);
  EXPECT_EQ(printed().front(), '[');
  EXPECT_EQ(run(&keeps_attach, {id}), 7);
  EXPECT_EQ(said_, "hello\n");
  EXPECT_EQ(run(&keeps_logs, {id}), 0);
  EXPECT_EQ(said_, "hello\n");
  EXPECT_EQ(run(&keeps_evidence, {id}), 3);
  EXPECT_NE(remarked().find("nothing attests this keep"), std::string::npos);
  EXPECT_EQ(run(&keeps_stop, {id}), 1);  // it has ended
  EXPECT_EQ(run(&keeps_forget, {id}), 0);
  EXPECT_EQ(run(&keeps_attach, {id}), 1);
  EXPECT_EQ(run(&keeps_forget, {id}), 1);
  EXPECT_EQ(run(&keeps_attach, {"no id"}), 2);
}

TEST_F(AtAGatehouse, AKeepIsFoundAgainByItsTalkAlone) {
  const std::string id = detached();
  cli::Arguments arguments;
  arguments.positionals = {id};
  EXPECT_EQ(run_as_given(&keeps_attach, arguments), 7) << remarked();
  cli::Arguments nobody;
  EXPECT_EQ(run_as_given(&keeps_list, nobody), 2);
  EXPECT_NE(remarked().find("no gatehouse is named"), std::string::npos);
}

TEST_F(AtAGatehouse, AStopThatWasRefusedIsAskedForAgain) {
  std::atomic<std::size_t> stopped = 0;
  const auto instead =
      house_.answer_instead([&](const http::Request& request) -> std::optional<http::Response> {
        if (request.path().ends_with("/stop") && stopped++ == 0) return with(503, "");
        if (request.path().ends_with("/input")) return with(429, "");
        if (request.path().ends_with("/output")) return with(410, "");
        return std::nullopt;
      });
  EXPECT_EQ(deploy_it({{"--restart", "always"}, {"--restarts", "1"}}), 1);
  EXPECT_EQ(stopped, 2U) << remarked();
  EXPECT_EQ(house_.keeps().size(), 2U);
}

TEST_F(AtAGatehouse, NothingIsDeliveredWhoseTalkCannotBeKept) {
  const std::string keeps = folder() + "/state/merlon/keeps";
  std::filesystem::remove_all(keeps);
  std::filesystem::create_directories(folder() + "/state/merlon");
  std::ofstream(keeps) << "in the way";
  EXPECT_EQ(deploy_it({{"--detach", ""}}), 1);
  EXPECT_FALSE(last().delivered());
  std::filesystem::remove(keeps);
}

TEST_F(AtAGatehouse, AVolumesStateThatCannotBeNotedIsTold) {
  const std::vector<std::uint8_t> id(delivery::VolumeMark::Id::size, 6);
  const delivery::VolumeMark mark{4, crypto::sha256({core::as_bytes("index")}),
                                  delivery::VolumeMark::Id::from(id).value()};
  house_.set_manner({.status = 0, .mark = mark});
  const std::string memories = folder() + "/state/merlon/volume-memory";
  std::filesystem::remove_all(memories);
  const Given options{{"--key", key()}, {"--volume-any-state", ""}};
  ASSERT_EQ(deploy_it(options, "", sealed_package()), 0) << remarked();
  for (const auto& each : std::filesystem::directory_iterator(memories)) {
    if (each.path().extension() == ".lock") continue;
    std::filesystem::remove(each.path());
    std::filesystem::create_directories(each.path() / "in the way");
  }
  EXPECT_EQ(deploy_it(options, "", sealed_package()), 1);
  EXPECT_NE(remarked().find("could not be noted"), std::string::npos) << remarked();
  std::filesystem::remove_all(memories);
}

TEST_F(AtAGatehouse, AKeepThatIsLostIsNoEnd) {
  house_.set_manner({.is_lost = true});
  EXPECT_EQ(deploy_it(), 1);
  EXPECT_NE(remarked().find("did not take the delivery"), std::string::npos);
}

TEST_F(AtAGatehouse, AVolumeIsRemembered) {
  const std::vector<std::uint8_t> id(delivery::VolumeMark::Id::size, 5);
  const delivery::VolumeMark mark{4, crypto::sha256({core::as_bytes("index")}),
                                  delivery::VolumeMark::Id::from(id).value()};
  house_.set_manner({.mark = mark});
  const std::string package = sealed_package();
  EXPECT_EQ(deploy_it({}, "", package), 2);
  EXPECT_NE(remarked().find("needs --key"), std::string::npos);
  const std::string own = key();
  ASSERT_EQ(deploy_it({{"--key", own}, {"--volume-epoch", "2"}}, "", package), 7) << remarked();
  ASSERT_TRUE(last().delivered());
  EXPECT_EQ(house_.keeps().size(), 1U);
  EXPECT_EQ(last().delivered()->message.volume->generation, 0U);
  std::vector<launch::Volume> wanted;
  for (int i = 0; i < 2; ++i) {
    const Given options =
        i == 0 ? Given{{"--key", own}} : Given{{"--key", own}, {"--volume-any-state", ""}};
    ASSERT_EQ(deploy_it(options, "", package), 7) << remarked();
  }
  // Their order is that of random ids.
  std::size_t with_memory = 0;
  for (const testing::ThreadedKeep* const keep : house_.keeps()) {
    const launch::Volume volume = *keep->delivered()->message.volume;
    if (volume.generation == 0) continue;
    ++with_memory;
    EXPECT_EQ(volume.generation, 4U);
    EXPECT_EQ(volume.epoch, 2U);
    EXPECT_TRUE(std::ranges::equal(volume.id, mark.id.view()));
  }
  EXPECT_EQ(with_memory, 1U);
}

TEST_F(AtAGatehouse, VolumesAreListedAndRemoved) {
  std::filesystem::create_directories(house_.volumes() + "/data");
  std::ofstream(house_.volumes() + "/data/index") << "12345";
  EXPECT_EQ(run(&volumes_list, {}), 0);
  EXPECT_NE(printed().find("data"), std::string::npos);
  EXPECT_EQ(printed().find("in use"), std::string::npos);
  EXPECT_EQ(run(&volumes_remove, {"../data"}), 2);
  EXPECT_EQ(run(&volumes_remove, {"other"}), 1);
  {
    const auto used = host::VolumeFolder::open(house_.volumes() + "/data", {});
    ASSERT_TRUE(used);
    EXPECT_EQ(run(&volumes_remove, {"data"}), 1);
    EXPECT_NE(remarked().find("a keep uses the volume"), std::string::npos);
    EXPECT_EQ(run(&volumes_list, {}), 0);
    EXPECT_NE(printed().find("in use"), std::string::npos);
  }
  EXPECT_EQ(run(&volumes_remove, {"data"}), 0);
  printed().clear();
  EXPECT_EQ(run(&volumes_list, {}, {{"--json", ""}}), 0);
  EXPECT_EQ(printed(), "[]\n");
}

TEST_F(AtAGatehouse, VolumesOfThisMachineAreListedAndRemovedWithoutOne) {
  const std::string volume = folder() + "/state/merlon/volumes/own";
  std::filesystem::create_directories(volume);
  cli::Arguments arguments;
  EXPECT_EQ(run_as_given(&volumes_list, arguments), 0);
  EXPECT_EQ(printed().substr(0, 4), "own ");
  arguments.positionals = {"own"};
  EXPECT_EQ(run_as_given(&volumes_remove, arguments), 0);
  EXPECT_FALSE(std::filesystem::exists(volume));
  EXPECT_EQ(run_as_given(&volumes_remove, arguments), 1);
}

TEST_F(AtAGatehouse, WhatIsNoAnswerIsToldAsSuch) {
  const std::string id(32, 'a');
  const std::pair<const char*, const char*> answers[] = {
      {"no JSON", "no JSON"},
      {"{}", "no id of a keep"},
      {R"({"id":"../../x"})", "no id of a keep"},
      {R"({"id":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})", "has no evidence"},
      {R"({"id":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","evidence":"*"})", "no base 64"},
      {R"({"id":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","evidence":"","certificates":"","tls_key":"",)"
       R"("hpke_key":"AAAA"})",
       "names no key"},
  };
  for (const auto& [body, why] : answers) {
    const auto instead =
        house_.answer_instead([body = body](const http::Request&) { return with(201, body); });
    remarked().clear();
    EXPECT_NE(deploy_it(), 0) << body;
    EXPECT_NE(remarked().find(why), std::string::npos) << remarked();
  }
  const auto instead =
      house_.answer_instead([](const http::Request&) { return with(200, "no JSON"); });
  EXPECT_EQ(run(&keeps_list, {}), 1);
  EXPECT_EQ(run(&volumes_list, {}), 1);
  const auto failing =
      house_.answer_instead([](const http::Request&) { return with(500, "no JSON"); });
  EXPECT_EQ(run(&keeps_stop, {id}), 1);
  EXPECT_NE(remarked().find("status 500"), std::string::npos);
}

TEST_F(AtAGatehouse, ItsWordsAreNotTheKeeps) {
  const std::string id = detached();
  const auto instead =
      house_.answer_instead([](const http::Request& request) -> std::optional<http::Response> {
        if (request.path().ends_with("/output")) return with(200, std::string(100, 'x'));
        return std::nullopt;
      });
  EXPECT_EQ(run(&keeps_attach, {id}), 1);
  EXPECT_NE(remarked().find("is not the keep's"), std::string::npos);
  EXPECT_EQ(said_, "");
  const auto silent =
      house_.answer_instead([](const http::Request& request) -> std::optional<http::Response> {
        if (request.path().ends_with("/output")) return with(404, "{}");
        return std::nullopt;
      });
  EXPECT_EQ(run(&keeps_attach, {id}), 1);
  EXPECT_NE(remarked().find("gives no output"), std::string::npos);
}

/// Keeps on a simulated machine, with evidence of it.
class AtAnAttestedGatehouse : public AtAGatehouse {
 protected:
  AtAnAttestedGatehouse() {
    const codec::UnixTime now{std::time(nullptr)};
    const auto chain = simulate::create_platform(platform(), now).value();
    root_ = base::hex(chain.root().view());
    machine_.emplace(simulate::load_platform(platform()).value());
    house_.set_manner(
        {.attest = [this](const evidence::ReportData& data) { return report(data); }});
    write_policy("policy.toml", base::hex(simulate::testing::digest_of_pages().view()));
  }
  // Its workers use the machine.
  ~AtAnAttestedGatehouse() override { house_.close(); }

  static std::string platform() { return folder() + "/platform"; }
  [[nodiscard]] std::vector<std::uint8_t> report(const evidence::ReportData& data) const {
    auto server = simulate::Server::create(*machine_, std::nullopt).value();
    const simulate::testing::FakeGuest guest(simulate::testing::launch_guest(server));
    const snp::ReportRequest request{snp::ReportData::from(data.view()).value(), 0,
                                     snp::ReportKey::Vcek};
    const auto asked = guest.message(1, snp::MessageType::ReportRequest, request.bytes());
    return guest.response(server.answer(asked).value().value(), 2).report;
  }
  void write_policy(const std::string& name, const std::string& measurement) const {
    std::ofstream(folder() + "/" + name)
        << "technologies = [\"snp\"]\nroots = [\"" << root_ << "\"]\n[snp]\n"
        << "products = [\"SIMULATOR\"]\nmeasurement = [\"" << measurement << "\"]\n";
  }
  static Given judged_by(const std::string& policy = "policy.toml") {
    return {
        {"--policy", folder() + "/" + policy}, {"--endorsements", platform()}, {"--no-memory", ""}};
  }

  std::string root_;
  std::optional<simulate::Platform> machine_;
};

TEST_F(AtAnAttestedGatehouse, AKeepIsJudgedAndJudgedAgain) {
  EXPECT_EQ(run(&deploy, {wasm()}, judged_by()), 7) << remarked();
  Given detach = judged_by();
  detach.emplace_back("--detach", "");
  printed().clear();
  ASSERT_EQ(run(&deploy, {wasm()}, detach), 0) << remarked();
  const std::string id = printed().substr(0, printed().find('\n'));
  Given as_json = judged_by();
  as_json.emplace_back("--json", "");
  EXPECT_EQ(run(&keeps_evidence, {id}, as_json), 0) << remarked();
  EXPECT_NE(remarked().find("seconds ago"), std::string::npos);
  EXPECT_NE(printed().find("\"accepted\""), std::string::npos) << printed();
  write_policy("other.toml", std::string(96, 'a'));
  EXPECT_EQ(run(&keeps_evidence, {id}, judged_by("other.toml")), 3);
}

TEST_F(AtAnAttestedGatehouse, NothingIsDeliveredToAnother) {
  write_policy("other.toml", std::string(96, 'a'));
  EXPECT_EQ(run(&deploy, {wasm()}, judged_by("other.toml")), 3);
  EXPECT_NE(remarked().find("nothing was delivered"), std::string::npos);
  const auto old = evidence::ReportData::from(std::vector<std::uint8_t>(64, 1)).value();
  house_.set_manner({.attest = [&](const evidence::ReportData&) { return report(old); }});
  EXPECT_EQ(run(&deploy, {wasm()}, judged_by()), 3);
  house_.set_manner(
      {.attest = [](const evidence::ReportData&) { return std::vector<std::uint8_t>(99, 1); }});
  EXPECT_NE(run(&deploy, {wasm()}, judged_by()), 0);
  for (const testing::ThreadedKeep* const keep : house_.keeps()) EXPECT_FALSE(keep->delivered());
}

TEST_F(AtAnAttestedGatehouse, APolicyMustNameWhatIsTrusted) {
  std::ofstream(folder() + "/any.toml") << "technologies = [\"snp\"]\nroots = [\"" << root_
                                        << "\"]\n[snp]\nproducts = [\"SIMULATOR\"]\n";
  EXPECT_EQ(run(&deploy, {wasm()}, judged_by("any.toml")), 1);
  EXPECT_NE(remarked().find("compares no measurement"), std::string::npos);
  EXPECT_TRUE(house_.keeps().empty());
  EXPECT_EQ(run(&deploy, {wasm()}, judged_by("missing.toml")), 1);
  // Without one it is the keep of this installation, which is not beside this test.
  EXPECT_NE(run(&deploy, {wasm()}, {{"--no-memory", ""}}), 0);
}

TEST_F(AtAGatehouse, OneThatIsGoneIsTold) {
  const std::string id = detached();
  house_.close();
  for (const Command each : {&keeps_attach, &keeps_stop, &keeps_evidence}) {
    EXPECT_NE(run(each, {id}), 0);
  }
  EXPECT_EQ(run(&volumes_list, {}), 1);
  EXPECT_EQ(deploy_it(), 1);
}

TEST_F(AtAGatehouse, PackagesLieAtAnAddress) {
  const std::string module("\0asm\1\0\0\0", 8);
  std::atomic<bool> has_config = false;
  std::atomic<bool> is_module = true;
  const auto instead =
      house_.answer_instead([&](const http::Request& request) -> std::optional<http::Response> {
        const std::string_view path = request.path();
        if (!path.starts_with("/package")) return std::nullopt;
        if (is_module) return http::Response{200, {{"Content-Type", "application/wasm"}}, module};
        if (path == "/package/main.wasm") return with(200, module);
        if (path == "/package/Enarx.toml" && has_config) return with(200, "args = [\"one\"]\n");
        return with(404, "");
      });
  const std::string url = house_.url() + "/package";
  EXPECT_EQ(deploy_it({}, "", url), 7) << remarked();
  is_module = false;
  EXPECT_EQ(deploy_it({}, "", url), 7) << remarked();
  has_config = true;
  EXPECT_EQ(deploy_it({}, "", url + "/"), 7) << remarked();
  EXPECT_EQ(deploy_it({}, "", house_.url() + "/packages"), 1);
  EXPECT_NE(remarked().find("no main.wasm (HTTP status 404)"), std::string::npos);
  EXPECT_EQ(deploy_it({}, "", "file://" + wasm()), 7);
}

}  // namespace
}  // namespace merlon::cli_deploy
