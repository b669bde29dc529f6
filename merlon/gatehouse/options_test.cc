#include "merlon/gatehouse/options.h"

#include <gtest/gtest.h>

namespace merlon::gatehouse {
namespace {

std::string no_variable(const char* /*name*/) { return ""; }
std::string state_of_a_user(const char* name) {
  return std::string_view(name) == "HOME" ? "/home/u" : "";
}

core::Result<Options, std::string> options(
    std::initializer_list<std::pair<std::string, std::string>> given,
    std::string (*variable)(const char*) = &state_of_a_user) {
  command::Arguments arguments;
  for (const auto& [name, value] : given) arguments.options[name].push_back(value);
  return options_of(arguments, {"merlon-gatehouse", nullptr, nullptr, variable});
}

TEST(GatehouseOptions, WantTlsOrSayThatTheyDoNot) {
  const auto none = options({});
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().find("--development"), std::string::npos);
  EXPECT_FALSE(options({{"--tls-key", "k"}, {"--tls-crt", "c"}}));
  EXPECT_TRUE(options({{"--tls-key", "k"}, {"--tls-crt", "c"}, {"--tenants", "t"}}));
}

TEST(GatehouseOptions, ServeThisMachineOnlyInDevelopment) {
  EXPECT_TRUE(options({{"--development", ""}}));
  EXPECT_TRUE(options({{"--development", ""}, {"--listen", "[::1]:80"}}));
  EXPECT_FALSE(options({{"--development", ""}, {"--listen", "0.0.0.0:80"}}));
  EXPECT_FALSE(options({{"--development", ""}, {"--listen", "192.0.2.1:80"}}));
}

TEST(GatehouseOptions, HaveBoundsAndUsualValues) {
  const auto usual = options({{"--development", ""}});
  ASSERT_TRUE(usual);
  EXPECT_EQ(usual->house.folder, "/home/u/.local/state/merlon/gatehouse");
  EXPECT_EQ(usual->listen, (std::vector<http::ListenAddress>{{"127.0.0.1", 8443}}));
  EXPECT_EQ(usual->house.backends, std::vector{host::Backend::SnpSim});
  EXPECT_TRUE(usual->house.reaches_local);
  const auto strict = options({{"--tls-key", "k"}, {"--tls-crt", "c"}, {"--tenants", "t"}});
  EXPECT_FALSE(strict->house.reaches_local);
  EXPECT_EQ(usual->house.volumes_per_tenant, 16U);
  EXPECT_EQ(usual->house.all_volumes, 256U);
  EXPECT_EQ(usual->house.volume_bytes, 0U);
  const auto volumes = options({{"--development", ""},
                                {"--volumes", "3"},
                                {"--all-volumes", "9"},
                                {"--volume-size", "100"}});
  ASSERT_TRUE(volumes);
  EXPECT_EQ(volumes->house.volumes_per_tenant, 3U);
  EXPECT_EQ(volumes->house.all_volumes, 9U);
  EXPECT_EQ(volumes->house.volume_bytes, std::uint64_t{100} << 20U);
  EXPECT_EQ(usual->house.ended_per_tenant, 64U);
  EXPECT_EQ(usual->house.ended_bytes, std::uint64_t{1} << 30U);
  EXPECT_EQ(usual->house.all_ended, 1024U);
  EXPECT_EQ(usual->house.all_ended_bytes, std::uint64_t{16} << 30U);
  const auto ended = options({{"--development", ""},
                              {"--ended-keeps", "3"},
                              {"--ended-size", "100"},
                              {"--all-ended-keeps", "5"},
                              {"--all-ended-size", "200"}});
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->house.ended_per_tenant, 3U);
  EXPECT_EQ(ended->house.ended_bytes, std::uint64_t{100} << 20U);
  EXPECT_EQ(ended->house.all_ended, 5U);
  EXPECT_EQ(ended->house.all_ended_bytes, std::uint64_t{200} << 20U);
  for (const char* const each : {"0", "-1", "x", "10000001", ""}) {
    for (const char* const option : {"--keeps", "--volumes", "--volume-size", "--ended-keeps",
                                     "--ended-size", "--all-ended-keeps", "--all-ended-size"}) {
      EXPECT_FALSE(options({{"--development", ""}, {option, each}})) << option << each;
    }
  }
  EXPECT_FALSE(options({{"--development", ""}, {"--backend", "tdx"}}));
  EXPECT_FALSE(options({{"--development", ""}, {"--listen", "80"}}));
}

TEST(GatehouseOptions, LeaveFilesToRequestsThatAreUnderWay) {
  EXPECT_EQ(connections_within(1U << 20U, 64, 4096), 4096U);
  EXPECT_EQ(connections_within(1024, 64, 4096), 320U);
  EXPECT_EQ(connections_within(1024, 64, 100), 100U);
  EXPECT_EQ(connections_within(400, 64, 4096), 100U);
  EXPECT_EQ(connections_within(0, 64, 4096), 1U);
}

TEST(GatehouseOptions, MustKnowWhereKeepsAreToBe) {
  EXPECT_FALSE(options({{"--development", ""}}, &no_variable));
  EXPECT_TRUE(options({{"--development", ""}, {"--state", "/tmp/x"}}, &no_variable));
}

}  // namespace
}  // namespace merlon::gatehouse
