#include "merlon/steward_service/status_page.h"

#include <gtest/gtest.h>

namespace merlon::steward_service {
namespace {

constexpr std::int64_t day = 86'400;

Generation generation() {
  Generation made;
  made.policy_digest = "d1gest";
  made.issuer_end = {100 * day};
  made.expiries = {{"revocation_list", "<b>", {3 * day}}, {"ca", "issuer", {100 * day}}};
  made.warnings = {"mind <this>"};
  return made;
}

TEST(StatusPage, ShowsWhatEndsFirstAndHowMuchIsLeft) {
  const Generation made = generation();
  const std::string html = status_page({made, {}, {}, {0}, {day}, ""});
  EXPECT_NE(html.find("class=\"number fair\">2 days"), std::string::npos);
  EXPECT_NE(html.find("class=\"number good\">99 days"), std::string::npos);
  EXPECT_NE(status_page({made, {}, {}, {0}, {3 * day}, ""}).find("class=\"number bad\">over"),
            std::string::npos);
  EXPECT_NE(html.find("d1gest"), std::string::npos);
}

TEST(StatusPage, ForeignTextIsNeverMarkup) {
  Statistics::Counts counts;
  counts.refused["<script>"] = 1;
  counts.issued["<i>"] = 1;
  const Generation made = generation();
  const std::string html = status_page({made, counts, {}, {0}, {day}, "<u>"});
  for (const char* tag : {"<script>", "<b>", "<this>", "<i>", "<u>"}) {
    EXPECT_EQ(html.find(tag), std::string::npos) << tag;
  }
}

TEST(StatusPage, HasNeitherScriptsNorStylesInElements) {
  const Generation made = generation();
  const std::string html = status_page({made, {}, {}, {0}, {day}, ""});
  EXPECT_EQ(html.find(" style="), std::string::npos);
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_EQ(html.find("http://"), std::string::npos);
}

TEST(StatusPage, BarsAreOfTheLastHoursAlone) {
  Statistics::Counts counts;
  counts.hours.push_back({0, 5, {}});
  counts.hours.push_back({100, 4, {{"a", 1}, {"b", 1}}});
  counts.refused = {{"a", 7}, {"b", 9}};
  const Generation made = generation();
  const std::string html = status_page({made, counts, {}, {0}, {100 * 3600}, ""});
  EXPECT_NE(html.find("aria-label=\"4 certificates issued, 2 requests refused"), std::string::npos);
  EXPECT_NE(html.find("x=\"471\" y=\"0\" width=\"8\" height=\"60\""), std::string::npos);
  EXPECT_NE(html.find("#b\"><code>b</code></a></td><td class=\"number\">1</td><td "
                      "class=\"number\">9</td>"),
            std::string::npos);
  EXPECT_LT(html.find("#b\""), html.find("#a\""));
}

TEST(StatusPage, ShowsWhichPlatformsWillBeRefusedAndWhy) {
  const Generation generation;
  StatusFacts facts{generation, {}, {}, {1}, {1'000'000}, ""};
  EXPECT_EQ(status_page(facts).find("will be refused"), std::string::npos);
  verify::Outlook soon{"SGX 00a067110000",
                       "bb",
                       true,
                       codec::UnixTime{1'000'000 + 5 * 86'400},
                       {"<why>"},
                       {{"SGX component 1", 14, 15, "BIOS"}}};
  facts.counts.platforms["a"] = soon;
  facts.counts.platforms["b"] = soon;
  const std::string html = status_page(facts);
  EXPECT_NE(html.find("Platforms that will be refused"), std::string::npos);
  EXPECT_NE(html.find("2 platforms"), std::string::npos);
  EXPECT_NE(html.find("&lt;why&gt;"), std::string::npos);
  EXPECT_NE(html.find("SGX component 1: 14, wanted 15 (BIOS)"), std::string::npos);
  EXPECT_NE(html.find("5 days"), std::string::npos);
}

}  // namespace
}  // namespace merlon::steward_service
