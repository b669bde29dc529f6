#include "merlon/http/message.h"

#include <gtest/gtest.h>

namespace merlon::http {
namespace {

TEST(Message, FindsHeadersByTheirNameInLowerCase) {
  Request request;
  request.headers = {{"accept", "a/b"}, {"accept", "c/d"}, {"host", "x"}};
  EXPECT_EQ(request.header("accept"), "a/b");
  EXPECT_EQ(request.joined("accept"), "a/b, c/d");
  EXPECT_FALSE(request.header("Accept").has_value());
  EXPECT_EQ(request.joined("nothing"), "");
}

TEST(Message, ThePathIsTheTargetWithoutItsQuery) {
  Request request;
  request.target = "/status?days=7?x";
  EXPECT_EQ(request.path(), "/status");
  request.target = "/";
  EXPECT_EQ(request.path(), "/");
}

TEST(Message, DatesAreWrittenAsTheStandardHasThem) {
  EXPECT_EQ(http_date({784'111'777}), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date({0}), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date({-1}), "Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_EQ(http_date({951'782'400}), "Tue, 29 Feb 2000 00:00:00 GMT");
}

TEST(Message, AHeadSaysTheSizeAndWhetherTheConnectionEnds) {
  const Response response{404, {{"Content-Type", "text/plain"}}, "gone"};
  EXPECT_EQ(response_head(response, {1, false, {0}}),
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nDate: Thu, 01 Jan 1970 "
            "00:00:00 GMT\r\nContent-Length: 4\r\nConnection: close\r\n\r\n");
  EXPECT_NE(response_head(response, {0, true, {0}}).find("Connection: keep-alive"),
            std::string::npos);
  EXPECT_EQ(response_head(response, {1, true, {0}}).find("Connection"), std::string::npos);
}

TEST(Message, NoContentHasNoSize) {
  EXPECT_EQ(response_head({204, {}, ""}, {}).find("Content-Length"), std::string::npos);
}

TEST(Message, NoHeaderCanBeginAnother) {
  const Response response{200, {{"X\r\nY", "1\r\nSet-Cookie: a\0b"}}, ""};
  const std::string head = response_head(response, {});
  EXPECT_NE(head.find("X  Y: 1  Set-Cookie: a"), std::string::npos);
}

TEST(Message, AcceptIsReadByTheMostSpecificRange) {
  EXPECT_EQ(acceptance(std::nullopt, "text/html"), 1000U);
  EXPECT_EQ(acceptance("*/*", "text/html"), 1000U);
  EXPECT_EQ(acceptance("text/*;q=0.5, */*;q=0.1", "text/html"), 500U);
  EXPECT_EQ(acceptance("text/html;q=0, text/*", "text/html"), 0U);
  EXPECT_EQ(acceptance("text/*, text/html;q=0", "text/html"), 0U);
  EXPECT_EQ(acceptance("TEXT/HTML ; Q=0.25", "text/html"), 250U);
  EXPECT_EQ(acceptance("application/json", "text/html"), 0U);
  EXPECT_EQ(acceptance("", "text/html"), 0U);
  EXPECT_EQ(acceptance("text/html;level=1", "text/html"), 0U);
}

TEST(Message, AWildcardNamesNothing) {
  EXPECT_EQ(named_acceptance("*/*", "application/problem+json"), 0U);
  EXPECT_EQ(named_acceptance("application/*", "application/problem+json"), 0U);
  EXPECT_EQ(named_acceptance("*/*, application/problem+json", "application/problem+json"), 1000U);
  EXPECT_EQ(named_acceptance(std::nullopt, "application/problem+json"), 0U);
}

TEST(Message, AcceptThatIsNoSuchHeaderAsksForNothing) {
  for (const char* text : {",,,", ";;;", "\"", "\"\\", "text/html;q=2", "text/html;q=0.1234",
                           "text/html;q=x", "text/html;q=0,5", "q=1", "/", "*", ";q=1"}) {
    EXPECT_EQ(named_acceptance(text, "text/html"), 0U) << text;
  }
}

TEST(Message, RangesBeyondTheThirtySecondDoNotCount) {
  std::string many;
  for (int i = 0; i < 32; ++i) many += "a/b,";
  EXPECT_EQ(acceptance(many + "text/html", "text/html"), 0U);
}

TEST(Message, EachStatusThatIsSentHasItsName) {
  for (const unsigned status :
       {200U, 400U, 401U, 404U, 405U, 408U, 413U, 417U, 429U, 431U, 500U, 503U, 505U}) {
    EXPECT_FALSE(reason_phrase(status).empty()) << status;
  }
  EXPECT_EQ(reason_phrase(299), "");
}

}  // namespace
}  // namespace merlon::http
