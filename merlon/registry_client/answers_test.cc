#include "merlon/registry_client/answers.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"

namespace merlon::registry_client {
namespace {

using base::concat;

const registry::Meta root =
    registry::Meta::of(core::as_bytes(std::string_view("{}")), registry::directory_type);

TEST(TagEntries, AreEntriesOrTheirSignedForm) {
  const std::string json = registry::to_json(root);
  EXPECT_EQ(parse_tag_entry(registry::tag_type, json).value(), (TagEntry{root, false}));
  const std::string payload = codec::encode_base64url(core::as_bytes(std::string_view(json)));
  const std::string flat =
      concat("{\"payload\":\"", payload, "\",\"protected\":\"e30\",\"signature\":\"AA\"}");
  EXPECT_EQ(parse_tag_entry(registry::signed_tag_type, flat).value(), (TagEntry{root, true}));
  EXPECT_FALSE(parse_tag_entry(registry::signed_tag_type, json));
  EXPECT_FALSE(parse_tag_entry(registry::tag_type, flat));
  EXPECT_EQ(parse_tag_entry("text/html", json).error().code, core::ErrorCode::Unsupported);
  EXPECT_FALSE(parse_tag_entry(registry::tag_type, json + std::string(max_tag_size, ' ')));
}

TEST(RegistryLists, AreReadStrictly) {
  EXPECT_EQ(parse_tags(R"(["1.0.0","2.0.0-a"])").value().size(), 2U);
  for (const std::string_view bad : {"{}", "[1]", R"(["latest"])", R"(["../x"])", ""}) {
    EXPECT_FALSE(parse_tags(bad)) << bad;
  }
  const auto page = parse_repositories(
      R"({"repositories":[{"name":"a/b","public":true,"tags":3,"bytes":9}],"next":"a/b"})");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->items[0].bytes, 9U);
  EXPECT_EQ(page->next, "a/b");
  for (const std::string_view bad :
       {R"({"repositories":{}})", R"({"repositories":[{"name":"a"}]})",
        R"({"repositories":[{"name":"a/../b","public":true,"tags":3,"bytes":9}]})",
        R"({"repositories":[],"next":"x y"})",
        R"({"repositories":[{"name":"a/b","public":1,"tags":3,"bytes":9}]})"}) {
    EXPECT_FALSE(parse_repositories(bad)) << bad;
  }
}

TEST(Versions, AreReadStrictly) {
  const std::string digest(64, 'a');
  const auto version = [&](std::string_view more, std::string_view hex) {
    return concat(R"({"versions":[{"tag":"1.0.0","digest":"sha-256=)", hex,
                  R"(","length":1,"files":2,"signed":false,"created":"2026-01-01T00:00:00Z")", more,
                  "}]}");
  };
  const auto plain = parse_versions(version("", digest));
  ASSERT_TRUE(plain);
  EXPECT_EQ((*plain)[0].digest, digest);
  EXPECT_EQ((*plain)[0].yanked, std::nullopt);
  EXPECT_EQ((*parse_versions(version(R"(,"yanked":"old")", digest)))[0].yanked, "old");
  EXPECT_FALSE(parse_versions(version("", "AA")));
  EXPECT_FALSE(parse_versions(version(R"(,"yanked":1)", digest)));
}

TEST(IssuedTokens, HaveTheirSecretOnce) {
  const auto token =
      parse_issued_token(R"({"id":"a1","token":"s.e","expires":"2026-01-01T00:00:00Z"})");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->secret, "s.e");
  EXPECT_FALSE(parse_issued_token(R"({"id":"a1"})"));
  EXPECT_FALSE(parse_issued_token(R"({"id":"a/1","token":"s"})"));
  const auto list = parse_token_list(R"({"tokens":[{"id":"a1","rights":["read"]}]})");
  ASSERT_TRUE(list);
  EXPECT_EQ((*list)[0].rights, (std::vector<std::string>{"read"}));
  EXPECT_FALSE(parse_token_list(R"({"tokens":[{"id":"a1","rights":[1]}]})"));
  EXPECT_EQ(parse_user(R"({"subject":"me"})").value(), "me");
  EXPECT_TRUE(parse_repository(R"({"public":true})").value());
  EXPECT_FALSE(parse_repository(R"({"public":"true"})"));
}

}  // namespace
}  // namespace merlon::registry_client
