#include "merlon/gatehouse/control_groups.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace merlon::gatehouse {
namespace {

namespace fs = std::filesystem;

/// A directory that looks like the kernel's; what is written stays, and nothing is limited.
class FakeGroups : public ::testing::Test {
 protected:
  FakeGroups() {
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  ~FakeGroups() override { fs::remove_all(root_); }

  void put(const std::string& path) const {
    fs::create_directories(fs::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << "";
  }
  void make_version_1() const {
    for (const char* const each : {"memory", "cpu", "pids"}) {
      put(std::string("/") + each + "/cgroup.procs");
    }
  }
  [[nodiscard]] std::string text(const std::string& path) const {
    std::ostringstream all;
    all << std::ifstream(root_ + path).rdbuf();
    return all.str();
  }
  [[nodiscard]] bool there(const std::string& path) const { return fs::exists(root_ + path); }
  /// Files in a group are the kernel's and go with it.
  void empty(const std::string& path) const {
    for (const auto& each : fs::directory_iterator(root_ + path)) fs::remove(each.path());
  }

  const std::string root_ = testing::TempDir() + "groups-" + std::to_string(::getpid());
  static constexpr GroupLimits limits_{1U << 30U, 150, 64};
};

TEST_F(FakeGroups, OfVersion2AreBelowOnesOwn) {
  put("/service/cgroup.procs");
  put("/cgroup.controllers");
  const auto groups = ControlGroups::find("", "0::/service\n", root_, "ab");
  ASSERT_TRUE(groups) << groups.error();
  EXPECT_EQ(groups->described(), "version 2, " + root_ + "/service");
  EXPECT_EQ(text("/service/cgroup.subtree_control"), "+memory +cpu +pids");
  const auto made = groups->make("id", limits_);
  ASSERT_TRUE(made);
  EXPECT_EQ(
      *made,
      (std::vector<Group>{{root_ + "/service/merlon-ab-id", root_ + "/service/merlon-gatehouse"}}));
  EXPECT_EQ(text("/service/merlon-ab-id/memory.max"), "1073741824");
  EXPECT_EQ(text("/service/merlon-ab-id/cpu.max"), "150000 100000");
  EXPECT_EQ(text("/service/merlon-ab-id/pids.max"), "64");
  ASSERT_TRUE(enter(*made));
  EXPECT_EQ(text("/service/merlon-ab-id/cgroup.procs"), "0");
  empty("/service/merlon-ab-id");
  leave(*made);
  EXPECT_EQ(text("/service/merlon-gatehouse/cgroup.procs"), "0");
  EXPECT_FALSE(there("/service/merlon-ab-id"));
}

TEST_F(FakeGroups, OfVersion1AreOneForEachController) {
  make_version_1();
  put("/memory/a/b/cgroup.procs");
  // What /proc says of "cpu" is not there, as within a container.
  const auto groups =
      ControlGroups::find("", "4:memory:/a/b\n2:cpu,cpuacct:/gone\n8:pids:/\n0::/\n", root_, "ab");
  ASSERT_TRUE(groups) << groups.error();
  EXPECT_EQ(groups->described(), "version 1, memory cpu pids");
  ASSERT_TRUE(groups->make("id", limits_));
  EXPECT_EQ(text("/memory/a/b/merlon-ab-id/memory.limit_in_bytes"), "1073741824");
  EXPECT_EQ(text("/cpu/merlon-ab-id/cpu.cfs_quota_us"), "150000");
  EXPECT_EQ(text("/cpu/merlon-ab-id/cpu.cfs_period_us"), "100000");
  EXPECT_EQ(text("/pids/merlon-ab-id/pids.max"), "64");
}

TEST_F(FakeGroups, WithoutALimitHaveNone) {
  make_version_1();
  const auto groups = ControlGroups::find(root_, "", "/nowhere", "ab");
  ASSERT_TRUE(groups);
  ASSERT_TRUE(groups->make("id", {}));
  for (const char* const each : {"memory", "cpu", "pids"}) {
    EXPECT_TRUE(fs::is_empty(root_ + "/" + each + "/merlon-ab-id")) << each;
  }
  groups->remove("id");
  EXPECT_FALSE(there("/cpu/merlon-ab-id"));
}

TEST_F(FakeGroups, ThatWereLeftBehindGoIfNobodyIsInThem) {
  make_version_1();
  const auto groups = ControlGroups::find(root_, "", "/nowhere", "ab");
  ASSERT_TRUE(groups);
  ASSERT_TRUE(groups->make("one", {}));
  ASSERT_TRUE(groups->make("two", {}));
  put("/cpu/merlon-ab-two/a-process");
  fs::create_directory(root_ + "/cpu/merlon-cd-other");
  groups->sweep();
  EXPECT_FALSE(there("/cpu/merlon-ab-one"));
  EXPECT_TRUE(there("/cpu/merlon-ab-two"));
  EXPECT_TRUE(there("/cpu/merlon-cd-other"));
}

TEST_F(FakeGroups, ThatMayNotBeMadeAreTold) {
  EXPECT_FALSE(ControlGroups::find(root_, "", "/nowhere", "ab"));
  EXPECT_FALSE(ControlGroups::find("", "0::/\n", "/nowhere", "ab"));
  put("/cgroup.controllers");
  // Another than a directory is in the way of the one that this process would move to.
  put("/merlon-gatehouse");
  const auto refused = ControlGroups::find(root_, "", "/nowhere", "ab");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("merlon-gatehouse"), std::string::npos);
  EXPECT_FALSE(enter({{root_ + "/gone", root_}}));
  EXPECT_EQ(ControlGroups().described(), "");
  EXPECT_TRUE(ControlGroups().make("id", limits_)->empty());
}

TEST(GroupsOfAKeep, AreReadAsTheyWereWritten) {
  const std::vector<Group> groups{{"/a/b", "/a"}, {"/c d/e", "/c d"}};
  EXPECT_EQ(groups_in(to_text(groups)), groups);
  EXPECT_TRUE(groups_in("").empty());
}

}  // namespace
}  // namespace merlon::gatehouse
