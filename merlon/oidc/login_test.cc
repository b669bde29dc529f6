#include "merlon/oidc/login.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"

namespace merlon::oidc {
namespace {

using base::concat;

TEST(Endpoints, AreTheIssuersOwn) {
  constexpr std::string_view json =
      R"({"issuer":"https://a.example/","token_endpoint":"https://a.example/t",)"
      R"("device_authorization_endpoint":"https://a.example/d"})";
  const auto endpoints = parse_endpoints(json, "https://a.example");
  ASSERT_TRUE(endpoints);
  EXPECT_EQ(endpoints->token, "https://a.example/t");
  EXPECT_EQ(endpoints->device, "https://a.example/d");
  EXPECT_EQ(endpoints->authorization, "");
  EXPECT_EQ(parse_endpoints(json, "https://b.example").error().code, core::ErrorCode::Denied);
  EXPECT_FALSE(parse_endpoints(R"({"issuer":"https://a.example"})", "https://a.example"));
  EXPECT_FALSE(parse_endpoints(R"({"issuer":"x","token_endpoint":"a b"})", "x"));
}

TEST(TokenAnswers, AreBearers) {
  const auto answer = parse_token_answer(
      R"({"access_token":"a.b.c","token_type":"bearer","expires_in":60,"refresh_token":"r"})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->access_token, "a.b.c");
  EXPECT_EQ(answer->refresh_token, "r");
  EXPECT_EQ(answer->expires_in, 60U);
  for (const std::string_view bad :
       {R"({"access_token":"a"})", R"({"access_token":"a","token_type":"mac"})",
        R"({"access_token":"a b","token_type":"Bearer"})",
        R"({"access_token":"","token_type":"Bearer"})",
        R"({"access_token":"a","token_type":"Bearer","expires_in":"60"})", "[]"}) {
    EXPECT_FALSE(parse_token_answer(bad)) << bad;
  }
  EXPECT_FALSE(parse_token_answer(
      concat(R"({"access_token":")", std::string(20'000, 'a'), R"(","token_type":"Bearer"})")));
}

TEST(DeviceAnswers, AreBounded) {
  const auto answer = parse_device_answer(
      R"({"device_code":"d","user_code":"AB-CD","verification_uri":"https://a.example/",)"
      R"("expires_in":999999,"interval":0})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->expires_in, 3600U);
  EXPECT_EQ(answer->interval, 1U);
  EXPECT_FALSE(parse_device_answer(R"({"device_code":"d","user_code":"AB-CD"})"));
  EXPECT_EQ(parse_login_refusal(R"({"error":"slow_down"})").value(), "slow_down");
  EXPECT_FALSE(parse_login_refusal(R"({"error":""})"));
}

TEST(Subjects, AreWhatATokenClaims) {
  EXPECT_EQ(parse_subject(R"({"sub":"me"})").value(), "me");
  const std::string claims = codec::encode_base64url(core::as_bytes(R"({"sub":"me"})"));
  EXPECT_EQ(subject_claimed_by(concat("e30.", claims, ".x")).value(), "me");
  for (const std::string_view bad : {"", "a", "a.b", "a.b.c", "..", "a.e30.c"}) {
    EXPECT_FALSE(subject_claimed_by(bad)) << bad;
  }
}

TEST(Redirections, HaveACodeOrAnError) {
  const auto good = parse_redirection("code=a%2Bb&other=1&state=s&iss=https%3A%2F%2Fa.example");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->code, "a+b");
  EXPECT_EQ(good->state, "s");
  EXPECT_EQ(good->issuer, "https://a.example");
  EXPECT_EQ(parse_redirection("error=access_denied&state=s")->error, "access_denied");
  for (const std::string_view bad :
       {"", "state=s", "code=a&code=b", "code=a&error=b", "code=%0a", "code=a b"}) {
    EXPECT_FALSE(parse_redirection(bad)) << bad;
  }
  EXPECT_FALSE(parse_redirection("code=" + std::string(9000, 'a')));
}

}  // namespace
}  // namespace merlon::oidc
