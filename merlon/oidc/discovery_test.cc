#include "merlon/oidc/discovery.h"

#include <gtest/gtest.h>

namespace merlon::oidc {
namespace {

TEST(Discovery, LiesBelowTheIssuer) {
  EXPECT_EQ(discovery_url("https://i.example"),
            "https://i.example/.well-known/openid-configuration");
  EXPECT_EQ(discovery_url("https://i.example/a/"),
            "https://i.example/a/.well-known/openid-configuration");
}

TEST(Discovery, NamesTheAddressOfTheKeys) {
  EXPECT_EQ(parse_discovery(R"({"issuer":"https://i.example","jwks_uri":"https://k.example/j"})",
                            "https://i.example")
                .value(),
            "https://k.example/j");
}

TEST(Discovery, IsRefusedFromAnybodyElse) {
  constexpr std::string_view text = R"({"issuer":"https://i.example","jwks_uri":"https://k/j"})";
  for (const char* const other :
       {"https://i.example/", "https://I.example", "http://i.example", "https://j.example", ""}) {
    const auto parsed = parse_discovery(text, other);
    ASSERT_FALSE(parsed) << other;
    EXPECT_EQ(parsed.error().code, core::ErrorCode::Denied);
  }
}

TEST(Discovery, MustBeWhole) {
  for (const char* const text :
       {"", "[]", "{}", R"({"issuer":"i"})", R"({"jwks_uri":"u"})",
        R"({"issuer":"i","jwks_uri":1})", R"({"issuer":"i","jwks_uri":""})",
        R"({"issuer":"i","issuer":"i","jwks_uri":"u"})"}) {
    EXPECT_FALSE(parse_discovery(text, "i")) << text;
  }
}

}  // namespace
}  // namespace merlon::oidc
