#include "merlon/drawbridge/quick_answers.h"

#include <gtest/gtest.h>

namespace merlon::drawbridge {
namespace {

using http::Request;
using http::Response;

Request get(std::string target) {
  Request request;
  request.method = "GET";
  request.target = std::move(target);
  return request;
}

struct QuickAnswer : ::testing::Test {
  std::optional<std::int64_t> version = 1;
  QuickAnswers answers{[this] { return version; }};

  /// As a worker does it whom the thread that carries bytes has given the request.
  void learn(const Request& request, const Response& response) {
    EXPECT_FALSE(answers.find(request));
    const auto seen = answers.seen();
    answers.keep(request, response, seen);
  }
};

TEST_F(QuickAnswer, StandsUntilTheCatalogueIsChanged) {
  learn(get("/a"), {200, {{"ETag", "e"}}, "body"});
  const auto found = answers.find(get("/a"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->body, "body");
  EXPECT_EQ(found->headers.at(0).value, "e");
  EXPECT_FALSE(answers.find(get("/b")));
  version = 2;
  EXPECT_FALSE(answers.find(get("/a")));
  version = 1;  // whatever comes then
  EXPECT_FALSE(answers.find(get("/a")));
}

TEST_F(QuickAnswer, IsNoneWhileItCannotBeSaidWhatIsNew) {
  learn(get("/a"), {200, {}, "body"});
  version.reset();
  EXPECT_FALSE(answers.find(get("/a")));
  answers.keep(get("/a"), {200, {}, "body"}, answers.seen());
  version = 1;
  EXPECT_FALSE(answers.find(get("/a")));
}

TEST_F(QuickAnswer, OfAnOldCatalogueIsNotKept) {
  EXPECT_FALSE(answers.find(get("/a")));
  const auto seen = answers.seen();
  version = 2;
  EXPECT_FALSE(answers.find(get("/b")));
  answers.keep(get("/a"), {200, {}, "old"}, seen);
  EXPECT_FALSE(answers.find(get("/a")));
}

TEST_F(QuickAnswer, IsForWhoSaysNothingOfHimself) {
  learn(get("/a"), {200, {}, "body"});
  for (const char* name : {"authorization", "range", "if-none-match", "if-range"}) {
    Request request = get("/a");
    request.headers.push_back({name, "x"});
    EXPECT_FALSE(answers.find(request)) << name;
    request.target = "/other";
    answers.keep(request, {200, {}, "other"}, answers.seen());
  }
  EXPECT_FALSE(answers.find(get("/other")));
  Request keep = get("/a");
  keep.client_certificate = {1};
  EXPECT_FALSE(answers.find(keep));
  EXPECT_FALSE(answers.find(get("/a?digest=x")));
  Request head = get("/a");
  head.method = "HEAD";
  EXPECT_FALSE(answers.find(head));
  EXPECT_TRUE(answers.find(get("/a")));
}

TEST_F(QuickAnswer, IsWholeAndSmall) {
  learn(get("/none"), {404, {}, "no"});
  learn(get("/part"), {206, {}, "part"});
  learn(get("/large"), {200, {}, std::string(QuickAnswers::largest + 1, 'x')});
  for (const char* target : {"/none", "/part", "/large"}) EXPECT_FALSE(answers.find(get(target)));
}

TEST_F(QuickAnswer, AllOfThemHaveABound) {
  const std::size_t most = QuickAnswers::room / QuickAnswers::largest;
  for (std::size_t i = 0; i < most; ++i) {
    learn(get(std::to_string(i)), {200, {}, std::string(QuickAnswers::largest, 'x')});
  }
  std::size_t there = 0;
  for (std::size_t i = 0; i < most; ++i) there += answers.find(get(std::to_string(i))) ? 1U : 0U;
  EXPECT_LT(there, most);
  EXPECT_GT(there, 0U);
}

TEST(QuickAnswers, WithoutAVersionThereAreNone) {
  QuickAnswers answers(nullptr);
  EXPECT_FALSE(answers.find(get("/a")));
  answers.keep(get("/a"), {200, {}, "x"}, answers.seen());
  EXPECT_FALSE(answers.find(get("/a")));
}

}  // namespace
}  // namespace merlon::drawbridge
