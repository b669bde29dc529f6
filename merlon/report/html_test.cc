#include <gtest/gtest.h>

#include "merlon/report/html_parts.h"

namespace merlon::report {
namespace {

TEST(Html, HoldsNothingOfForeignTextThatABrowserActsUpon) {
  EXPECT_EQ(escaped("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  EXPECT_EQ(escaped("\x1b\xC2\x9B\u202e\xFFgrün"), "\\x1b\\xc2\\x9b\\xe2\\x80\\xae\\xffgrün");
}

}  // namespace
}  // namespace merlon::report
