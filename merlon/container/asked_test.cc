#include "merlon/container/asked.h"

#include <gtest/gtest.h>

#include "merlon/container/found_workload.h"

namespace merlon::container {
namespace {

using Annotations = std::map<std::string, std::string>;

const std::string digest(64, 'a');
const Annotations sealed{{"org.merlon.backend", "snp-sim"},
                         {"org.merlon.workload", "sealed"},
                         {"org.merlon.door", "127.0.0.1:7000"}};

Config config_with(Annotations annotations) {
  Config config;
  config.process.arguments = {"/app.wasm"};
  config.annotations = std::move(annotations);
  return config;
}

Annotations with(Annotations base, const std::string& name, const std::string& value) {
  base[name] = value;
  return base;
}

std::string refusal(Annotations annotations) {
  const auto asked = read_asked(config_with(std::move(annotations)), {});
  return asked ? "" : asked.error().text;
}

TEST(Asked, NothingIsTheStrongestBackendAndTheImage) {
  const auto asked = read_asked(config_with({{"other", "x"}}), {});
  ASSERT_TRUE(asked) << asked.error().text;
  EXPECT_FALSE(asked->backend);
  EXPECT_FALSE(asked->sealed);
}

TEST(Asked, ASealedOneHasTerms) {
  Annotations all = sealed;
  all["org.merlon.tenant"] = "sha256:" + digest;
  all["org.merlon.policy"] = digest;
  all["org.merlon.steward"] = "https://steward.example/";
  all["org.merlon.registry"] = "registry.example:8443";
  all["org.merlon.listen"] = "tls://0.0.0.0:443, [::]:80";
  all["org.merlon.connect"] = "*:443";
  const auto asked = read_asked(config_with(all), {});
  ASSERT_TRUE(asked) << asked.error().text;
  EXPECT_TRUE(asked->sealed);
  EXPECT_EQ(asked->door, (door::Place{"127.0.0.1", 7000}));
  EXPECT_TRUE(asked->terms.tenant && asked->terms.policy && asked->terms.volumes);
  EXPECT_EQ(asked->terms.steward, (door::Place{"steward.example", 443}));
  EXPECT_EQ(asked->terms.listen, (std::vector<door::Place>{{"0.0.0.0", 443}, {"::", 80}}));
  EXPECT_EQ(asked->terms.connect, (std::vector<door::Place>{{"*", 443}}));
}

TEST(Asked, WhatCannotBeIsNamed) {
  const std::pair<Annotations, std::string> refused[] = {
      {{{"org.merlon.polcy", "x"}}, "org.merlon.polcy: there is no such one"},
      {{{"org.merlon.backend", "tdx"}}, "there is no"},
      {{{"org.merlon.backend", "snp-sim"}}, "gets its workload from its tenant"},
      {{{"org.merlon.workload", "x"}}, "neither sealed nor image"},
      {{{"org.merlon.workload", "sealed"}}, "nothing attests"},
      {{{"org.merlon.backend", "nil"}, {"org.merlon.workload", "sealed"}}, "nothing attests"},
      {{{"org.merlon.tenant", digest}}, "org.merlon.tenant: only where"},
      {{{"org.merlon.policy", digest}}, "org.merlon.policy: only where"},
      {{{"org.merlon.steward", "http://a"}}, "org.merlon.steward"},
      {{{"org.merlon.steward", "https://a/'\nargs = []\nx='"}}, "org.merlon.steward"},
      {{{"org.merlon.listen", "80"}}, "org.merlon.listen"},
      {{{"org.merlon.listen", "udp://0.0.0.0:80"}}, "org.merlon.listen"},
      {{{"org.merlon.timeout", "soon"}}, "org.merlon.timeout"},
      {{{"org.merlon.max-memory", "0"}}, "org.merlon.max-memory"},
      {with(sealed, "org.merlon.door", "*:7000"), "org.merlon.door"},
      {with(sealed, "org.merlon.door", ""), "org.merlon.door"},
      {with(sealed, "org.merlon.tenant", "ab"), "org.merlon.tenant"},
      {with(sealed, "org.merlon.policy", "x"), "org.merlon.policy"},
      {with(sealed, "org.merlon.registry", "x"), "org.merlon.registry"},
      {with(sealed, "org.merlon.package", "/p"), "org.merlon.package: the tenant's to say"},
      {with(sealed, "org.merlon.invoke", "f"), "org.merlon.invoke: the tenant's to say"}};
  for (const auto& [annotations, words] : refused) {
    EXPECT_NE(refusal(annotations).find(words), std::string::npos) << refusal(annotations);
  }
}

TEST(Asked, ABundleSaysNothingOfASealedWorkload) {
  const auto refused = [](auto change) {
    Config config = config_with(sealed);
    change(config);
    const auto asked = read_asked(config, {});
    return asked ? std::string() : asked.error().text;
  };
  EXPECT_EQ(refused([](Config&) {}), "");
  EXPECT_NE(refused([](Config& c) { c.process.arguments.emplace_back("x"); }).find("process.args"),
            std::string::npos);
  EXPECT_NE(refused([](Config& c) { c.process.terminal = true; }).find("process.terminal"),
            std::string::npos);
  EXPECT_NE(refused([](Config& c) {
              c.mounts.push_back({Mount::Kind::Directory, "/data", "/srv", true});
            }).find("mounts: at '/data'"),
            std::string::npos);
}

TEST(Asked, AModuleGetsTheSocketsOfTheAnnotations) {
  const auto asked = read_asked(config_with({{"org.merlon.listen", "0.0.0.0:8080 tls://[::]:8443"},
                                             {"org.merlon.connect", "tcp://DB.example:5432"},
                                             {"org.merlon.steward", "https://steward.example"}}),
                                {});
  ASSERT_TRUE(asked) << asked.error().text;
  const auto config = config_of(*asked);
  ASSERT_TRUE(config) << config.error().text;
  ASSERT_EQ(config->files().size(), 5U);
  const auto& plain = std::get<workload::ListenFile>(config->files()[3]);
  EXPECT_EQ(plain.address, "0.0.0.0");
  EXPECT_EQ(plain.port, 8080);
  EXPECT_EQ(plain.protocol, workload::Protocol::Tcp);
  EXPECT_EQ(std::get<workload::ListenFile>(config->files()[4]).protocol, workload::Protocol::Tls);
  ASSERT_EQ(config->allowed().size(), 1U);
  EXPECT_EQ(config->allowed()[0].name, "db.example");
  EXPECT_EQ(config->steward(), "https://steward.example");
  const auto any = read_asked(config_with({{"org.merlon.listen", "*:80"}}), {});
  ASSERT_TRUE(any);
  EXPECT_FALSE(config_of(*any));
}

TEST(Asked, APackageStaysWithinThem) {
  const auto config = workload::Config::parse(
      "[[files]]\nkind = 'listen'\nname = 'web'\nprot = 'tcp'\nport = 80\n[[allow]]\nname = 'db'\nport = 1\n",
      "t");
  ASSERT_TRUE(config);
  const auto refused = [&](Annotations annotations) {
    const auto asked = read_asked(config_with(std::move(annotations)), {});
    const auto checked = check_bounds(*asked, *config);
    return checked ? std::string() : checked.error().text;
  };
  EXPECT_EQ(refused({}), "");
  EXPECT_EQ(refused({{"org.merlon.listen", "*:80"}, {"org.merlon.connect", "db:*"}}), "");
  EXPECT_NE(refused({{"org.merlon.listen", "*:81"}}).find("[::]:80"), std::string::npos);
  EXPECT_NE(refused({{"org.merlon.connect", ""}}).find("db:1"), std::string::npos);
  EXPECT_NE(refused({{"org.merlon.steward", "https://a"}}).find("names none"), std::string::npos);
}

}  // namespace
}  // namespace merlon::container
