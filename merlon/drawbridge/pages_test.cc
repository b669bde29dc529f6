#include "merlon/drawbridge/pages.h"

#include <gtest/gtest.h>

#include "merlon/registry/records.h"

namespace merlon::drawbridge {
namespace {

using registry_store::RepositorySummary;
using registry_store::Tag;

bool has(const std::string& html, std::string_view text) {
  return html.find(text) != std::string::npos;
}

TEST(Pages, ASearchListsWhatItFinds) {
  const std::vector<RepositorySummary> found{{"acme/app", true, 2, 3'500'000}};
  const std::string html = search_page("<b>\"", found, "acme/app");
  EXPECT_TRUE(has(html, "href=\"/acme/app\""));
  EXPECT_TRUE(has(html, "3.3 MiB"));
  EXPECT_TRUE(has(html, "value=\"&lt;b&gt;&quot;\""));
  EXPECT_TRUE(has(html, "/?search=%3Cb%3E%22&amp;after=acme%2Fapp"));
  EXPECT_FALSE(has(html, "<b>"));
  EXPECT_FALSE(has(search_page("", found, ""), "More"));
  EXPECT_TRUE(has(search_page("", {}, ""), "nothing public here"));
  EXPECT_TRUE(has(search_page("x", {}, ""), "Nothing public has such a name"));
}

TEST(Pages, ARepositoryTellsOfEachVersion) {
  Tag old;
  old.name = "1.0.0";
  old.digest = std::string(64, 'a');
  old.created = {1'800'000'000};
  old.yanked = "it <leaks>";
  Tag fresh;
  fresh.name = "1.1.0";
  fresh.digest = std::string(64, 'b');
  fresh.type = registry::signed_tag_type;
  fresh.created = {1'800'000'001};
  const std::string html = repository_page("acme/app", {old, fresh});
  EXPECT_LT(html.find("1.1.0"), html.find("1.0.0"));
  EXPECT_TRUE(has(html, "sha-256=" + old.digest));
  EXPECT_TRUE(has(html, "it &lt;leaks&gt;"));
  EXPECT_TRUE(has(html, "--signed-by"));
  EXPECT_TRUE(has(html, "2027-01-15T08:00:01Z"));
  EXPECT_TRUE(has(repository_page("acme/app", {}), "No version"));
}

TEST(Pages, SizesAreRead) {
  EXPECT_EQ(size_text(0), "0 bytes");
  EXPECT_EQ(size_text(1), "1 byte");
  EXPECT_EQ(size_text(1023), "1023 bytes");
  EXPECT_EQ(size_text(1536), "1.5 KiB");
  EXPECT_EQ(size_text(std::uint64_t{5} << 50U), "5120.0 TiB");
}

}  // namespace
}  // namespace merlon::drawbridge
