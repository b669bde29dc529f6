#include "merlon/oidc/token.h"

#include <gtest/gtest.h>

#include "merlon/oidc/testing/issuer.h"

namespace merlon::oidc {
namespace {

using base::concat;
using testing::TokenIssuer;

constexpr codec::UnixTime now{1'800'000'000};
const Expectation expected{"https://i.example", {"merlon", "other"}};

/// "" if it counts, else the code of why not.
std::string code(const std::string& token, const TokenIssuer& issuer,
                 const Expectation& expectation = expected, codec::UnixTime time = now) {
  const auto parsed = Token::parse(token);
  if (!parsed) return std::string(code_of(parsed.error()));
  const auto claims = parsed->judge(KeySet::parse(issuer.key_set()).value(), expectation, time);
  return claims ? "" : std::string(code_of(claims.error()));
}

class Tokens : public ::testing::Test {
 protected:
  const TokenIssuer issuer_{"k1"};

  /// Claims that count, with `changed` in the place of their own of that name.
  static std::string claims(
      std::initializer_list<std::pair<std::string, std::string>> changed = {}) {
    std::vector<std::pair<std::string, std::string>> all{{"iss", R"("https://i.example")"},
                                                         {"sub", R"("alice")"},
                                                         {"aud", R"("merlon")"},
                                                         {"exp", "1800000300"},
                                                         {"iat", "1799999990"}};
    for (const auto& each : changed) {
      const auto found =
          std::ranges::find(all, each.first, &std::pair<std::string, std::string>::first);
      if (found == all.end()) {
        all.push_back(each);
      } else {
        found->second = each.second;
      }
    }
    std::string text;
    for (const auto& [name, value] : all) {
      if (!value.empty()) text += concat(text.empty() ? "{" : ",", "\"", name, "\":", value);
    }
    return text + "}";
  }
  std::string judged(std::initializer_list<std::pair<std::string, std::string>> changed) {
    return code(issuer_.sign(claims(changed)), issuer_);
  }
  std::string with_header(std::string_view header) {
    return code(issuer_.sign(header, claims()), issuer_);
  }
};

TEST_F(Tokens, ThatHoldSayWhoTheirBearerIs) {
  const auto token =
      Token::parse(issuer_.sign(claims({{"scope", R"("openid keeps  keeps:write")"}})));
  ASSERT_TRUE(token);
  EXPECT_EQ(token->claimed_issuer(), "https://i.example");
  const auto said = token->judge(KeySet::parse(issuer_.key_set()).value(), expected, now);
  ASSERT_TRUE(said);
  EXPECT_EQ(said->issuer, "https://i.example");
  EXPECT_EQ(said->subject, "alice");
  EXPECT_EQ(said->expires.seconds, 1'800'000'300);
  EXPECT_EQ(said->scopes, (std::vector<std::string>{"openid", "keeps", "keeps:write"}));
  EXPECT_TRUE(said->has_scope("keeps"));
  EXPECT_FALSE(said->has_scope("keep"));
}

TEST_F(Tokens, AreForOneOfOurAudiences) {
  EXPECT_EQ(judged({{"aud", R"(["elsewhere","other"])"}}), "");
  EXPECT_EQ(judged({{"aud", R"("elsewhere")"}}), "token.audience");
  EXPECT_EQ(judged({{"aud", R"(["elsewhere"])"}}), "token.audience");
  EXPECT_EQ(judged({{"aud", "[]"}}), "token.audience");
  EXPECT_EQ(judged({{"aud", R"("merlon ")"}}), "token.audience");
  for (const char* const bad : {"7", R"(["merlon",7])", "{}", ""}) {
    EXPECT_EQ(judged({{"aud", bad}}), "token.form") << bad;
  }
}

TEST_F(Tokens, AreOfTheVeryIssuer) {
  EXPECT_EQ(judged({{"iss", R"("https://i.example/")"}}), "token.issuer");
  EXPECT_EQ(judged({{"iss", R"("https://I.example")"}}), "token.issuer");
  EXPECT_EQ(judged({{"iss", "7"}}), "token.form");
  EXPECT_EQ(judged({{"iss", ""}}), "token.form");
}

TEST_F(Tokens, CountForTheirTimeWithALittleLeeway) {
  const std::string token = issuer_.sign(claims({{"nbf", "1800000000"}}));
  const auto at = [&](std::int64_t seconds) { return code(token, issuer_, expected, {seconds}); };
  EXPECT_EQ(at(1'799'999'939), "token.early");
  EXPECT_EQ(at(1'799'999'940), "");
  EXPECT_EQ(at(1'800'000'359), "");
  EXPECT_EQ(at(1'800'000'360), "token.expired");
  EXPECT_EQ(judged({{"exp", "1799999000"}}), "token.expired");
  EXPECT_EQ(judged({{"iat", "1800000061"}}), "token.early");
  EXPECT_EQ(judged({{"iat", ""}}), "");
  EXPECT_EQ(judged({{"exp", ""}}), "token.form");
  for (const char* const bad : {"-1", "1800000300.5", R"("1800000300")", "1e9", "true",
                                "18446744073709551615", "253402300800"}) {
    EXPECT_EQ(judged({{"exp", bad}}), "token.form") << bad;
    EXPECT_EQ(judged({{"nbf", bad}}), "token.form") << bad;
  }
}

TEST_F(Tokens, NameASubjectThatCanBeShown) {
  EXPECT_EQ(judged({{"sub", concat("\"", std::string(255, 'a'), "\"")}}), "");
  for (const std::string& bad : {std::string(), std::string("\"\""), std::string("7"),
                                 concat("\"", std::string(256, 'a'), "\""),
                                 std::string(R"("a\nb")"), std::string(R"("a\u00e9")")}) {
    EXPECT_EQ(judged({{"sub", bad}}), "token.form") << bad;
  }
}

TEST_F(Tokens, GrantWhatTheyName) {
  Expectation strict = expected;
  strict.scopes = {"keeps"};
  EXPECT_EQ(code(issuer_.sign(claims({{"scope", R"("a keeps")"}})), issuer_, strict), "");
  EXPECT_EQ(code(issuer_.sign(claims({{"scope", R"("keeps2")"}})), issuer_, strict), "token.scope");
  EXPECT_EQ(code(issuer_.sign(claims()), issuer_, strict), "token.scope");
  EXPECT_EQ(judged({{"scope", "7"}}), "token.form");
}

TEST_F(Tokens, AreSignedAsTheirKeySays) {
  EXPECT_EQ(with_header(R"({"alg":"ES256"})"), "");
  for (const char* const bad : {"none", "None", "HS256", "ES384", "PS256", "es256"}) {
    EXPECT_EQ(with_header(concat(R"({"alg":")", bad, "\"}")), "token.algorithm") << bad;
  }
  // The key is of another algorithm than the one that the token names.
  EXPECT_EQ(with_header(R"({"alg":"RS256","kid":"k1"})"), "token.key");
  EXPECT_EQ(with_header(R"({"alg":"EdDSA","kid":"k1"})"), "token.key");
  EXPECT_EQ(with_header(R"({"alg":"ES256","kid":"k2"})"), "token.key");
  EXPECT_EQ(with_header("{}"), "token.form");
  EXPECT_EQ(with_header(R"({"alg":7})"), "token.form");
  EXPECT_EQ(with_header(R"({"alg":"ES256","kid":7})"), "token.form");
}

TEST_F(Tokens, AreOfAKindThatIsBorne) {
  for (const char* const good : {"JWT", "jwt", "at+jwt", "application/at+jwt"}) {
    EXPECT_EQ(with_header(concat(R"({"alg":"ES256","typ":")", good, "\"}")), "") << good;
  }
  for (const char* const bad : {"logout+jwt", "dpop+jwt", "application/", "secevent+jwt", ""}) {
    EXPECT_EQ(with_header(concat(R"({"alg":"ES256","typ":")", bad, "\"}")), "token.form") << bad;
  }
  EXPECT_EQ(with_header(R"({"alg":"ES256","crit":["exp"]})"), "token.form");
  EXPECT_EQ(with_header(R"({"alg":"ES256","crit":["b64"],"b64":false})"), "token.form");
}

TEST_F(Tokens, BringNoKeysAlong) {
  EXPECT_EQ(with_header(R"({"alg":"ES256","jku":"https://evil.example","jwk":{"kty":"EC"}})"), "");
  const TokenIssuer other("k1");
  EXPECT_EQ(code(other.sign(claims()), issuer_), "token.signature");
}

TEST_F(Tokens, CountOnlyAsTheyWereSigned) {
  const std::string token = issuer_.sign(claims());
  const std::string changed = issuer_.sign(claims({{"sub", R"("bob")"}}));
  const std::size_t first = token.find('.');
  const std::size_t last = token.rfind('.');
  EXPECT_EQ(code(concat(token.substr(0, first), changed.substr(first, changed.rfind('.') - first),
                        token.substr(last)),
                 issuer_),
            "token.signature");
  EXPECT_EQ(code(token.substr(0, last + 1), issuer_), "token.signature");
  for (std::size_t i = 0; i < token.size(); i += 7) {
    std::string other = token;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    EXPECT_NE(code(other, issuer_), "") << i;
  }
}

TEST_F(Tokens, HaveOneForm) {
  const std::string token = issuer_.sign(claims());
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), token + ".", token + "=", token + " ",
        " " + token, token.substr(0, token.rfind('.')), token + ".a.b", "Bearer " + token}) {
    EXPECT_EQ(code(bad, issuer_), "token.form") << bad;
  }
  EXPECT_EQ(
      code(issuer_.sign(claims({{"more", concat("\"", std::string(8000, 'a'), "\"")}})), issuer_),
      "token.form");
  EXPECT_EQ(code(issuer_.sign("[]"), issuer_), "token.form");
  EXPECT_EQ(code(issuer_.sign(R"({"iss":"https://i.example","iss":"https://i.example"})"), issuer_),
            "token.form");
}

TEST(TokenRefusals, HaveCodesAndSentences) {
  for (int i = 0; i <= static_cast<int>(TokenRefusal::Keys); ++i) {
    const auto each = static_cast<TokenRefusal>(i);
    EXPECT_TRUE(code_of(each).starts_with("token."));
    EXPECT_FALSE(describe(each).empty());
  }
}

}  // namespace
}  // namespace merlon::oidc
