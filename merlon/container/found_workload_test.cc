#include "merlon/container/found_workload.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "merlon/container/settings.h"
#include "merlon/os/open.h"

namespace merlon::container {
namespace {

class Image : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "merlon-image-XXXXXX";
    path_ = ::mkdtemp(name.data());
    std::filesystem::create_directories(path_ + "/bin");
    write("app.wasm", module_);
    write("bin/tool", module_);
    write("text", "#!/bin/sh\n");
    write("short", module_.substr(0, 3));
  }
  void TearDown() override { std::filesystem::remove_all(path_); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + "/" + name) << text;
  }
  /// "no" for what is no WebAssembly, else its path, or the status of the refusal.
  [[nodiscard]] std::string found(const Outline& outline) const {
    const auto root = os::open_directory(path_);
    const auto workload = find_workload(*root, outline);
    if (!workload) return std::to_string(static_cast<int>(workload.error().status));
    return *workload ? (*workload)->name : "no";
  }
  const std::string module_{"\0asm\1\0\0\0", 8};
  std::string path_;
};

TEST_F(Image, ByPathAndByName) {
  EXPECT_EQ(found({"", {"/app.wasm"}, {}, "/", {}}), "/app.wasm");
  EXPECT_EQ(found({"", {"tool"}, {"PATH=/usr/bin:/bin"}, "/", {}}), "/bin/tool");
  EXPECT_EQ(found({"", {"./tool"}, {}, "/bin", {}}), "/bin/./tool");
  EXPECT_EQ(found({"", {"app.wasm"}, {}, "/", {}}), "/app.wasm");
  EXPECT_EQ(found({"", {"/none"}, {}, "/", {}}), "127");
  EXPECT_EQ(found({"", {"none"}, {"PATH="}, "/", {}}), "127");
}

TEST_F(Image, WhatIsNoWebAssembly) {
  for (const char* name : {"/text", "/short", "/bin", "/"}) {
    EXPECT_EQ(found({"", {name}, {}, "/", {}}), "no") << name;
  }
}

TEST_F(Image, APackageIsADirectoryWithAModule) {
  write("bin/main.wasm", module_);
  EXPECT_EQ(found({"", {"/bin"}, {}, "/", {}}), "/bin");
  EXPECT_EQ(found({"", {"x"}, {}, "/", {{std::string(annotation::package), "/bin"}}}), "/bin");
}

TEST(Side, ByAnnotations) {
  const auto side = [](const char* name, const char* value) {
    return told_side({"", {}, {}, "", {{name, value}}});
  };
  EXPECT_EQ(*side("org.merlon.runtime", "native"), false);
  EXPECT_EQ(*side("org.merlon.runtime", "keep"), true);
  EXPECT_EQ(*side("run.oci.handler", "wasm"), true);
  EXPECT_EQ(*side("module.wasm.image/variant", "compat"), true);
  EXPECT_EQ(*side("other", "x"), std::nullopt);
  EXPECT_FALSE(side("org.merlon.runtime", "maybe"));
}

TEST(Settings, OnlyKnownKeysWithTexts) {
  const auto settings = parse_settings("native-runtime = \"crun\"\nbackend = \"kvm\"\n", "f");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->native_runtime, "crun");
  EXPECT_EQ(settings->backend, host::Backend::Kvm);
  for (const char* wrong :
       {"x = 1", "backend = \"cloud\"", "backend = 1", "volumes = \"\"", "= ="}) {
    EXPECT_FALSE(parse_settings(wrong, "f")) << wrong;
  }
}

}  // namespace
}  // namespace merlon::container
