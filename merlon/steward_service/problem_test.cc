#include "merlon/steward_service/problem.h"

#include <gtest/gtest.h>

namespace merlon::steward_service {
namespace {

using steward::Refusal;
using steward::RequestForm;
using Kind = Refusal::Kind;

http::Request asking(std::string accept) {
  http::Request request;
  if (!accept.empty()) request.headers.push_back({"accept", std::move(accept)});
  return request;
}

TEST(Problem, StatusesAreEnarxOwn) {
  const auto status = [](Kind kind) {
    return problem_of({kind, "c", "", "", 0}, RequestForm::Single).status;
  };
  EXPECT_EQ(status(Kind::Malformed), 400U);
  EXPECT_EQ(status(Kind::NoEvidence), 401U);
  EXPECT_EQ(status(Kind::Refused), 400U);
  EXPECT_EQ(status(Kind::TooLarge), 413U);
  EXPECT_EQ(status(Kind::NotNow), 503U);
  EXPECT_EQ(status(Kind::Internal), 500U);
}

TEST(Problem, TheBodyIsEmptyUnlessTheReasonIsAskedForByName) {
  const Problem problem =
      problem_of({Kind::Refused, "snp.debug", "off", "on", 0}, RequestForm::Single);
  for (const char* accept : {"", "*/*", "application/*", "application/octet-stream"}) {
    const auto response = answer(problem, asking(accept));
    EXPECT_EQ(response.status, 400U);
    EXPECT_EQ(response.body, "");
  }
  const auto response = answer(problem, asking("application/problem+json, */*"));
  EXPECT_EQ(response.headers.at(0).value, "application/problem+json");
  EXPECT_EQ(response.body,
            "{\"type\":\"/docs/errors.md#snp.debug\",\"title\":\"The evidence is refused.\","
            "\"status\":400,\"code\":\"snp.debug\",\"wanted\":\"off\",\"got\":\"on\"}\n");
}

TEST(Problem, OfABundleItSaysWhichRequest) {
  const Refusal refusal{Kind::Refused, "c", "", "", 3};
  EXPECT_NE(answer(problem_of(refusal, RequestForm::Bundle), asking("application/problem+json"))
                .body.find("\"request\":3"),
            std::string::npos);
  EXPECT_EQ(answer(problem_of(refusal, RequestForm::Single), asking("application/problem+json"))
                .body.find("\"request\""),
            std::string::npos);
}

TEST(Problem, WhoShallAskAgainIsToldWhen) {
  const auto response =
      answer(problem_of({Kind::NotNow, "c", "", "", 0}, RequestForm::Single), asking(""));
  EXPECT_EQ(response.headers.at(0).name, "Retry-After");
  EXPECT_EQ(answer(problem_of_status(429, "many"), asking("")).headers.at(0).value, "1");
  EXPECT_TRUE(answer(problem_of_status(404, "none"), asking("")).headers.empty());
}

TEST(Problem, TheLogGetsCodeAndReasonInAnyCase) {
  const auto response = answer(problem_of_status(413, "long"), asking(""));
  EXPECT_EQ(response.notes.at(0).value, "request.size");
  EXPECT_EQ(response.notes.at(1).value, "long");
  EXPECT_EQ(problem_of_status(418, "tea").code, "request.http");
}

}  // namespace
}  // namespace merlon::steward_service
