#include "merlon/workload/package.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "merlon/os/open.h"
#include "merlon/os/testing/scratch.h"

namespace merlon::workload {
namespace {

class Packages : public ::testing::Test {
 protected:
  std::string refusal(const std::string& path,
                      const std::optional<std::string>& config = std::nullopt) {
    const auto package = open_package(path, config);
    if (package) return "accepted";
    std::string text = package.error().text;
    const std::size_t at = text.find(scratch_.path());
    return at == std::string::npos ? text : text.replace(at, scratch_.path().size(), "");
  }

  static std::string content(os::BorrowedFd fd) {
    const auto bytes = os::read_all(fd, 100);
    return bytes ? std::string(core::as_text(*bytes)) : "";
  }

  os::testing::ScratchDirectory scratch_;
};

TEST_F(Packages, AWasmFileHasTheStandardStreams) {
  scratch_.make_file("app.wasm", "module");
  const auto package = open_package(scratch_ / "app.wasm", std::nullopt);
  ASSERT_TRUE(package.has_value());
  EXPECT_EQ(content(package->module), "module");
  EXPECT_EQ(package->name, scratch_ / "app.wasm");
  EXPECT_EQ(package->config.files(), Config::standard().files());
}

TEST_F(Packages, AFileBesideAnEnarxTomlDoesNotTakeIt) {
  scratch_.make_file("main.wasm");
  scratch_.make_file("Enarx.toml", "args = ['x']");
  const auto package = open_package(scratch_ / "main.wasm", std::nullopt);
  ASSERT_TRUE(package.has_value());
  EXPECT_TRUE(package->config.arguments().empty());
}

TEST_F(Packages, ADirectoryTakesItsOwnEnarxToml) {
  scratch_.make_file("main.wasm", "module");
  scratch_.make_file("Enarx.toml", "args = ['x']");
  const auto package = open_package(scratch_.path(), std::nullopt);
  ASSERT_TRUE(package.has_value());
  EXPECT_EQ(content(package->module), "module");
  EXPECT_EQ(package->name, scratch_ / "main.wasm");
  EXPECT_EQ(package->config.arguments(), std::vector<std::string>{"x"});
}

TEST_F(Packages, ADirectoryNeedsNoEnarxToml) {
  scratch_.make_file("main.wasm");
  const auto package = open_package(scratch_.path(), std::nullopt);
  ASSERT_TRUE(package.has_value());
  EXPECT_EQ(package->config.files().size(), 3U);
}

TEST_F(Packages, ANamedConfigurationReplacesTheDirectorysOwn) {
  scratch_.make_file("main.wasm");
  scratch_.make_file("Enarx.toml", "broken");
  scratch_.make_file("other.toml", "args = ['other']");
  const auto package = open_package(scratch_.path(), scratch_ / "other.toml");
  ASSERT_TRUE(package.has_value());
  EXPECT_EQ(package->config.arguments(), std::vector<std::string>{"other"});
}

TEST_F(Packages, RefusalsNameTheFile) {
  EXPECT_EQ(refusal(scratch_ / "gone"), "/gone: cannot be read: No such file or directory");
  EXPECT_EQ(refusal(scratch_.path()),
            ": has no main.wasm; a package is a directory with main.wasm and, if it needs more "
            "than standard streams, Enarx.toml");
  scratch_.make_file("main.wasm");
  scratch_.make_file("Enarx.toml", "args = 1");
  EXPECT_EQ(refusal(scratch_.path()),
            "/Enarx.toml:1: args: must be an array of strings, not an integer");
  EXPECT_EQ(refusal(scratch_ / "main.wasm", scratch_ / "gone.toml"),
            "/gone.toml: cannot be read: No such file or directory");
  scratch_.make_file("Enarx.toml", std::string(max_config_size + 1, ' '));
  EXPECT_EQ(refusal(scratch_.path()), "/Enarx.toml: is longer than 1000000 bytes");
}

TEST_F(Packages, ADirectoryInPlaceOfAFileIsRefused) {
  scratch_.make_directory("main.wasm");
  EXPECT_EQ(refusal(scratch_.path()), "/main.wasm: cannot be read: Is a directory");
}

TEST_F(Packages, ReadCertificatesThatLieBesideTheConfiguration) {
  scratch_.make_file("main.wasm", "module");
  scratch_.make_file("Enarx.toml",
                     "steward_trust = ['ca.pem']\n"
                     "files = [{kind='connect', host='h', trust=['ca.pem', 'two.pem']}]");
  const std::string one = "-----BEGIN CERTIFICATE-----\nAQI=\n-----END CERTIFICATE-----\n";
  scratch_.make_file("ca.pem", one);
  EXPECT_EQ(refusal(scratch_ / ""), "/two.pem: cannot be read: No such file or directory");
  scratch_.make_file("two.pem", one + one);
  const auto package = open_package(scratch_ / "", std::nullopt);
  ASSERT_TRUE(package.has_value()) << package.error().text;
  const Certificate certificate{1, 2};
  EXPECT_EQ(package->anchors.at("ca.pem"), std::vector<Certificate>(1, certificate));
  EXPECT_EQ(package->anchors.at("two.pem").size(), 2U);
  scratch_.make_file("two.pem", "no certificate");
  EXPECT_EQ(refusal(scratch_ / ""), "/two.pem: holds no certificate");
}

TEST_F(Packages, WhatIsMountedComesAlong) {
  scratch_.make_file("main.wasm", "module");
  scratch_.make_directory("lib");
  scratch_.make_file("lib/a", "text");
  EXPECT_TRUE(open_package(scratch_.path(), std::nullopt)->archive.empty());
  scratch_.make_file("Enarx.toml", "[[mounts]]\npath = '/lib'\nsource = 'lib'");
  EXPECT_FALSE(open_package(scratch_.path(), std::nullopt)->archive.empty());
  EXPECT_FALSE(open_package(scratch_ / "main.wasm", scratch_ / "Enarx.toml")->archive.empty());
  scratch_.make_file("Enarx.toml", "[[mounts]]\npath = '/lib'\nsource = 'none'");
  EXPECT_EQ(refusal(scratch_.path()), "/none: cannot be mounted: No such file or directory");
}

TEST_F(Packages, OfSomebodyElseLeadNowhere) {
  scratch_.make_file("secret", "args = ['secret']");
  scratch_.make_directory("pack");
  scratch_.make_file("pack/main.wasm", "module");
  const auto open = [&] {
    const auto directory = os::open_directory(scratch_ / "pack");
    const auto package = open_package_in(*directory, "/pack");
    return package ? std::string("open") : package.error().text;
  };
  EXPECT_EQ(open(), "open");
  std::filesystem::create_symlink("../secret", scratch_ / "pack/Enarx.toml");
  EXPECT_NE(open().find("/pack/Enarx.toml: cannot be read"), std::string::npos);
  std::filesystem::remove(scratch_ / "pack/Enarx.toml");
  std::filesystem::create_symlink("main.wasm", scratch_ / "pack/inside");
  std::filesystem::rename(scratch_ / "pack/main.wasm", scratch_ / "pack/real");
  std::filesystem::create_symlink("real", scratch_ / "pack/main.wasm");
  EXPECT_EQ(open(), "open");
  scratch_.make_file("pack/Enarx.toml", "[[mounts]]\npath = '/d'\nsource = '../..'");
  EXPECT_NE(open(), "open");
  std::filesystem::remove(scratch_ / "pack/real");
  EXPECT_NE(open().find("no main.wasm"), std::string::npos);
}

}  // namespace
}  // namespace merlon::workload
