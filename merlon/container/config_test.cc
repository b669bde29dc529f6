#include "merlon/container/config.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"

namespace merlon::container {
namespace {

using base::concat;

/// A whole configuration with these members beside the ones it must have.
std::string config_with(std::string_view more, std::string_view linux_part = "{}") {
  return concat(R"({"ociVersion":"1.0.2","process":{"args":["/a.wasm"],"cwd":"/"},)",
                R"("root":{"path":"rootfs"},"linux":)", linux_part, more.empty() ? "" : ",", more,
                "}");
}

std::string refusal_of(const std::string& text) {
  const auto config = read_config(text);
  return config ? "none" : config.error().text;
}

TEST(Config, TheLeastThereMustBe) {
  const auto config = read_config(config_with(""));
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->process.arguments, std::vector<std::string>{"/a.wasm"});
  EXPECT_EQ(config->network.kind, Network::Kind::Host);
  EXPECT_FALSE(config->root_read_only);
}

TEST(Config, NullIsAsGoodAsNothing) {
  EXPECT_TRUE(read_config(config_with(R"("hooks":null,"mounts":null,"annotations":null)",
                                      R"({"resources":null,"devices":null})")));
}

TEST(Config, NegativeNumbersAreNoLimit) {
  const auto config =
      read_config(config_with("", R"({"resources":{"memory":{"limit":-1,"swap":99},)"
                                  R"("cpu":{"quota":-1},"pids":{"limit":-7}}})"));
  ASSERT_TRUE(config);
  EXPECT_EQ(config->resources.memory_limit, -1);
  EXPECT_EQ(config->resources.memory_and_swap_limit, 99);
  EXPECT_EQ(config->resources.processes, -7);
}

TEST(Config, WhatAKeepCannotHonourIsNamed) {
  const auto names = [](std::string_view linux_part, std::string_view key) {
    const std::string text = refusal_of(config_with("", linux_part));
    EXPECT_NE(text.find(key), std::string::npos) << text;
  };
  names(R"({"devices":[{"path":"/dev/fuse"}]})", "linux.devices");
  names(R"({"namespaces":[{"type":"time"}]})", "clock");
  names(R"({"namespaces":[{"type":"user","path":"/proc/1/ns/user"}]})", "users");
  names(R"({"namespaces":[{"type":"pid"},{"type":"pid"}]})", "twice");
  names(R"({"namespaces":[{"type":"moon"}]})", "moon");
  names(R"({"resources":{"cpu":{"realtimeRuntime":5}}})", "realtimeRuntime");
  names(R"({"resources":{"blockIO":{"throttleReadBpsDevice":[{"rate":1}]}}})", "throttleReadBps");
  names(R"({"resources":{"memory":{"disableOOMKiller":true}}})", "disableOOMKiller");
  names(R"({"resources":{"cpu":{"cpus":"0-1\n"}}})", "cpus");
  names(R"({"sysctl":{"kernel.hostname":"x"}})", "kernel.hostname");
  names(R"({"sysctl":{"net.ipv4.ip_forward":"1"}})", "ip_forward");  // no network of its own
  names(R"({"uidMappings":[{"containerID":0,"hostID":4294967295,"size":2}]})", "uidMappings");
}

TEST(Config, MountsOfTheMachineArePassedOver) {
  const auto config = read_config(config_with(
      R"("mounts":[{"destination":"/proc","type":"proc"},{"destination":"/dev","type":"tmpfs"},)"
      R"({"destination":"/dev/pts","type":"devpts"},{"destination":"/etc/hosts","type":"bind",)"
      R"("source":"/x"},{"destination":"/tmp","type":"tmpfs"},{"destination":"/a//b/../c/",)"
      R"("type":"none","source":"/d","options":["rbind","ro"]}])"));
  ASSERT_TRUE(config) << config.error().text;
  ASSERT_EQ(config->mounts.size(), 2U);
  EXPECT_EQ(config->mounts[0].kind, Mount::Kind::Memory);
  EXPECT_EQ(config->mounts[1].destination, "/a/c");
  EXPECT_TRUE(config->mounts[1].read_only);
}

TEST(Config, ALaterMountHidesAnEarlierOne) {
  const auto config = read_config(
      config_with(R"("mounts":[{"destination":"/x","type":"tmpfs"},{"destination":"/y/../x",)"
                  R"("type":"bind","source":"/d"}])"));
  ASSERT_TRUE(config);
  ASSERT_EQ(config->mounts.size(), 1U);
  EXPECT_EQ(config->mounts[0].source, "/d");
}

TEST(Config, MountsThatAreNeitherDirectoryNorMemory) {
  for (const char* mount :
       {R"({"destination":"/x","type":"overlay"})", R"({"destination":"/../x","type":"tmpfs"})",
        R"({"destination":"/dev/data","type":"bind","source":"/d"})",
        R"({"destination":"/x","type":"bind"})", R"({"type":"tmpfs"})",
        R"({"destination":"/x","type":"bind","source":"/d","options":["idmap"]})"}) {
    EXPECT_NE(refusal_of(config_with(concat(R"("mounts":[)", mount, "]"))).find("mounts[0]"),
              std::string::npos)
        << mount;
  }
}

TEST(Config, HooksOfTheContainerItself) {
  EXPECT_NE(refusal_of(config_with(R"("hooks":{"startContainer":[{"path":"/x"}]})"))
                .find("startContainer"),
            std::string::npos);
  EXPECT_NE(refusal_of(config_with(R"("hooks":{"prestart":[{"path":"x"}]})")).find("absolute"),
            std::string::npos);
}

TEST(Config, VersionsAndOtherSystems) {
  EXPECT_NE(refusal_of(R"({"ociVersion":"2.0.0"})").find("ociVersion"), std::string::npos);
  EXPECT_NE(refusal_of(config_with(R"("windows":{})")).find("Linux"), std::string::npos);
  EXPECT_NE(refusal_of("[]").find("no object"), std::string::npos);
  EXPECT_NE(refusal_of(std::string(max_config_size + 1, ' ')).find("large"), std::string::npos);
}

TEST(Config, VariablesWithoutAName) {
  const std::string text =
      R"({"ociVersion":"1.0.2","process":{"args":["a"],"cwd":"/","env":["=x"]},"root":{"path":"r"}})";
  EXPECT_NE(refusal_of(text).find("NAME=VALUE"), std::string::npos);
}

TEST(IdMapping, FirstLastAndNone) {
  const std::vector<IdMapping> mappings{{0, 100000, 10}, {500, 7, 1}};
  EXPECT_EQ(outside_of(mappings, 0), 100000U);
  EXPECT_EQ(outside_of(mappings, 9), 100009U);
  EXPECT_EQ(outside_of(mappings, 10), std::nullopt);
  EXPECT_EQ(outside_of(mappings, 500), 7U);
}

}  // namespace
}  // namespace merlon::container
