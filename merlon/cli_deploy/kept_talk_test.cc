#include "merlon/cli_deploy/kept_talk.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace merlon::cli_deploy {
namespace {

const std::string id(32, 'a');

std::string folder() { return testing::TempDir() + "talks-" + std::to_string(::getpid()); }
std::string variable(const char* name) {
  return std::string_view(name) == "XDG_STATE_HOME" ? folder() : "";
}
std::string nothing(const char* /*name*/) { return ""; }

class KeptTalks : public ::testing::Test {
 protected:
  ~KeptTalks() override { std::filesystem::remove_all(folder()); }

  static KeptTalk example() {
    return {id,
            {"https://h.example:8443", {"ca.pem", "me.pem", "me.key"}},
            crypto::sha256({core::as_bytes("module")}),
            crypto::SecretBytes(std::vector<std::uint8_t>(32, 7)),
            verify::BindToChallenge{
                crypto::sha256({core::as_bytes("tls")}), crypto::sha256({core::as_bytes("hpke")}),
                evidence::Nonce::from(std::vector<std::uint8_t>(32, 9)).value()},
            codec::UnixTime{1'800'000'000}};
  }
  [[nodiscard]] std::string path() const { return folder() + "/merlon/keeps/" + id; }

  cli::Terminal terminal_{"merlon", nullptr, nullptr, &variable};
};

TEST_F(KeptTalks, AreFoundAgain) {
  ASSERT_TRUE(keep_talk(terminal_, example()));
  const auto found = find_talk(terminal_, id);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->gatehouse, example().gatehouse);
  EXPECT_EQ(found->module, example().module);
  EXPECT_TRUE(std::ranges::equal(found->secret.reveal(), example().secret.reveal()));
  EXPECT_EQ(found->binding, example().binding);
  EXPECT_EQ(found->challenged, example().challenged);
  forget_talk(terminal_, id);
  EXPECT_FALSE(find_talk(terminal_, id));
}

TEST_F(KeptTalks, OfAnEarlierVersionHaveNoChallenge) {
  KeptTalk talk = example();
  talk.binding.reset();
  ASSERT_TRUE(keep_talk(terminal_, talk));
  const auto found = find_talk(terminal_, id);
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->binding);
}

TEST_F(KeptTalks, AreReadByTheirOwnerOnly) {
  ASSERT_TRUE(keep_talk(terminal_, example()));
  using std::filesystem::perms;
  for (const std::string& each : {path(), folder() + "/merlon/keeps"}) {
    const perms mode = std::filesystem::status(each).permissions();
    EXPECT_EQ(mode & (perms::group_all | perms::others_all), perms::none) << each;
  }
}

TEST_F(KeptTalks, WithAnotherContentAreRefused) {
  ASSERT_TRUE(keep_talk(terminal_, example()));
  for (const char* const text : {"", "{", "{}", "[]", R"({"id":"a","secret":"00"})"}) {
    std::ofstream(path()) << text;
    EXPECT_FALSE(find_talk(terminal_, id)) << text;
  }
}

TEST_F(KeptTalks, HaveAnIdThatIsNoPath) {
  for (const char* const each : {"", "..", "../../etc/passwd"}) {
    EXPECT_EQ(find_talk(terminal_, each).error().status, cli_evidence::Status::Usage) << each;
  }
}

TEST_F(KeptTalks, NeedAPlace) {
  const cli::Terminal nowhere{"merlon", nullptr, nullptr, &nothing};
  EXPECT_FALSE(keep_talk(nowhere, example()));
}

TEST(GatehouseAddresses, AreHttpsOrThisMachine) {
  const auto made = [](std::string url) { return GatehouseClient::create({std::move(url), {}}); };
  EXPECT_TRUE(made("http://127.0.0.1:8443"));
  EXPECT_TRUE(made("http://localhost:8443/"));
  EXPECT_TRUE(made("http://[::1]:8443"));
  EXPECT_TRUE(made("https://gatehouse.example"));
  for (const char* const each : {"http://192.0.2.1:80", "http://gatehouse.example", "ftp://x", "",
                                 "x", "https://gatehouse.example/path", "https://user@x"}) {
    EXPECT_FALSE(made(each)) << each;
  }
}

TEST(GatehouseAddresses, WithFilesThatAreNoneAreRefused) {
  EXPECT_FALSE(GatehouseClient::create({"https://x.example", {"/nowhere", {}, {}}}));
  EXPECT_FALSE(GatehouseClient::create({"https://x.example", {"/dev/null", {}, {}}}));
  EXPECT_FALSE(GatehouseClient::create({"https://x.example", {{}, "/dev/null", "/dev/null"}}));
}

}  // namespace
}  // namespace merlon::cli_deploy
