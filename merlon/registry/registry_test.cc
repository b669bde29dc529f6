#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/registry/names.h"
#include "merlon/registry/tree.h"

namespace merlon::registry {
namespace {

using core::ErrorCode;

TEST(RegistryNames, AreThoseOfEnarx) {
  for (const std::string_view name : {"a", "Alice7"}) EXPECT_TRUE(is_user(name));
  for (const std::string_view name : {"", "a-b", "a.b", "ä"}) EXPECT_FALSE(is_user(name)) << name;
  EXPECT_TRUE(is_repository("my-app-2"));
  EXPECT_FALSE(is_repository("my_app"));
  for (const std::string_view name : {"main.wasm", "Enarx.toml", "a_b:c-d", "..."}) {
    EXPECT_TRUE(is_entry(name)) << name;
  }
  for (const std::string_view name : {"", ".", "..", "a/b", "a b"}) EXPECT_FALSE(is_entry(name));
  EXPECT_FALSE(is_user(std::string(256, 'a')));
}

TEST(RegistryNames, TagsAreVersions) {
  for (const std::string_view tag :
       {"0.0.0", "1.22.333", "1.0.0-alpha.1", "1.0.0-0.3.7", "1.0.0+20130313144700",
        "1.0.0-beta+exp.sha.5114f85", "1.0.0-x-y-z.4", "1.0.0+001"}) {
    EXPECT_TRUE(is_tag(tag)) << tag;
  }
  for (const std::string_view tag :
       {"", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3+", "1.2.3-01", "1.2.3-a..b",
        "1.2.3-a.", "v1.2.3", "1.2.3 ", "1.2.-3", "1..3", "latest"}) {
    EXPECT_FALSE(is_tag(tag)) << tag;
  }
}

TEST(Slugs, ComeBackAsTheyWere) {
  const std::string digest(64, 'a');
  for (const std::string& text :
       {std::string("store.example:8443/alice/app:1.0.0"), std::string("alice/app:0.1.0-rc.1"),
        "[::1]:8080/alice/app:0.1.0@sha-256=" + digest}) {
    const auto slug = Slug::parse(text);
    ASSERT_TRUE(slug) << text;
    EXPECT_EQ(slug->text(), text);
  }
  const auto slug = Slug::parse("store.example/alice/app/1.0.0").value();
  EXPECT_EQ(slug, (Slug{"store.example", "alice", "app", "1.0.0", ""}));
  for (const std::string& text :
       {std::string(), std::string("app:1.0.0"), std::string("alice/app"),
        std::string("alice/app:latest"), std::string("/alice/app:1.0.0"),
        std::string("a b/alice/app:1.0.0"), std::string("x/../app:1.0.0"),
        std::string("alice/app:1.0.0@sha-256=") + std::string(63, 'a'),
        std::string("alice/app:1.0.0@sha-512=") + digest, std::string("-x/alice/app:1.0.0")}) {
    EXPECT_FALSE(Slug::parse(text)) << text;
  }
}

// SHA-2 of "abc" [FIPS180].
constexpr std::string_view abc =
    "sha-224=:Iwl9IjQF2CKGQqR3vaJVsyqtvOS9oLP342ydpw==:,"
    "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:,"
    "sha-384=:ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn:,"
    "sha-512=:3a81oZNhrgUMqwSXGqvGGD+WcnoQng67EumaIcUqQ6keEe8DjqOjJpS46fyRKlREWDgPyRpPWbtRBSpV6Qo==:";

TEST(ContentDigests, AreTheHeadersOfEnarx) {
  const auto made = ContentDigest::of(core::as_bytes("abc"));
  const std::string text = made.text();
  EXPECT_TRUE(text.starts_with(abc.substr(0, abc.find(",sha-512"))));
  const auto read = ContentDigest::parse(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, made);
  EXPECT_TRUE(read->holds_for(core::as_bytes("abc")));
  EXPECT_FALSE(read->holds_for(core::as_bytes("abd")));
  const auto one =
      ContentDigest::parse("SHA-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:").value();
  EXPECT_TRUE(one.holds_for(core::as_bytes("abc")));
  EXPECT_FALSE(ContentDigest().holds_for(core::as_bytes("abc")));
}

TEST(ContentDigests, ThatAreNoneAreRefused) {
  const std::string good = "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:";
  for (const std::string& text :
       {std::string(), good + ",", "," + good, good + ", " + good, good + "," + good,
        good.substr(0, good.size() - 1), std::string("sha-256=ungW"), std::string("sha-256=::"),
        std::string("sha-256=:ungW:"),
        std::string("sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0:"),
        std::string("sha-256=: ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:")}) {
    EXPECT_FALSE(ContentDigest::parse(text)) << text;
  }
  EXPECT_EQ(ContentDigest::parse("md5=:AAAA:").error().code, ErrorCode::Unsupported);
}

files::Archive archive_of(std::initializer_list<files::ArchiveEntry> entries) {
  files::ArchiveWriter writer;
  for (const auto& entry : entries) EXPECT_TRUE(writer.add(entry));
  return files::Archive::read(std::make_shared<const std::vector<std::uint8_t>>(writer.take()))
      .value();
}

using Kind = files::ArchiveEntry::Kind;

TEST(Trees, ArePackagesFromTheLeavesUp) {
  const auto archive = archive_of({{Kind::File, 1, "Enarx.toml", core::as_bytes("abc")},
                                   {Kind::Directory, 1, "lib", {}},
                                   {Kind::File, 1, "lib/a", core::as_bytes("")},
                                   {Kind::File, 1, "main.wasm", core::as_bytes("abc")}});
  const auto nodes = tree_of(archive);
  ASSERT_TRUE(nodes);
  ASSERT_EQ(nodes->size(), 5U);
  std::vector<std::string> paths;
  for (const Node& node : *nodes) paths.push_back(node.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"", "Enarx.toml", "lib", "lib/a", "main.wasm"}));
  const Node& root = nodes->front();
  EXPECT_EQ(root.meta.type, directory_type);
  const auto directory = parse_directory(root.listing).value();
  EXPECT_EQ(directory.at("main.wasm").type, wasm_type);
  EXPECT_EQ(directory.at("Enarx.toml").type, toml_type);
  EXPECT_EQ(directory.at("lib"), (*nodes)[2].meta);
  EXPECT_EQ(to_json(directory), root.listing);
  EXPECT_TRUE(
      root.listing.starts_with("{\"Enarx.toml\":{\"digest\":{\"sha-224\":\"Iwl9IjQF2CKGQqR3"));
  EXPECT_TRUE(root.meta.digest.holds_for(core::as_bytes(root.listing)));
}

// The directory of the package that Enarx 0.7.1 tests its client with
// (tests/client/data/wasm_example) as its Drawbridge keeps it, and the digests of that text.
constexpr std::string_view example =
    R"({"Enarx.toml":{"digest":{"sha-224":"SNwnHSFEjlDHbQt1lI8QZkyjH+rfSMSBw1Ptvw==","sha-256)"
    R"(":"hbWJs+8/XYK18D9Mr2h1orkHLmDSqDYWcwvQuPPBJVc=","sha-384":"p9rVSYNRk+PdWHzgZQ5sTW3jqG)"
    R"(o53sCYwvWhhHVYjjoWQaNdZmC7Jjo0x9CE6Baq","sha-512":"yc9oyf32cGSaJSAMj51xjIAANdMoMKLo2IC)"
    R"(hzDiYonfeFA8A1BUpkhxy6j3witx3ldp9hAB8DPOXUFhZLOQYSg=="},"length":79,"type":"applicatio)"
    R"(n/toml"},"main.wasm":{"digest":{"sha-224":"vXCZCfe+zKI5GtcoOWP/RFi21EZw6m7NtloKEw==",")"
    R"(sha-256":"51LuttW2C0ohRQaAf2DtNYyeahzNcYzcSeS16Rr9bJA=","sha-384":"IilZTec69dvOzQeH8rk)"
    R"(5tZST4bhcTUjPIfI1qi2lHiXUo8YCOpIQm2vEAB/irjAL","sha-512":"zRFpR9PG1gnsjI78tYypHlst0gJg)"
    R"(UnsZo1Jn/6aXceOzEH0YGUxQjRahGBIJJ5b7C/Zmo85d/JSU5UfkJXb4Lg=="},"length":53966,"type":")"
    R"(application/wasm"}})";

TEST(Directories, OfEnarxHaveTheDigestsThatEnarxGivesThem) {
  ASSERT_EQ(example.size(), 707U);
  const auto directory = parse_directory(example);
  ASSERT_TRUE(directory);
  EXPECT_EQ(directory->at("main.wasm").length, 53966U);
  EXPECT_EQ(to_json(*directory), example);
  const auto digest = ContentDigest::parse(
      "sha-256=:Jcdf/Q0urZed/9dKu9IBq/BtWIHcvSGlsrUWkS1Rx+E=:,"
      "sha-384=:f52Mxw0vy4KHhk4MAKzfo3xfvi1sM+YpMhBaQvHMB2vGs378nyAADtEYxPlUnUoI:");
  ASSERT_TRUE(digest);
  EXPECT_TRUE(digest->holds_for(core::as_bytes(example)));
}

TEST(Trees, HaveNoLinksAndNoOddNames) {
  EXPECT_EQ(tree_of(archive_of({{Kind::Link, 1, "l", core::as_bytes("x")}})).error().code,
            ErrorCode::Unsupported);
  EXPECT_EQ(tree_of(archive_of({{Kind::File, 1, "a b", {}}})).error().code, ErrorCode::Unsupported);
}

TEST(Directories, ThatAreNoneAreRefused) {
  const std::string meta = to_json(Meta::of(core::as_bytes("abc"), wasm_type));
  EXPECT_TRUE(parse_directory("{\"a\":" + meta + "}"));
  EXPECT_TRUE(parse_directory("{}"));
  EXPECT_TRUE(parse_meta(meta.substr(0, meta.size() - 1) + ",\"custom\":1}"));
  for (const std::string& text :
       {std::string("[]"), "{\"..\":" + meta + "}", "{\"a/b\":" + meta + "}",
        "{\"a\":" + meta + ",\"a\":" + meta + "}", std::string("{\"a\":{}}"),
        std::string("{\"a\":1}"), std::string(R"({"a":{"digest":{},"length":1,"type":"t"}})"),
        std::string(R"({"a":{"digest":{"sha-256":"AAAA"},"length":1,"type":"t"}})"),
        std::string(R"({"a":{"digest":{"md5":"AAAA"},"length":1,"type":"t"}})")}) {
    EXPECT_FALSE(parse_directory(text)) << text;
  }
  EXPECT_FALSE(parse_directory(std::string(max_directory_size + 1, ' ')));
}

}  // namespace
}  // namespace merlon::registry
