#include "merlon/steward_service/files.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace merlon::steward_service {
namespace {

/// A directory of its own for each test.
class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "stewardXXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string put(const std::string& name, const std::string& text) {
    std::ofstream(directory_ + "/" + name) << text;
    return directory_ + "/" + name;
  }
  std::string directory_;
};

TEST_F(Files, SaysWhichFileCannotBeReadAndWhy) {
  const auto result = read_file(directory_ + "/none", 10);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().find("/none: cannot be read: "), std::string::npos);
  EXPECT_NE(read_file(put("big", "12345678901"), 10).error().find("larger than 10"),
            std::string::npos);
}

TEST_F(Files, NamesOfADirectoryAreSortedAndNoneIsHidden) {
  put("b", "");
  put("a", "");
  put(".c", "");
  std::filesystem::create_directory(directory_ + "/d");
  EXPECT_EQ(*names_in(directory_), (std::vector<std::string>{"a", "b"}));
}

TEST_F(Files, WhatIsNoEndorsementIsWarnedOfInADirectoryAndRefusedWhereItIsNamed) {
  const std::string path = put("note.txt", "hello");
  const auto given = read_endorsements({directory_});
  ASSERT_TRUE(given);
  EXPECT_EQ(given->all.size(), 0U);
  EXPECT_EQ(given->warnings.size(), 2U);
  EXPECT_FALSE(read_endorsements({path}));
  EXPECT_FALSE(read_endorsements({directory_ + "/none"}));
}

TEST_F(Files, ARevocationListThatCannotBeReadIsNeverPassedOver) {
  put("root.crl", "hello");
  EXPECT_FALSE(read_endorsements({directory_}));
}

TEST_F(Files, AFingerprintChangesWithAFileItsSizeAndItsNeighbours) {
  const auto print = [&](const std::string& path) {
    std::vector<std::string> lines;
    add_fingerprint(lines, path);
    return lines;
  };
  const std::string path = put("a", "1");
  const auto first = print(path);
  EXPECT_EQ(print(path), first);
  put("a", "12");
  EXPECT_NE(print(path), first);
  const auto all = print(directory_);
  put("b", "");
  EXPECT_NE(print(directory_), all);
  EXPECT_NE(print(directory_ + "/none"), print(directory_ + "/b"));
  EXPECT_TRUE(print("").empty());
}

}  // namespace
}  // namespace merlon::steward_service
