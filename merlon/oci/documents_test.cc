// References, manifests, indexes, challenges, and what layers mean.

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/oci/artifact.h"
#include "merlon/oci/challenge.h"
#include "merlon/oci/client.h"
#include "merlon/oci/media_types.h"
#include "merlon/oci/reference.h"

namespace merlon::oci {
namespace {

using base::concat;

const std::string hex(64, 'a');
const std::string other_hex(64, 'b');

TEST(References, NameRegistryRepositoryAndTag) {
  const auto one = Reference::parse("oci://Registry.Example:5000/alice/my-app:1.0_x").value();
  EXPECT_EQ(one, (Reference{"registry.example:5000", false, "alice/my-app", "1.0_x", "", ""}));
  EXPECT_EQ(one.url(), "https://registry.example:5000");
  EXPECT_EQ(one.text(), "oci://registry.example:5000/alice/my-app:1.0_x");
  const auto pinned = Reference::parse(concat("oci://r/a@sha256:", hex)).value();
  EXPECT_EQ(pinned.manifest, hex);
  EXPECT_EQ(pinned.tag_text(), "");
  const auto tree = Reference::parse(concat("oci+http://127.0.0.1:5000/a:b@sha-256=", hex)).value();
  EXPECT_TRUE(tree.is_plain);
  EXPECT_EQ(tree.tree, hex);
  EXPECT_EQ(tree.url(), "http://127.0.0.1:5000");
  EXPECT_EQ(tree.bare_name(), "a:b");
  EXPECT_EQ(Reference::parse("oci://docker.io/library/x:1")->url(), "https://registry-1.docker.io");
  EXPECT_EQ(Reference::parse("oci://[::1]:5000/x:1")->host, "[::1]:5000");
}

TEST(References, AreReadStrictly) {
  for (const std::string& bad : {std::string("registry/a:1"),
                                 std::string("oci://"),
                                 std::string("oci://r"),
                                 std::string("oci://r/"),
                                 std::string("oci://r/a"),
                                 std::string("oci://r/a:"),
                                 std::string("oci:///a:1"),
                                 std::string("oci://r:/a:1"),
                                 std::string("oci://r:0x/a:1"),
                                 std::string("oci://u@r/a:1"),
                                 std::string("oci://r/A:1"),
                                 std::string("oci://r/a//b:1"),
                                 std::string("oci://r/a/:1"),
                                 std::string("oci://r/../b:1"),
                                 std::string("oci://r/a._b:1"),
                                 std::string("oci://r/-a:1"),
                                 std::string("oci://r/a-:1"),
                                 std::string("oci://r/a:-1"),
                                 std::string("oci://r/a:1:2"),
                                 std::string("oci://r/a:1/b"),
                                 std::string("oci://r/a:1?x"),
                                 std::string("oci://r/a b:1"),
                                 std::string("oci://r/a:1@"),
                                 std::string("oci://r/a%2e:1"),
                                 concat("oci://r/a:1@sha256:", hex, "a"),
                                 concat("oci://r/a:1@sha512:", hex, hex),
                                 concat("oci://r/a:1@sha256:", std::string(64, 'A')),
                                 concat("oci://r/a@sha-256=", hex),
                                 concat("oci://r/a:1@sha256:", hex, "@sha256:", hex),
                                 concat("oci://r/", hex, hex, hex, hex, ":1"),
                                 concat("oci://r/a:", hex, hex, "1")}) {
    EXPECT_FALSE(Reference::parse(bad)) << bad;
  }
  for (const std::string_view good : {"a", "a/b/c", "a.b", "a_b", "a__b", "a---b", "0/a-b.c_d"}) {
    EXPECT_TRUE(is_repository(good)) << good;
  }
}

std::string descriptor(std::string_view type, const std::string& digest = hex,
                       std::string_view more = "") {
  return concat(R"({"mediaType":")", type, R"(","digest":"sha256:)", digest, R"(","size":3)", more,
                "}");
}
std::string manifest_text(std::string_view config, const std::string& layers,
                          std::string_view more = "") {
  return concat(R"({"schemaVersion":2,"mediaType":")", manifest_type, R"(","config":)",
                descriptor(config), R"(,"layers":[)", layers, "]", more, "}");
}
Read<Manifest> manifest(std::string_view config, const std::string& layers,
                        std::string_view more = "") {
  auto document = parse_document(manifest_type, manifest_text(config, layers, more));
  if (!document) return core::Unexpected<std::string>(document.error());
  return std::get<Manifest>(*document);
}
std::string titled(std::string_view type, std::string_view title) {
  return descriptor(
      type, hex, concat(R"(,"annotations":{"org.opencontainers.image.title":")", title, R"("})"));
}

TEST(Manifests, AreWrittenAsTheyAreRead) {
  auto one = manifest(wasm_config_type, titled("application/wasm", "main.wasm"),
                      R"(,"annotations":{"a":"b"},"artifactType":"application/vnd.x.y")")
                 .value();
  EXPECT_EQ(one.layers.at(0).annotation(title_annotation), "main.wasm");
  EXPECT_EQ(one.artifact_type, "application/vnd.x.y");
  const auto again = parse_document(manifest_type, to_json(one)).value();
  EXPECT_EQ(std::get<Manifest>(again), one);
}

TEST(Manifests, ThatCouldBeReadInTwoWaysAreRefused) {
  const std::string layer = descriptor("application/wasm");
  EXPECT_FALSE(manifest(wasm_config_type, layer, R"(,"manifests":[])"));
  EXPECT_FALSE(manifest(wasm_config_type, layer, R"(,"fsLayers":[])"));
  EXPECT_FALSE(manifest(wasm_config_type, layer, R"(,"layers":[])"));
  const std::string text = manifest_text(wasm_config_type, layer);
  EXPECT_TRUE(parse_document("", text));
  EXPECT_TRUE(parse_document("application/json", text));
  EXPECT_FALSE(parse_document(index_type, text));
  EXPECT_FALSE(parse_document(docker_manifest_type, text));
  EXPECT_FALSE(parse_document("text/html", text));
  EXPECT_FALSE(parse_document(manifest_type, concat("[", text, "]")));
}

TEST(Manifests, WithWhatNoDescriptorHasAreRefused) {
  for (const std::string& bad :
       {std::string("{}"), std::string("3"), descriptor("wasm"), descriptor("a/b c"),
        descriptor("application/wasm", "abc"), descriptor("application/wasm", std::string(64, 'A')),
        concat(R"({"mediaType":"a/b","digest":"sha512:)", hex, hex, R"(","size":3})"),
        concat(R"({"mediaType":"a/b","digest":"sha256:)", hex, R"(","size":-3})"),
        concat(R"({"mediaType":"a/b","digest":"sha256:)", hex, R"("})")}) {
    EXPECT_FALSE(manifest(wasm_config_type, bad)) << bad;
  }
  std::string many = descriptor("application/wasm");
  for (std::size_t i = 0; i < max_layers; ++i) many += "," + descriptor("application/wasm");
  EXPECT_FALSE(manifest(wasm_config_type, many));
}

Read<Descriptor> chosen(const std::string& entries) {
  const auto document =
      parse_document(index_type, concat(R"({"schemaVersion":2,"manifests":[)", entries, "]}"));
  if (!document) return core::Unexpected<std::string>(document.error());
  return choose(std::get<Index>(*document));
}
std::string entry(std::string_view os, std::string_view machine, const std::string& digest = hex,
                  std::string_view more = "") {
  return descriptor(
      manifest_type, digest,
      concat(R"(,"platform":{"architecture":")", machine, R"(","os":")", os, R"("})", more));
}

TEST(Indexes, GiveTheOneForWebAssembly) {
  const std::string attestation =
      entry("unknown", "unknown", other_hex,
            R"(,"annotations":{"vnd.docker.reference.type":"attestation-manifest"})");
  EXPECT_EQ(chosen(concat(attestation, ",", entry("wasip1", "wasm")))->digest, hex);
  EXPECT_EQ(
      chosen(concat(entry("linux", "amd64", other_hex), ",", entry("wasi", "wasm32")))->digest,
      hex);
  EXPECT_EQ(chosen(descriptor(manifest_type))->digest, hex);
  const auto two = chosen(concat(entry("wasip1", "wasm"), ",", entry("wasi", "wasm", other_hex)));
  ASSERT_FALSE(two);
  EXPECT_NE(two.error().find(other_hex), std::string::npos);
  const auto none = chosen(concat(attestation, ",", entry("linux", "arm64")));
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().find("linux/arm64"), std::string::npos);
  EXPECT_EQ(none.error().find("unknown"), std::string::npos);
  EXPECT_FALSE(
      chosen(concat(descriptor(manifest_type), ",", descriptor(manifest_type, other_hex))));
  EXPECT_FALSE(chosen(descriptor(index_type)));
  EXPECT_FALSE(chosen(entry("wasip2", "wasm")));
  EXPECT_FALSE(chosen(""));
}

TEST(Layers, OfDifferentToolsAreOneModule) {
  for (const std::string_view type :
       {"application/wasm", "application/vnd.wasm.content.layer.v1+wasm",
        "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm"}) {
    for (const std::string_view config :
         {wasm_config_type, old_wasm_config_type, image_config_type, empty_config_type}) {
      const auto plan = plan_of(manifest(config, descriptor(type)).value());
      ASSERT_TRUE(plan) << type << config << plan.error();
      EXPECT_EQ(plan->layers.at(0).path, "main.wasm");
    }
    EXPECT_EQ(
        plan_of(manifest(wasm_config_type, titled(type, "hello.wasm")).value())->layers.at(0).path,
        "main.wasm");
  }
}

TEST(Layers, AreFilesByTheirTitles) {
  const auto plan =
      plan_of(manifest(unknown_config_type, concat(titled(tar_type, "./Enarx.toml"), ",",
                                                   titled("application/wasm", "main.wasm"), ",",
                                                   titled("application/octet-stream", "lib/data")))
                  .value());
  ASSERT_TRUE(plan) << plan.error();
  EXPECT_EQ(plan->layers.at(0).path, "Enarx.toml");
  EXPECT_EQ(plan->layers.at(2).path, "lib/data");
  for (const std::string_view bad : {"../x", "/x", "a//b", "a/..", ".", "a/", "a b"}) {
    EXPECT_FALSE(plan_of(manifest(empty_config_type, titled(tar_type, bad)).value())) << bad;
  }
}

TEST(Layers, OfAnotherTypeAreRefusedByName) {
  const auto refused = [](std::string_view config, const std::string& layers) {
    const auto plan = plan_of(manifest(config, layers).value());
    return plan ? std::string() : plan.error();
  };
  EXPECT_NE(refused(wasm_config_type, titled("text/x-evil", "x")).find("text/x-evil"),
            std::string::npos);
  EXPECT_NE(refused("application/vnd.spin.v1+json", descriptor("application/wasm")).find("spin"),
            std::string::npos);
  EXPECT_NE(
      refused(image_config_type, concat(descriptor(gzip_type), ",", descriptor("application/wasm")))
          .find("'application/wasm' in an image"),
      std::string::npos);
  EXPECT_NE(refused(image_config_type, descriptor(concat(tar_type, "+zstd"))).find("zstd"),
            std::string::npos);
  EXPECT_NE(refused(wasm_config_type, concat(titled("application/wasm", "a.wasm"), ",",
                                             titled("application/wasm", "b.wasm")))
                .find("none is called main.wasm"),
            std::string::npos);
  EXPECT_NE(refused(wasm_config_type, concat(titled(tar_type, "a"), ",", titled(tar_type, "a")))
                .find("two layers called"),
            std::string::npos);
  EXPECT_NE(refused(wasm_config_type, descriptor(tar_type)).find("without a title"),
            std::string::npos);
  EXPECT_NE(refused(wasm_config_type, ""), "");
}

TEST(Configurations, SayWhatTheLayersAre) {
  const auto one = manifest(wasm_config_type, descriptor("application/wasm")).value();
  const std::string good =
      concat(R"({"architecture":"wasm","os":"wasip1","layerDigests":["sha256:)", hex, R"("]})");
  EXPECT_TRUE(read_config(one, good));
  EXPECT_TRUE(read_config(one, R"({"architecture":"wasm","os":"wasip1"})"));
  EXPECT_FALSE(read_config(one, R"({"architecture":"wasm","os":"wasip1","layerDigests":["x"]})"));
  EXPECT_FALSE(read_config(one, R"({"architecture":"amd64","os":"wasip1"})"));
  EXPECT_FALSE(read_config(one, "{}"));
  const auto component = read_config(one, R"({"architecture":"wasm","os":"wasip2"})");
  ASSERT_FALSE(component);
  EXPECT_NE(component.error().find("component"), std::string::npos);
  const auto image = manifest(image_config_type, descriptor(gzip_type)).value();
  const auto config =
      read_config(image, R"({"config":{"Cmd":["/b.wasm"],"Entrypoint":["/a.wasm","x"]},)"
                         R"("rootfs":{"type":"layers","diff_ids":["sha256:1"]}})");
  ASSERT_TRUE(config) << config.error();
  EXPECT_EQ(config->program, (std::vector<std::string>{"/a.wasm", "x"}));
  EXPECT_EQ(config->diff_ids, (std::vector<std::string>{"sha256:1"}));
  EXPECT_EQ(
      read_config(image, R"({"config":{"Entrypoint":null,"Cmd":["/b.wasm"]}})")->program.at(0),
      "/b.wasm");
  EXPECT_FALSE(read_config(image, R"({"config":{"Cmd":"sh"}})"));
  EXPECT_FALSE(read_config(image, "nothing"));
}

TEST(Challenges, AreReadInEveryForm) {
  const auto one = parse_challenges(
      R"(Bearer realm="https://auth.example/token",service="registry.example" , scope="a:b:pull,push")");
  ASSERT_TRUE(one);
  ASSERT_EQ(one->size(), 1U);
  EXPECT_EQ(one->at(0).scheme, "bearer");
  EXPECT_EQ(one->at(0).parameter("realm"), "https://auth.example/token");
  EXPECT_EQ(one->at(0).parameter("scope"), "a:b:pull,push");
  const auto three =
      parse_challenges(R"(Negotiate abc/==, NTLM, Basic realm="a \"b\", c=d", charset=UTF-8)");
  ASSERT_TRUE(three);
  ASSERT_EQ(three->size(), 3U);
  EXPECT_EQ(three->at(2).parameter("realm"), R"(a "b", c=d)");
  EXPECT_EQ(three->at(2).parameter("charset"), "UTF-8");
  EXPECT_TRUE(parse_challenges("")->empty());
  for (const std::string& bad :
       {std::string(R"(realm="x")"), std::string(R"(Bearer realm="x)"), std::string(R"(Bearer a=)"),
        std::string(R"(Bearer a="x",A="y")"), std::string(R"(Bearer a="x" b="y")"),
        std::string("Bearer a=\"x\ny\""), std::string("\"Bearer\""), std::string(9000, 'a')}) {
    if (bad == "Bearer a=") continue;  // a token68
    EXPECT_FALSE(parse_challenges(bad)) << bad;
  }
}

TEST(Tokens, AreWhatAHeaderCanHold) {
  EXPECT_EQ(parse_token(R"({"token":"abc","expires_in":60})").value(), "abc");
  EXPECT_EQ(parse_token(R"({"access_token":"abc"})").value(), "abc");
  for (const std::string& bad :
       {std::string("{}"), std::string("[]"), std::string(R"({"token":""})"),
        std::string(R"({"token":"a b"})"), std::string(R"({"token":"a\n"})"),
        std::string(R"({"token":7})"), concat(R"({"token":")", std::string(20000, 'a'), R"("})")}) {
    EXPECT_FALSE(parse_token(bad)) << bad;
  }
  EXPECT_EQ(error_text(R"({"errors":[{"code":"DENIED","message":"no\u001b[1m"}]})"),
            "DENIED: no\\x1b[1m");
  EXPECT_EQ(error_text("<html>"), "");
}

TEST(Credentials, GoToWhoGivesTokensForTheRegistry) {
  EXPECT_TRUE(may_have_credentials("ghcr.example", "ghcr.example", ""));
  EXPECT_TRUE(may_have_credentials("registry.gitlab.example", "gitlab.example", ""));
  EXPECT_TRUE(may_have_credentials("registry-1.docker.io", "auth.docker.io", ""));
  EXPECT_TRUE(may_have_credentials("docker.io", "auth.docker.io", ""));
  EXPECT_TRUE(may_have_credentials("a.example", "tokens.other", "tokens.other"));
  EXPECT_FALSE(may_have_credentials("a.example", "b.example", ""));
  EXPECT_FALSE(may_have_credentials("a.example", "evil-a.example", ""));
  EXPECT_FALSE(may_have_credentials("evila.example", "a.example", ""));
  EXPECT_FALSE(may_have_credentials("a.example", "example", ""));
  EXPECT_FALSE(may_have_credentials("10.0.0.1", "0.0.1", ""));
  EXPECT_FALSE(may_have_credentials("evil-docker.io", "auth.docker.io", ""));
}

}  // namespace
}  // namespace merlon::oci
