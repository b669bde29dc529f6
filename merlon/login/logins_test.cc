#include "merlon/login/logins.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

#include "merlon/base/text.h"
#include "merlon/os/open.h"

namespace merlon::login {
namespace {

using base::concat;

struct Folder {
  Folder() : path(concat(testing::TempDir(), "logins-", ::getpid())) {
    std::filesystem::remove_all(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path;
};

const Login login{"https://i.example/", "client", "https://i.example/t", "", StoreKind::File, 7};

TEST(Logins, ComeBackAsTheyWereKept) {
  const Folder folder;
  const Logins logins(folder.path);
  EXPECT_EQ(logins.find("store.example:8443").value(), std::nullopt);
  ASSERT_TRUE(logins.keep("store.example:8443", login));
  EXPECT_EQ(logins.find("store.example:8443").value(), login);
  ASSERT_TRUE(logins.lock("store.example:8443"));
  ASSERT_TRUE(logins.forget("store.example:8443"));
  EXPECT_EQ(logins.find("store.example:8443").value(), std::nullopt);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path));
  EXPECT_FALSE(parse_login("{}"));
  EXPECT_FALSE(parse_login(R"({"issuer":"","client_id":"","token_endpoint":"","userinfo":"",)"
                           R"("store":"cloud","expires":0})"));
  EXPECT_FALSE(Logins("").keep("a", login));
}

TEST(Logins, AreNamedAsEnarxNamesThem) {
  EXPECT_EQ(id_of("https://auth.example:8443/x", "store.example:1"),
            "auth.example-store.example:1");
}

TEST(SecretFiles, AreForTheirUserAlone) {
  const Folder folder;
  const SecretStore store = SecretStore::files(folder.path);
  EXPECT_EQ(store.show("a/../b").value(), std::nullopt);
  ASSERT_TRUE(store.insert("a/../b", "secret"));
  EXPECT_EQ(store.show("a/../b").value(), "secret");
  for (const auto& each : std::filesystem::directory_iterator(folder.path)) {
    EXPECT_EQ(each.status().permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  EXPECT_TRUE(store.remove("a/../b").value());
  EXPECT_EQ(store.show("a/../b").value(), std::nullopt);
}

/// As Enarx wants them: "show ID" and "insert ID", the secret on standard input.
std::string helper_in(const std::string& folder) {
  std::filesystem::create_directories(folder);
  const std::string path = folder + "/helper";
  const std::string text = concat("#!/bin/sh\ncase $1 in insert) cat >'", folder,
                                  "'/\"$2\";; show) cat '", folder, "'/\"$2\";; esac\n");
  EXPECT_TRUE(os::replace_file(path, core::as_bytes(std::string_view(text))));
  ::chmod(path.c_str(), 0700);
  return path;
}

TEST(CredentialHelpers, AreAskedAsEnarxAsksThem) {
  const Folder folder;
  const SecretStore store = SecretStore::helper(helper_in(folder.path));
  ASSERT_TRUE(store.insert("i-s", "secret\n"));
  EXPECT_EQ(store.show("i-s").value(), "secret");
  EXPECT_FALSE(store.remove("i-s").value());
  EXPECT_FALSE(SecretStore::helper("/no/such/helper").show("i-s"));
  EXPECT_FALSE(SecretStore::helper("false").insert("i-s", "secret"));
}

LoginTokens tokens_of(const TokenWishes& wishes, const Folder& folder) {
  return {wishes, Logins(folder.path), "store.example", {}};
}

TEST(LoginTokens, AreWhatIsNamedFirst) {
  const Folder folder;
  EXPECT_EQ(tokens_of({}, folder).authorization().value(), "");
  EXPECT_EQ(tokens_of({"t", "", "", "", ""}, folder).authorization().value(), "Bearer t");
  EXPECT_FALSE(tokens_of({"t\r\nX: y", "", "", "", ""}, folder).authorization());
  EXPECT_FALSE(tokens_of({"", "", "false", "", ""}, folder).authorization());
  const std::string helper = helper_in(folder.path);
  ASSERT_TRUE(SecretStore::helper(helper).insert("i.example-store.example", "h"));
  EXPECT_EQ(tokens_of({"", "", helper, "https://i.example", ""}, folder).authorization().value(),
            "Bearer h");
  Logins logins(folder.path);
  Login kept = login;
  kept.expires = 0;
  ASSERT_TRUE(logins.keep("store.example", kept));
  ASSERT_TRUE(SecretStore::files(logins.secrets()).insert("i.example-store.example", "k"));
  auto own = tokens_of({}, folder);
  EXPECT_EQ(own.authorization().value(), "Bearer k");
  EXPECT_FALSE(own.renew());
  ASSERT_TRUE(SecretStore::files(logins.secrets()).insert("i.example-store.example", "k2"));
  EXPECT_TRUE(own.renew());
  EXPECT_EQ(own.authorization().value(), "Bearer k2");
}

TEST(LoginTokens, AreReadAnewFromAFile) {
  const Folder folder;
  std::filesystem::create_directories(folder.path);
  const std::string path = folder.path + "/token";
  ASSERT_TRUE(os::replace_file(path, core::as_bytes("one\n")));
  auto tokens = tokens_of({"", path, "", "", ""}, folder);
  EXPECT_EQ(tokens.authorization().value(), "Bearer one");
  EXPECT_FALSE(tokens.renew());
  ASSERT_TRUE(os::replace_file(path, core::as_bytes("two")));
  EXPECT_TRUE(tokens.renew());
  EXPECT_EQ(tokens.authorization().value(), "Bearer two");
}

}  // namespace
}  // namespace merlon::login
