#include "merlon/drawbridge/target.h"

#include <gtest/gtest.h>

namespace merlon::drawbridge {
namespace {

using What = Target::What;

Target target(std::string_view path) {
  const auto parsed = parse_target(path);
  EXPECT_TRUE(parsed) << path;
  return parsed ? *parsed : Target{};
}
unsigned refused(std::string_view path) {
  const auto parsed = parse_target(path);
  return parsed ? 0 : parsed.error().status;
}

TEST(Target, IsWhatEnarxHas) {
  EXPECT_EQ(target("/api/v0.1.0/bob").what, What::User);
  EXPECT_EQ(target("/api/v0.1.0/bob/").user, "bob");
  EXPECT_EQ(target("/api/v0.1.0/bob/my-app").what, What::Repository);
  EXPECT_EQ(target("/api/v0.1.0/bob/my-app/_tag").what, What::Tags);
  EXPECT_EQ(target("/api/v0.4.9/bob/my-app/_tag/1.0.0-rc.1+b").tag, "1.0.0-rc.1+b");
  const Target root = target("/api/v0.1.0/bob/my-app/_tag/1.0.0/tree");
  EXPECT_EQ(root.what, What::Tree);
  EXPECT_EQ(root.path, "");
  EXPECT_EQ(root.full_name(), "bob/my-app");
  EXPECT_EQ(target("/api/v0.1.0/bob/my-app/_tag/1.0.0/tree/").path, "");
  EXPECT_EQ(target("/api/v0.1.0/bob/my-app/_tag/1.0.0/tree/a/b.c/").path, "a/b.c");
  EXPECT_EQ(target("/api/v0.1.0/bob/my-app/_tag/1.0.0/tree/a%3Ab").path, "a:b");
}

TEST(Target, IsWhatWeHave) {
  EXPECT_EQ(target("/api/v0.1.0/_repositories").what, What::Repositories);
  EXPECT_EQ(target("/api/v0.1.0/bob/_repositories").user, "bob");
  EXPECT_EQ(target("/api/v0.1.0/bob/app/_versions").what, What::Versions);
  EXPECT_EQ(target("/api/v0.1.0/bob/app/_admission").what, What::Admission);
  EXPECT_EQ(target("/api/v0.1.0/bob/app/_token").what, What::Tokens);
  EXPECT_EQ(target("/api/v0.1.0/bob/app/_token/12ab").id, "12ab");
  EXPECT_EQ(target("/api/v0.1.0/bob/app/_tag/1.0.0/yank").what, What::Yank);
  EXPECT_EQ(target("/api/v0.1.0/bob/app/_tag/1.0.0/upload/a").what, What::Upload);
}

TEST(Target, WhatIsNoneIsRefused) {
  EXPECT_EQ(refused("/"), 404U);
  EXPECT_EQ(refused("/api/x"), 404U);
  EXPECT_EQ(refused("/api/v0.1.0/"), 404U);
  EXPECT_EQ(refused("/api/v1/bob"), 400U);
  EXPECT_EQ(refused("/api/v1.0.0/bob"), 501U);
  EXPECT_EQ(refused("/api/v0.5.0/bob"), 501U);
  EXPECT_EQ(refused("/api/v0.1.0/b-b"), 400U);
  EXPECT_EQ(refused("/api/v0.1.0/bob/a_b"), 400U);
  EXPECT_EQ(refused("/api/v0.1.0/bob/app/_other"), 404U);
  EXPECT_EQ(refused("/api/v0.1.0/bob/app/_tag/1.0"), 400U);
  EXPECT_EQ(refused("/api/v0.1.0/bob/app/_tag/1.0.0/other"), 404U);
  EXPECT_EQ(refused("/api/v0.1.0/bob/app/_versions/x"), 404U);
  for (const char* path : {"..", "a/../b", "%2e%2e", "a%2fb", "a//b", "a%00", "a b", "\xff"}) {
    EXPECT_EQ(refused(std::string("/api/v0.1.0/bob/app/_tag/1.0.0/tree/") + path), 400U) << path;
  }
  std::string deep = "/api/v0.1.0/bob/app/_tag/1.0.0/tree";
  for (int i = 0; i < 33; ++i) deep += "/a";
  EXPECT_EQ(refused(deep), 400U);
  EXPECT_EQ(refused(std::string(5000, 'a')), 414U);
}

TEST(Target, AQueryIsLookedThrough) {
  EXPECT_EQ(query_value("/x?a=1&b=2%203+4&a=5", "a"), "1");
  EXPECT_EQ(query_value("/x?a=1&b=2%203+4", "b"), "2 3 4");
  EXPECT_EQ(query_value("/x?aa=1&a", "a"), "");
  EXPECT_EQ(query_value("/x", "a"), "");
}

}  // namespace
}  // namespace merlon::drawbridge
