#include <gtest/gtest.h>

#include "merlon/report/html_parts.h"

namespace merlon::report {
namespace {

TEST(Html, HoldsNothingOfForeignTextThatABrowserActsUpon) {
  EXPECT_EQ(escaped("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  EXPECT_EQ(escaped("\x1b\xC2\x9B\u202e\xFFgrün"), "\\x1b\\xc2\\x9b\\xe2\\x80\\xae\\xffgrün");
}

TEST(Html, WordsMayBreakButCharactersDoNot) {
  verify::Appraisal appraisal;
  appraisal.findings.push_back({verify::Check::SnpLaunchTcb, true, true, "w", "g"});
  const std::string html = to_html({}, appraisal);
  EXPECT_NE(html.find("SNP-ABI §7.3 LAUNCH_<wbr>TCB"), std::string::npos) << html;
  EXPECT_EQ(html.find("\\xc2"), std::string::npos);
}

}  // namespace
}  // namespace merlon::report
