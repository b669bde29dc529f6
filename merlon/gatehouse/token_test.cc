// Tenants by the word of an issuer.

#include <gtest/gtest.h>

#include "merlon/gatehouse/options.h"
#include "merlon/gatehouse/service.h"
#include "merlon/oidc/testing/issuer.h"

namespace merlon::gatehouse {
namespace {

using base::concat;

const std::string issuer_name = "https://i.example";

class TenantsByToken : public ::testing::Test {
 protected:
  http::Response ask(const std::vector<std::string>& authorizations) {
    http::Request request;
    request.method = "GET";
    request.target = "/v1/keeps";
    for (const std::string& each : authorizations)
      request.headers.push_back({"authorization", each});
    return service_.handle(request);
  }
  [[nodiscard]] std::string token(std::string_view subject,
                                  std::string_view audience = "merlon") const {
    return issuer_.sign(concat(R"({"iss":")", issuer_name, R"(","sub":")", subject, R"(","aud":")",
                               audience, R"(","exp":300})"));
  }
  static std::string header(const http::Response& response, std::string_view name) {
    for (const http::Header& each : response.headers) {
      if (each.name == name) return each.value;
    }
    return "";
  }

  oidc::testing::TokenIssuer issuer_{"k1"};
  bool away_ = false;
  oidc::Issuers issuers_{
      {{issuer_name, {"merlon"}}},
      {[this](const std::string& url) -> core::Result<std::string, std::string> {
         if (away_) return core::Unexpected<std::string>("away");
         if (url.ends_with("/keys")) return issuer_.key_set();
         return concat(R"({"issuer":")", issuer_name, R"(","jwks_uri":")", issuer_name, "/keys\"}");
       },
       [] { return codec::UnixTime{100}; }, [] { return std::int64_t{1}; }, nullptr}};
  House house_{HouseSettings{}};
  Service service_{
      house_,
      {[] { return codec::UnixTime{100}; }, [] { return http::Counters{}; }, false, 4, &issuers_}};
};

TEST_F(TenantsByToken, AreTakenByATokenThatCounts) {
  EXPECT_EQ(ask({"Bearer " + token("alice")}).status, 200U);
  EXPECT_EQ(ask({"bearer " + token("alice")}).status, 200U);
}

TEST_F(TenantsByToken, AreToldHowToShowOne) {
  const http::Response answer = ask({});
  EXPECT_EQ(answer.status, 401U);
  EXPECT_NE(answer.body.find("tenant.unknown"), std::string::npos);
  EXPECT_EQ(header(answer, "WWW-Authenticate"), "Bearer realm=\"merlon-gatehouse\"");
}

TEST_F(TenantsByToken, AreToldWhyATokenCountsForNothing) {
  const std::string other = token("alice", "elsewhere");
  const http::Response answer = ask({"Bearer " + other});
  EXPECT_EQ(answer.status, 401U);
  EXPECT_NE(answer.body.find("token.audience"), std::string::npos);
  EXPECT_EQ(header(answer, "WWW-Authenticate"),
            "Bearer realm=\"merlon-gatehouse\", error=\"invalid_token\", "
            "error_description=\"the token is for another audience\"");
  EXPECT_EQ(answer.body.find(other), std::string::npos);
  for (const std::string& bad : {std::string("Basic YTpi"), std::string("Bearer"),
                                 std::string("Bearer "), "Bearer  " + token("alice")}) {
    EXPECT_NE(ask({bad}).body.find("token.form"), std::string::npos) << bad;
  }
  // Which of two would count is nobody's guess.
  EXPECT_EQ(ask({"Bearer " + token("alice"), "Bearer " + token("bob")}).status, 401U);
}

TEST_F(TenantsByToken, WaitForAnIssuerThatIsAway) {
  away_ = true;
  const http::Response answer = ask({"Bearer " + token("alice")});
  EXPECT_EQ(answer.status, 503U);
  EXPECT_NE(answer.body.find("token.keys"), std::string::npos);
  EXPECT_EQ(header(answer, "Retry-After"), "15");
}

core::Result<Options, std::string> options(
    std::initializer_list<std::pair<std::string, std::string>> given) {
  command::Arguments arguments;
  for (const auto& [name, value] : given) arguments.options[name].push_back(value);
  return options_of(arguments, {"merlon-gatehouse", nullptr, nullptr,
                                [](const char*) { return std::string("/home/u"); }});
}

TEST(IssuersOfAGatehouse, DoInsteadOfATenantsFile) {
  const std::pair<std::string, std::string> key{"--tls-key", "k"};
  const std::pair<std::string, std::string> crt{"--tls-crt", "c"};
  const std::pair<std::string, std::string> audience{"--oidc-audience", "a"};
  const auto issuer = [](const char* url) {
    return std::pair<std::string, std::string>("--oidc-issuer", url);
  };
  EXPECT_TRUE(options({key, crt, audience, issuer("https://i.example/path")}));
  EXPECT_FALSE(options({key, crt, issuer("https://i.example")}));
  EXPECT_FALSE(options({key, crt, audience}));
  for (const char* const bad :
       {"i.example", "http://i.example", "http://127.0.0.1:1", "https://", "https://i.example/?a",
        "https://i.example/#a", "ftp://i.example"}) {
    EXPECT_FALSE(options({key, crt, audience, issuer(bad)})) << bad;
  }
  const std::pair<std::string, std::string> development{"--development", ""};
  EXPECT_TRUE(options({development, audience, issuer("http://127.0.0.1:1")}));
  EXPECT_FALSE(options({development, audience, issuer("http://127.0.0.1.example:1")}));
  EXPECT_FALSE(options({development, audience, issuer("http://i.example")}));
}

}  // namespace
}  // namespace merlon::gatehouse
