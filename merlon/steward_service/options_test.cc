#include "merlon/steward_service/options.h"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "merlon/command/parse.h"
#include "merlon/steward_service/table.h"

namespace merlon::steward_service {
namespace {

using Words = std::vector<std::string>;

Outcome<std::string> no_file(const std::string& path) {
  return core::Unexpected(path + ": is not there");
}

Words words(const Words& given) {
  auto result = expanded(given, &no_file);
  return result ? *result : Words{"error: " + result.error()};
}

/// As main does it, with no variables.
Outcome<Options> options(
    const Words& given,
    std::string (*variable)(const char*) = [](const char*) { return std::string(); }) {
  const auto all = TRY(expanded(given, &no_file));
  auto request = command::parse(all, program().commands);
  if (!request) return request.error().text;
  const command::Terminal terminal{"merlon-steward", nullptr, nullptr, variable};
  return options_of(request->arguments, terminal);
}

std::string why_not(const Words& given) {
  const auto result = options(given);
  return result ? "" : result.error();
}

TEST(StewardOptions, WithoutACommandItServes) {
  EXPECT_EQ(words({}), (Words{"serve"}));
  EXPECT_EQ(words({"--host", "x"}), (Words{"serve", "--host", "x"}));
  EXPECT_EQ(words({"check", "--host", "x"}), (Words{"check", "--host", "x"}));
  EXPECT_EQ(words({"log", "verify", "p"}), (Words{"log", "verify", "p"}));
  EXPECT_EQ(words({"--help"}), (Words{"--help"}));
  EXPECT_EQ(words({"--version"}), (Words{"--version"}));
}

TEST(StewardOptions, OneLetterIsEnoughWhereEnarxHasIt) {
  EXPECT_EQ(words({"-k", "a", "-cb", "-p=80", "-a", "::1"}),
            (Words{"serve", "--key", "a", "--crt=b", "--port=80", "--addr", "::1"}));
}

TEST(StewardOptions, AFileStandsForItsArguments) {
  const auto read = [](const std::string& path) -> Outcome<std::string> {
    if (path != "s.toml") return core::Unexpected(std::string("which?"));
    return std::string(
        "key = 'ca.key'\ncrt = \"ca.crt\"\nport = 4000\ndevelopment = true\n"
        "san = ['a', 'b']\n");
  };
  const auto result = expanded({"@s.toml", "-p", "1"}, read);
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, (Words{"serve", "--crt=ca.crt", "--development", "--key=ca.key", "--port=4000",
                            "--san=a", "--san=b", "--port", "1"}));
  EXPECT_EQ(expanded({"@other"}, read).error(), "which?");
}

TEST(StewardOptions, AFileWithSomethingElseIsRefusedWithItsKey) {
  EXPECT_EQ(words_of_toml("a = 1.5").error(),
            "'a': is no text, number, true, false or list of these");
  EXPECT_FALSE(words_of_toml("[table]\nx = 1"));
  EXPECT_FALSE(words_of_toml("a = [[1]]"));
  EXPECT_FALSE(words_of_toml("a = "));
  EXPECT_TRUE(words_of_toml("a = false")->empty());
}

TEST(StewardOptions, HasEnarxDefaults) {
  const auto result = options({"--host", "h"});
  ASSERT_TRUE(result);
  ASSERT_EQ(result->listen.size(), 1U);
  EXPECT_EQ(result->listen[0].address, "::");
  EXPECT_EQ(result->listen[0].port, 3000);
  EXPECT_EQ(result->lifetime, std::nullopt);
  EXPECT_FALSE(result->development);
}

TEST(StewardOptions, ReadsEnarxVariablesAndAnOptionCountsMore) {
  const auto variable = [](const char* name) {
    static const std::map<std::string, std::string> all{
        {"STEWARD_KEY", "k"},    {"STEWARD_CRT", "c"},
        {"ROCKET_PORT", "8080"}, {"ROCKET_ADDRESS", "127.0.0.1"},
        {"STEWARD_SAN", "s"},    {"RENDER_EXTERNAL_HOSTNAME", "h"}};
    const auto found = all.find(name);
    return found == all.end() ? std::string() : found->second;
  };
  const auto result = options({"-p", "1", "--san", "t,u"}, variable);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->key, "k");
  EXPECT_EQ(result->certificate, "c");
  EXPECT_EQ(result->host, "");
  EXPECT_EQ(result->listen[0].address, "127.0.0.1");
  EXPECT_EQ(result->listen[0].port, 1);
  EXPECT_EQ(result->names, (Words{"t", "u"}));
}

TEST(StewardOptions, ListensWhereItIsTold) {
  const auto result = options({"--host", "h", "--listen", "127.0.0.1:80", "--listen", "[::1]:0"});
  ASSERT_TRUE(result);
  ASSERT_EQ(result->listen.size(), 2U);
  EXPECT_EQ(result->listen[0].address, "127.0.0.1");
  EXPECT_EQ(result->listen[1].address, "::1");
  for (const char* text : {"80", "::1:80", "[::1]", ":80", "h:", "h:65536", "[]:1"}) {
    EXPECT_NE(why_not({"--host", "h", "--listen", text}), "") << text;
  }
}

TEST(StewardOptions, SaysWhatDoesNotFitTogether) {
  EXPECT_NE(why_not({}).find("who signs?"), std::string::npos);
  EXPECT_NE(why_not({"--key", "k"}).find("belong together"), std::string::npos);
  EXPECT_NE(why_not({"--ca", "d", "--host", "h"}).find("who signs?"), std::string::npos);
  EXPECT_NE(why_not({"--ca", "d", "--key", "k", "--crt", "c"}).find("who signs?"),
            std::string::npos);
  ASSERT_TRUE(options({"--ca", "d"}));
  EXPECT_EQ(options({"--ca", "d"})->ca, "d");
  EXPECT_NE(why_not({"--key", "k", "--crt", "c", "--host", "h"}).find("who signs?"),
            std::string::npos);
  EXPECT_NE(why_not({"--host", "h", "--tls-key", "k"}).find("--tls-crt"), std::string::npos);
  EXPECT_NE(why_not({"--host", "h", "--at", "2025-06-20"}).find("--development"),
            std::string::npos);
  EXPECT_NE(why_not({"--host", "h", "--policy", "a", "--config", "b"}).find("same option"),
            std::string::npos);
  EXPECT_NE(why_not({"--host", "h", "--lifetime", "1s"}).find("--lifetime"), std::string::npos);
  EXPECT_NE(why_not({"--host", "h", "--connections", "0"}).find("--connections"),
            std::string::npos);
  EXPECT_EQ(why_not({"--host", "h", "--config", "b", "--development", "--at", "2025-06-20"}), "");
}

TEST(StewardOptions, TimesHaveUnits) {
  using std::chrono::seconds;
  EXPECT_EQ(parse_duration("90"), seconds(90));
  EXPECT_EQ(parse_duration("90s"), seconds(90));
  EXPECT_EQ(parse_duration("15m"), seconds(900));
  EXPECT_EQ(parse_duration("12h"), seconds(43'200));
  EXPECT_EQ(parse_duration("7d"), seconds(604'800));
  for (const char* text : {"", "s", "-1", "1w", "1.5h", "99999999999d"}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
  }
}

TEST(StewardOptions, ABrokerNeedsAllThatItIsBuiltOn) {
  const Words all{"--host",          "x",
                  "--release-store", "s",
                  "--release-key",   "k",
                  "--state",         "d",
                  "--oidc-issuer",   "https://i.example",
                  "--oidc-audience", "a",
                  "--listen",        "127.0.0.1:0"};
  EXPECT_EQ(why_not(all), "");
  const auto without = [&](std::string_view name) {
    Words fewer = all;
    const auto at = std::ranges::find(fewer, name);
    fewer.erase(at, at + 2);
    return why_not(fewer);
  };
  for (const char* each :
       {"--release-store", "--release-key", "--state", "--oidc-issuer", "--oidc-audience"}) {
    EXPECT_NE(without(each), "") << each;
  }
  // Deposits are secrets: nobody brings them in clear from another machine.
  EXPECT_NE(without("--listen").find("deposits are secrets"), std::string::npos);
  Words tls = all;
  tls.insert(tls.end(), {"--tls-key", "t", "--tls-crt", "c", "--listen", "0.0.0.0:0"});
  EXPECT_EQ(why_not(tls), "");
  const auto made = options(all);
  EXPECT_EQ(made->release.per_minute, 120U);
  EXPECT_EQ(made->release.quota.deposits, 4096U);
}

}  // namespace
}  // namespace merlon::steward_service
