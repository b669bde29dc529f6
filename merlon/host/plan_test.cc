#include "merlon/host/plan.h"

#include <array>

#include <gtest/gtest.h>

#include "merlon/os/open.h"
#include "merlon/os/socket.h"
#include "merlon/os/testing/scratch.h"

namespace merlon::host {
namespace {

using launch::FileAccess;
using launch::FileEntry;
using launch::FileKind;

class Plans : public ::testing::Test {
 protected:
  workload::Package package(std::string_view config) {
    scratch_.make_file("main.wasm", "module");
    auto parsed = workload::Config::parse(config, "Enarx.toml");
    EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().text());
    return {*os::open_file(scratch_ / "main.wasm"), "main.wasm", *std::move(parsed)};
  }

  LaunchPlan plan(std::string_view config, const RunOptions& options = {}) {
    auto made = make_plan(package(config), options);
    EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().text);
    return *std::move(made);
  }

  std::string refusal(std::string_view config, const RunOptions& options = {}) {
    const auto made = make_plan(package(config), options);
    return made ? "accepted" : made.error().text;
  }

  os::testing::ScratchDirectory scratch_;
};

TEST_F(Plans, TellTheNumberAndNamesOfFilesFirst) {
  const auto made =
      plan("files = [{kind='stdin'}, {kind='null', name='n'}, {kind='stdout'}]\n[env]\nA = '1'");
  EXPECT_EQ(made.message.environment,
            (std::vector<std::string>{"FD_COUNT=3", "FD_NAMES=stdin:n:stdout", "A=1"}));
  const std::vector<FileEntry> files{{FileKind::Stdin, FileAccess::ReadWrite, "stdin"},
                                     {FileKind::Null, FileAccess::ReadWrite, "n"},
                                     {FileKind::Stdout, FileAccess::ReadWrite, "stdout"}};
  EXPECT_EQ(made.message.files, files);
  EXPECT_TRUE(made.descriptors.empty());
}

TEST_F(Plans, TheProgramIsAlwaysCalledMainWasm) {
  EXPECT_EQ(plan("args = ['a', 'b']").message.arguments,
            (std::vector<std::string>{"main.wasm", "a", "b"}));
}

TEST_F(Plans, TheUsersArgumentsReplaceAndVariablesAreAdded) {
  RunOptions options;
  options.arguments = {"x"};
  options.environment = {{"A", "new"}, {"C", ""}};
  const auto made = plan("args = ['a']\n[env]\nA = 'old'\nB = '2'", options);
  EXPECT_EQ(made.message.arguments, (std::vector<std::string>{"main.wasm", "x"}));
  EXPECT_EQ(made.message.environment,
            (std::vector<std::string>{"FD_COUNT=0", "FD_NAMES=", "B=2", "A=new", "C="}));
}

TEST_F(Plans, LimitsAndInvokeAreHandedOn) {
  RunOptions options;
  options.invoke = "f";
  options.timeout = std::chrono::milliseconds(3);
  options.max_memory_bytes = 65536;
  const auto made = plan("", options);
  EXPECT_EQ(made.message.invoke, "f");
  EXPECT_EQ(made.message.timeout_nanoseconds, 3'000'000U);
  EXPECT_EQ(made.message.max_memory_bytes, 65536U);
}

TEST_F(Plans, WithoutLimitsThereIsNone) {
  const auto made = plan("");
  EXPECT_EQ(made.message.timeout_nanoseconds, 0U);
  EXPECT_EQ(made.message.max_memory_bytes, 0U);
  EXPECT_FALSE(made.message.verbose);
  EXPECT_EQ(made.message.invoke, "");
}

TEST_F(Plans, DirectoriesStartAtDescriptor3OrBehindTheFiles) {
  RunOptions options;
  options.directories = {{scratch_.path(), "/", false}, {scratch_.path(), "/ro", true}};
  const auto few = plan("files = [{kind='stdin'}]", options);
  ASSERT_EQ(few.message.files.size(), 5U);
  EXPECT_EQ(few.message.files[1].kind, FileKind::Closed);
  EXPECT_EQ(few.message.files[3], (FileEntry{FileKind::Directory, FileAccess::ReadWrite, "/"}));
  EXPECT_EQ(few.message.files[4], (FileEntry{FileKind::Directory, FileAccess::ReadOnly, "/ro"}));
  EXPECT_EQ(few.descriptors.size(), 2U);
  EXPECT_EQ(few.message.environment[0], "FD_COUNT=1");

  const auto many =
      plan("files = [{kind='null'},{kind='null'},{kind='null'},{kind='null'}]", options);
  EXPECT_EQ(many.message.files[4].kind, FileKind::Directory);
}

TEST_F(Plans, ListeningSocketsAreBoundOnThisMachine) {
  const auto made =
      plan("files = [{kind='listen', prot='tcp', name='a', addr='127.0.0.1', port=0}]");
  ASSERT_EQ(made.descriptors.size(), 1U);
  const auto info = os::socket_info(made.descriptors[0]);
  ASSERT_TRUE(info.has_value());
  EXPECT_TRUE(info->listening);
}

TEST_F(Plans, ConnectionsAreMadeOnThisMachineAndLocalhostIsIpv4) {
  const auto listener = os::listen_tcp("127.0.0.1", 0);
  ASSERT_TRUE(listener.has_value());
  const auto port = os::local_port(*listener);
  ASSERT_TRUE(port.has_value());
  const auto made =
      plan("files = [{kind='connect', prot='tcp', host='localhost', port=" + std::to_string(*port) +
           "}]");
  ASSERT_EQ(made.descriptors.size(), 1U);
  EXPECT_EQ(made.message.files[0].name, "localhost");
  EXPECT_TRUE(os::accept(*listener).has_value());
}

TEST_F(Plans, RefusalsSayWhatCouldNotBeDone) {
  EXPECT_EQ(refusal("files = [{kind='listen', name='a', client='require', trust=['steward']}]"),
            "file 'a': trust names the steward, and Enarx.toml names none");
  EXPECT_EQ(refusal("steward = 'https://user@a'"),
            "steward 'https://user@a' is no URL of the form https://HOST[:PORT][/PATH]");
  EXPECT_EQ(refusal("steward = 'http://a'"),
            "refusing to use an unencrypted steward url: http://a");
  const auto listener = os::listen_tcp("127.0.0.1", 0);
  ASSERT_TRUE(listener.has_value());
  const auto port = std::to_string(*os::local_port(*listener));
  EXPECT_EQ(refusal("files = [{kind='listen', prot='tcp', name='a', addr='127.0.0.1', port=" +
                    port + "}]"),
            "cannot listen on 127.0.0.1:" + port + ": Address already in use");
  EXPECT_EQ(refusal("files = [{kind='connect', prot='tcp', host='127.0.0.1', port=1}]"),
            "cannot connect to 127.0.0.1:1: Connection refused");
  EXPECT_TRUE(refusal("files = [{kind='connect', prot='tcp', host='no host.invalid'}]")
                  .starts_with("cannot connect to no host.invalid:80: "));
  RunOptions options;
  options.directories = {{scratch_ / "gone", "/", false}};
  EXPECT_EQ(refusal("", options), "--dir " + (scratch_ / "gone") + ": No such file or directory");
}

TEST_F(Plans, AStewardIsNotAskedForPlainProcesses) {
  const auto made = plan("steward = 'https://attest.example'");
  ASSERT_EQ(made.notes.size(), 1U);
  EXPECT_NE(made.notes[0].find("cannot be attested"), std::string::npos);
  EXPECT_FALSE(made.message.steward);
}

TEST_F(Plans, AStewardIsReachedForKeepsThatAreAttestedOrSpeakTls) {
  // This test is no program beside which merlon-dial lies, which connects with Stewards.
  RunOptions attested;
  attested.attested = true;
  const std::string steward = "steward = 'https://localhost:1'\n";
  EXPECT_NE(refusal(steward, attested).find("merlon-dial"), std::string::npos);
  EXPECT_NE(refusal(steward + "files = [{kind='listen', name='a', addr='::1', port=0}]")
                .find("merlon-dial"),
            std::string::npos);
}

TEST_F(Plans, TellHowTlsIsSpoken) {
  const auto listener = os::listen_tcp("127.0.0.1", 0);
  ASSERT_TRUE(listener.has_value());
  const auto port = std::to_string(os::local_port(*listener).value());
  workload::Package given = package("files = [{kind='connect', host='localhost', port=" + port +
                                    ", trust=['ca.pem'], alpn=['h2']}]");
  given.anchors["ca.pem"] = {{1, 2, 3}};
  const auto made = make_plan(std::move(given), {});
  ASSERT_TRUE(made.has_value()) << made.error().text;
  const launch::TlsSettings wanted{
      .trust = {.anchors = {{1, 2, 3}}}, .alpn = {"h2"}, .server_name = "localhost"};
  EXPECT_EQ(made->message.files[0].tls, wanted);
}

TEST_F(Plans, AVolumeNeedsAPlace) {
  EXPECT_NE(refusal("mounts = [{path = '/s', source = 'sealed'}]").find("has no place"),
            std::string::npos);
}

/// Whatever its kind, what a workload wishes has its own place in the launch.
TEST(Offers, EachWishHasItsPlace) {
  const auto placed = [](Wish::Kind kind) {
    LaunchPlan plan;
    place({.kind = kind, .host = "host", .port = 7}, os::Fd::adopt(::dup(0)), plan);
    return plan;
  };
  const LaunchPlan volume = placed(Wish::Kind::Volume);
  ASSERT_TRUE(volume.message.volume.has_value());
  EXPECT_EQ(volume.message.volume->name, "host");
  EXPECT_TRUE(volume.volume.is_open());
  const LaunchPlan steward = placed(Wish::Kind::Steward);
  EXPECT_EQ(steward.message.steward, (launch::Steward{"host", 7, "/", {}}));
  EXPECT_TRUE(steward.steward.is_open());
  const LaunchPlan registry = placed(Wish::Kind::Registry);
  ASSERT_TRUE(registry.message.package.has_value());
  EXPECT_EQ(registry.message.package->host, "host");
  EXPECT_EQ(registry.message.package->port, 7);
  EXPECT_TRUE(registry.registry.is_open());
  for (const auto& [wish, file] : {std::pair{Wish::Kind::Listen, FileKind::Listen},
                                   std::pair{Wish::Kind::Connect, FileKind::Connect}}) {
    const LaunchPlan plan = placed(wish);
    ASSERT_EQ(plan.message.files.size(), 1U);
    EXPECT_EQ(plan.message.files[0].kind, file);
    EXPECT_EQ(plan.descriptors.size(), 1U);
    EXPECT_FALSE(plan.volume.is_open() || plan.steward.is_open() || plan.registry.is_open());
  }
}

TEST(Offers, AreOfAllThatIsWished) {
  const auto listener = os::listen_tcp("127.0.0.1", 0);
  ASSERT_TRUE(listener.has_value());
  Offer offer;
  offer.max_memory_bytes = 5;
  offer.timeout_nanoseconds = 6;
  offer.verbose = true;
  offer.wishes = {{.kind = Wish::Kind::Listen, .host = "127.0.0.1", .port = 0},
                  {.kind = Wish::Kind::Connect,
                   .host = "127.0.0.1",
                   .port = *os::local_port(*listener),
                   .reaches_local = true}};
  const auto made = make_offer(offer);
  ASSERT_TRUE(made.has_value()) << made.error().text;
  EXPECT_EQ(made->message.purpose, launch::Purpose::Receive);
  EXPECT_EQ(made->message.max_memory_bytes, 5U);
  EXPECT_EQ(made->message.timeout_nanoseconds, 6U);
  EXPECT_TRUE(made->message.verbose);
  EXPECT_EQ(made->message.files.size(), 2U);
  EXPECT_EQ(made->descriptors.size(), 2U);
}

TEST_F(Plans, TooManyFilesAreRefused) {
  std::string config = "files = [";
  for (std::size_t i = 0; i < launch::max_files; ++i) config += "{kind='null'},";
  EXPECT_EQ(plan(config + "]").message.files.size(), launch::max_files);
  EXPECT_EQ(refusal(config + "{kind='null'}]"), "more than 247 files are asked for");
}

}  // namespace
}  // namespace merlon::host
