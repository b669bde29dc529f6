#include "merlon/oidc/issuers.h"

#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "merlon/oidc/testing/issuer.h"

namespace merlon::oidc {
namespace {

using base::concat;
using testing::TokenIssuer;

const std::string one = "https://one.example";
const std::string two = "https://two.example";

/// A web of what lies where, and a clock.
class BelievedIssuers : public ::testing::Test {
 protected:
  BelievedIssuers() {
    for (const std::string& each : {one, two}) {
      pages_[each + "/.well-known/openid-configuration"] =
          concat(R"({"issuer":")", each, R"(","jwks_uri":")", each, "/keys\"}");
    }
    pages_[one + "/keys"] = first_.key_set();
    pages_[two + "/keys"] = second_.key_set();
  }

  World world() {
    return {[this](const std::string& url) -> core::Result<std::string, std::string> {
              ++fetches_;
              if (while_fetching_) while_fetching_();
              const auto found = pages_.find(url);
              if (found == pages_.end()) return core::Unexpected<std::string>("nothing there");
              return found->second;
            },
            [this] { return codec::UnixTime{1'800'000'000 + ticks_}; }, [this] { return ticks_; },
            [this](const std::string& issuer, const std::string& why) {
              complaints_.push_back(concat(issuer, ": ", why));
            }};
  }
  static std::string claims(const std::string& issuer) {
    return concat(R"({"iss":")", issuer, R"(","sub":"alice","aud":"merlon","exp":1900000000})");
  }
  static std::string code(const core::Result<Claims, TokenRefusal>& judged) {
    return judged ? "" : std::string(code_of(judged.error()));
  }

  TokenIssuer first_{"k1"};
  TokenIssuer second_{"k1"};
  std::map<std::string, std::string> pages_;
  std::int64_t ticks_ = 1000;
  int fetches_ = 0;
  std::function<void()> while_fetching_;
  std::vector<std::string> complaints_;
  Issuers issuers_{{{one, {"merlon"}}, {two, {"merlon"}}}, world()};
};

TEST_F(BelievedIssuers, AreEachJudgedByTheirOwnKeys) {
  EXPECT_EQ(issuers_.judge(first_.sign(claims(one)))->issuer, one);
  EXPECT_EQ(issuers_.judge(second_.sign(claims(two)))->issuer, two);
  EXPECT_EQ(code(issuers_.judge(second_.sign(claims(one)))), "token.signature");
  EXPECT_EQ(code(issuers_.judge(first_.sign(claims("https://three.example")))), "token.issuer");
  EXPECT_EQ(code(issuers_.judge("x")), "token.form");
}

TEST_F(BelievedIssuers, AreAskedForKeysOnceInAWhile) {
  const std::string token = first_.sign(claims(one));
  EXPECT_EQ(code(issuers_.judge(token)), "");
  EXPECT_EQ(fetches_, 2);
  ticks_ += 599;
  EXPECT_EQ(code(issuers_.judge(token)), "");
  EXPECT_EQ(fetches_, 2);
  ticks_ += 1;
  EXPECT_EQ(code(issuers_.judge(token)), "");
  EXPECT_EQ(fetches_, 4);
}

TEST_F(BelievedIssuers, AreAskedForAKeyThatIsNotKnown) {
  EXPECT_EQ(code(issuers_.judge(first_.sign(claims(one)))), "");
  const TokenIssuer next("k2");
  pages_[one + "/keys"] = next.key_set();
  // Not again at once, whatever a token says.
  EXPECT_EQ(code(issuers_.judge(next.sign(claims(one)))), "token.key");
  EXPECT_EQ(fetches_, 2);
  ticks_ += 15;
  EXPECT_EQ(code(issuers_.judge(next.sign(claims(one)))), "");
  EXPECT_EQ(fetches_, 4);
  // The key that was taken back counts no more.
  EXPECT_EQ(code(issuers_.judge(first_.sign(claims(one)))), "token.key");
}

TEST_F(BelievedIssuers, MayBeAwayForAWhile) {
  const std::string token = first_.sign(claims(one));
  EXPECT_EQ(code(issuers_.judge(token)), "");
  pages_.clear();
  ticks_ += 86'399;
  EXPECT_EQ(code(issuers_.judge(token)), "");
  ASSERT_EQ(complaints_.size(), 1U);
  EXPECT_EQ(complaints_[0], "https://one.example: nothing there");
  ticks_ += 1;
  EXPECT_EQ(code(issuers_.judge(token)), "token.keys");
}

TEST_F(BelievedIssuers, WhoAreNotThereAreTold) {
  EXPECT_TRUE(issuers_.warm_up());
  EXPECT_EQ(fetches_, 4);
  pages_[two + "/keys"] = R"({"keys":[]})";
  const Issuers others({{one, {"merlon"}}, {two, {"merlon"}}}, world());
  const auto warm = others.warm_up();
  ASSERT_FALSE(warm);
  EXPECT_TRUE(warm.error().starts_with("https://two.example: the issuer has no key"));
  pages_[two + "/.well-known/openid-configuration"] = "{}";
  const Issuers third({{two, {"merlon"}}}, world());
  EXPECT_FALSE(third.warm_up());
  EXPECT_EQ(code(third.judge(second_.sign(claims(two)))), "token.keys");
  pages_[two + "/.well-known/openid-configuration"] =
      concat(R"({"issuer":")", two, R"(","jwks_uri":")", two, "/keys\"}");
  pages_[two + "/keys"] = "[";
  ticks_ += 15;
  EXPECT_EQ(code(third.judge(second_.sign(claims(two)))), "token.keys");
}

TEST_F(BelievedIssuers, HoldUpNobodyWhileTheyAreAsked) {
  const std::string token = first_.sign(claims(one));
  std::string meanwhile;
  bool asked = false;
  while_fetching_ = [&] {
    if (std::exchange(asked, true)) return;
    std::thread([&] { meanwhile = code(issuers_.judge(token)); }).join();
  };
  EXPECT_EQ(code(issuers_.judge(token)), "");
  EXPECT_EQ(meanwhile, "token.keys");
  asked = false;
  ticks_ += 600;
  EXPECT_EQ(code(issuers_.judge(token)), "");
  EXPECT_EQ(meanwhile, "");
}

}  // namespace
}  // namespace merlon::oidc
