#include "merlon/steward_service/page.h"

#include <gtest/gtest.h>

#include "merlon/steward_service/errors_page.h"
#include "merlon/steward_service/problem.h"
#include "merlon/verify/appraisal.h"

namespace merlon::steward_service {
namespace {

TEST(Page, TextIsNeverMarkup) {
  EXPECT_NE(page("<b>", "").find("<title>&lt;b&gt;</title>"), std::string::npos);
}

TEST(Page, OnlyItsOwnStyleIsAllowed) {
  const auto response = html_response("<style>a{}</style><style>b{}</style>");
  // echo -n 'a{}' | openssl dgst -sha256 -binary | base64
  EXPECT_EQ(response.headers.at(1).value,
            "default-src 'none'; style-src 'sha256-X1RutGBrXCt9KkSaXMK7tHftWiRscFHOhxsS8tv8hBk='; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
  EXPECT_NE(html_response("<p>").headers.at(1).value.find("style-src 'none'"), std::string::npos);
}

TEST(ErrorsPage, ExplainsEachCodeThatAnAnswerCanHave) {
  const std::string html = errors_page();
  for (const verify::CheckRow& each : verify::all_checks()) {
    EXPECT_NE(html.find("<tr id=\"" + std::string(each.name) + "\">"), std::string::npos);
  }
  for (const unsigned status : {400U, 404U, 405U, 408U, 413U, 417U, 429U, 431U, 500U, 503U, 505U}) {
    const std::string code = problem_of_status(status, "").code;
    EXPECT_NE(html.find("<tr id=\"" + code + "\">"), std::string::npos) << code;
  }
}

}  // namespace
}  // namespace merlon::steward_service
