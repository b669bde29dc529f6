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

TEST(Url, OfHttpsIsTakenApart) {
  const auto parts = [](std::string_view text) {
    const auto url = parse_https_url(text);
    return url ? url->host + " " + std::to_string(url->port) + " " + url->path : "none";
  };
  EXPECT_EQ(parts("https://steward.example"), "steward.example 443 /");
  EXPECT_EQ(parts("HTTPS://s.example:8443/a/b?c=d"), "s.example 8443 /a/b?c=d");
  EXPECT_EQ(parts("https://s.example?x"), "s.example 443 /?x");
  EXPECT_EQ(parts("https://[::1]:5/"), "::1 5 /");
  EXPECT_EQ(parts("https://[::1]"), "::1 443 /");
  for (const std::string_view wrong : {"http://a",
                                       "https:a",
                                       "https://",
                                       "https:///x",
                                       "https://a:",
                                       "https://a:0",
                                       "https://a:65536",
                                       "https://a:1x",
                                       "https://a:999999999",
                                       "https://u@a",
                                       "https://a:b@c",
                                       "https://[::1",
                                       "https://[::1]x",
                                       "https://a b",
                                       "https://a/ b",
                                       "https://a/#f",
                                       "https://a\r\nHost: b",
                                       "https://a/\r\n",
                                       "https://::1",
                                       "https://\xC3\xA4"}) {
    EXPECT_EQ(parts(wrong), "none") << wrong;
  }
  EXPECT_EQ(parts("https://a/" + std::string(3000, 'x')), "none");
}

}  // namespace
}  // namespace merlon::workload
