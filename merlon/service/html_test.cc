#include "merlon/service/html.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/crypto/hash.h"

namespace merlon::service {
namespace {

TEST(Html, ShowsTextsOfOthersAsTexts) {
  EXPECT_EQ(escaped("<a href='x' b=\"y\">&"), "&lt;a href=&#39;x&#39; b=&quot;y&quot;&gt;&amp;");
  EXPECT_EQ(escaped(std::string_view("\0", 1)).find('\0'), std::string::npos);
  EXPECT_EQ(code("<"), "<code>&lt;</code>");
}

TEST(Html, AllowsItsOwnStyleByItsDigestAndNothingElse) {
  const http::Response response = html_response(200, html_page("t", "h", "<p>x</p>"));
  const std::string& html = response.body;
  const std::size_t from = html.find("<style>") + 7;
  const std::string style = html.substr(from, html.find("</style>") - from);
  const auto digest = crypto::sha256({core::as_bytes(style)});
  std::string policy;
  for (const auto& [name, value] : response.headers) {
    if (name == "Content-Security-Policy") policy = value;
  }
  EXPECT_NE(policy.find(codec::encode_base64(digest.view())), std::string::npos);
  EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(policy.find("form-action 'none'"), std::string::npos);
  EXPECT_EQ(html.find("<script"), std::string::npos);
}

}  // namespace
}  // namespace merlon::service
