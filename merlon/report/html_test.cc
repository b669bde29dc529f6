#include <regex>

#include <gtest/gtest.h>

#include "merlon/report/html_parts.h"

namespace merlon::report {
namespace {

TEST(Html, HoldsNothingOfForeignTextThatABrowserActsUpon) {
  EXPECT_EQ(escaped("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  EXPECT_EQ(escaped("\x1b\xC2\x9B\u202e\xFFgrün"), "\\x1b\\xc2\\x9b\\xe2\\x80\\xae\\xffgrün");
}

TEST(Html, NoElementHasAStyleOfItsOwnAndEachPlaceHasARule) {
  verify::Appraisal appraisal;
  appraisal.time = {1'700'000'000};
  appraisal.lifetimes = {{"PCK certificate", "x", {1'600'000'000}, {1'900'000'000}, true},
                         {"TCB info", "y", {1'699'000'000}, {1'701'000'000}, false}};
  const std::string html = to_html({}, appraisal);
  EXPECT_EQ(html.find("style="), std::string::npos);
  EXPECT_EQ(html.find("unsafe-inline"), std::string::npos);
  const std::regex place(" ?([lw][0-9]+)\"");
  const std::string body = timeline_part(appraisal);
  const std::string rules = timeline_style(appraisal);
  EXPECT_NE(html.find(rules), std::string::npos);
  std::size_t count = 0;
  for (std::sregex_iterator each(body.begin(), body.end(), place), last; each != last; ++each) {
    EXPECT_NE(rules.find("." + (*each)[1].str() + "{"), std::string::npos) << (*each)[1].str();
    ++count;
  }
  EXPECT_GT(count, 6U);
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
