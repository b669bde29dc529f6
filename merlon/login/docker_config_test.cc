#include "merlon/login/docker_config.h"

#include <array>
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/os/open.h"

namespace merlon::login {
namespace {

using base::concat;

DockerConfig config(std::string_view json) { return parse_docker_config(json).value(); }

TEST(DockerConfigs, KeepLoginsByTheNamesOfRegistries) {
  // "me:a:b" and "x:y"
  const auto all =
      config(R"({"auths":{"https://registry.example/v2/":{"auth":"bWU6YTpi"},)"
             R"("other.example:5000":{"username":"u","password":"p","identitytoken":"i"},)"
             R"("shared.example":{"auth":"eDp5"},"shared.example/team":{"auth":"bWU6YTpi"},)"
             R"("https://index.docker.io/v1/":{"registrytoken":"r"},"empty.example":{}},)"
             R"("HttpHeaders":{"User-Agent":"x"}})");
  EXPECT_EQ(find_login(all, "registry.example", "a/b"), (RegistryLogin{"me", "a:b", "", ""}));
  EXPECT_EQ(find_login(all, "other.example:5000", ""), (RegistryLogin{"u", "p", "i", ""}));
  EXPECT_EQ(find_login(all, "docker.io", "library/x").registry_token, "r");
  EXPECT_EQ(find_login(all, "shared.example", "team/app").user, "me");
  EXPECT_EQ(find_login(all, "shared.example", "teams/app").user, "x");
  for (const std::string_view host :
       {"other.example", "registry.example.evil", "evil.registry.example", "empty.example", ""}) {
    EXPECT_TRUE(find_login(all, host, "a").empty()) << host;
  }
}

TEST(DockerConfigs, AreReadStrictly) {
  for (const std::string_view bad :
       {"", "[]", R"({"auths":[]})", R"({"auths":{"a":3}})", R"({"auths":{"a":{"auth":"%"}}})",
        R"({"auths":{"a":{"auth":"bWU="}}})", R"({"auths":{"a":{},"a":{}}})",
        R"({"credsStore":"../evil"})", R"({"credsStore":"a b"})", R"({"credHelpers":{"a":"/x"}})",
        R"({"credHelpers":"x"})", R"({"auths":{"a":{"password":1}}})"}) {
    EXPECT_FALSE(parse_docker_config(bad)) << bad;
  }
  EXPECT_FALSE(parse_docker_config(std::string(max_docker_config + 1, ' ')));
  EXPECT_TRUE(parse_docker_config(R"({"auths":null,"credHelpers":null,"credsStore":""})"));
}

TEST(DockerConfigs, HelpersAnswerWithASecret) {
  EXPECT_EQ(parse_helper_answer(R"({"ServerURL":"x","Username":"me","Secret":"s"})").value(),
            (RegistryLogin{"me", "s", "", ""}));
  EXPECT_EQ(parse_helper_answer(R"({"Username":"<token>","Secret":"s"})").value(),
            (RegistryLogin{"", "", "s", ""}));
  for (const std::string_view bad : {"", "{}", R"({"Username":"me"})", R"({"Secret":7})", "[]"}) {
    EXPECT_FALSE(parse_helper_answer(bad)) << bad;
  }
  EXPECT_TRUE(is_docker_helper("/usr/bin/docker-credential-pass"));
  EXPECT_FALSE(is_docker_helper("docker-credential-pass/helper"));
}

/// A folder with a config.json and a helper.
struct Folder {
  Folder() {
    std::array<char, 32> name{"/tmp/merlon-docker-XXXXXX"};
    path = ::mkdtemp(name.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    const std::string file = concat(path, "/", name);
    EXPECT_TRUE(os::replace_file(file, core::as_bytes(text)));
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    return file;
  }
  std::string path;
};

TEST(DockerConfigs, AreLookedThroughInTheirOrder) {
  const Folder folder;
  const std::string one = folder.write("one.json", R"({"auths":{"a":{"auth":"eDp5"}}})");
  const std::string two =
      folder.write("two.json", R"({"auths":{"a":{"auth":"bWU6YTpi"},"b":{"auth":"bWU6YTpi"}}})");
  const std::string bad = folder.write("bad.json", "{");
  const std::string none = folder.path + "/none.json";
  EXPECT_EQ(find_registry_login({none, one, two}, "a", "")->user, "x");
  EXPECT_EQ(find_registry_login({one, two}, "b", "")->user, "me");
  EXPECT_TRUE(find_registry_login({one, two}, "c", "")->empty());
  const auto refused = find_registry_login({bad, one}, "a", "");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("bad.json"), std::string::npos);
}

TEST(DockerConfigs, AHelperIsAskedForItsRegistryAlone) {
  const Folder folder;
  const std::string helper =
      folder.write("docker-credential-x",
                   "#!/bin/sh\nread host\ncase \"$1 $host\" in\n\"get a:5000\") "
                   "printf '{\"Username\":\"u\",\"Secret\":\"%s\"}' \"$host\";;\n"
                   "\"get broken\") echo secret-words; exit 1;;\n"
                   "*) echo credentials not found in native keychain; exit 1;;\nesac\n");
  EXPECT_EQ(ask_docker_helper(helper, "a:5000").value()->password, "a:5000");
  EXPECT_FALSE(ask_docker_helper(helper, "b").value());
  const auto broken = ask_docker_helper(helper, "broken");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().find("secret-words"), std::string::npos);
  EXPECT_FALSE(ask_docker_helper(folder.path + "/docker-credential-none", "a"));
}

}  // namespace
}  // namespace merlon::login
