#include "merlon/steward_service/records.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace merlon::steward_service {
namespace {

class KeptRecords : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "recordsXXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    scratch_ = name;
    directory_ = scratch_ + "/new/state";
  }
  void TearDown() override { std::filesystem::remove_all(scratch_); }

  static codec::UnixTime now() { return {1'000'000}; }
  std::unique_ptr<Records> open() const {
    auto opened = open_records(directory_, &now);
    EXPECT_TRUE(opened) << opened.error();
    return *std::move(opened);
  }

  std::string scratch_;
  std::string directory_;
};

steward::Certified one() {
  steward::Certified certified;
  certified.issuances.emplace_back();
  certified.issuances[0].serial = {1, 2};
  certified.seen.evaluation_number = 17;
  return certified;
}

TEST_F(KeptRecords, AreThereAfterANewStart) {
  std::string last;
  {
    const auto records = open();
    EXPECT_EQ(records->log()->records, 0U);
    EXPECT_TRUE(records->keep(one()));
    last = records->log()->last;
  }
  const auto again = open();
  EXPECT_EQ(again->memory().evaluation_number, 17U);
  EXPECT_EQ(again->log()->records, 1U);
  EXPECT_EQ(again->log()->last, last);
  EXPECT_EQ(log_path(directory_), directory_ + "/issued.log");
  EXPECT_EQ(log_path(directory_ + "/issued.log"), directory_ + "/issued.log");
}

TEST_F(KeptRecords, AreForTheStewardAlone) {
  const auto records = open();
  EXPECT_EQ(std::filesystem::status(directory_).permissions(), std::filesystem::perms::owner_all);
}

TEST_F(KeptRecords, DamageEndsTheStart) {
  static_cast<void>(open());
  std::ofstream(directory_ + "/seen.json") << "{";
  EXPECT_FALSE(open_records(directory_, &now));
}

TEST_F(KeptRecords, APlaceThatCannotBeMadeIsSaid) {
  std::ofstream(scratch_ + "/file") << "";
  const auto opened = open_records(scratch_ + "/file/state", &now);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().find("cannot be made"), std::string::npos);
}

TEST_F(KeptRecords, WithoutAPlaceTheyLastAsLongAsTheProcess) {
  const auto records = open_records("", &now);
  ASSERT_TRUE(records);
  EXPECT_TRUE((*records)->keep(one()));
  EXPECT_EQ((*records)->memory().evaluation_number, 17U);
  EXPECT_FALSE((*records)->log().has_value());
}

}  // namespace
}  // namespace merlon::steward_service
