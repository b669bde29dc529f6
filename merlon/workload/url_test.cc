#include "merlon/workload/url.h"

#include <gtest/gtest.h>

namespace merlon::workload {
namespace {

TEST(AbsoluteUrl, NamesASchemeAndOnTheWebAHost) {
  for (const char* text : {"https://a", "HTTP://a/b?c#d", "https://[::1]:8443/", "file:///x",
                           "mailto:a@b", "x+y.z-1:opaque"}) {
    EXPECT_TRUE(is_absolute_url(text)) << text;
  }
  for (const char* text : {"", "a", "//host/x", "/path", ":x", "1a:b", "https:", "https://",
                           "https://?q", "http://#f", "ht tp://a"}) {
    EXPECT_FALSE(is_absolute_url(text)) << text;
  }
}

TEST(HttpsUrl, OnlyHttpsIsEncrypted) {
  EXPECT_TRUE(is_https_url("https://a"));
  EXPECT_TRUE(is_https_url("HttpS://a"));
  for (const char* text : {"http://a", "httpss://a", "https", "file:///a"}) {
    EXPECT_FALSE(is_https_url(text)) << text;
  }
}

}  // namespace
}  // namespace merlon::workload
