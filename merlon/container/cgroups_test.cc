#include "merlon/container/cgroups.h"

#include <gtest/gtest.h>

namespace merlon::container {
namespace {

constexpr std::string_view second =
    "30 20 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr std::string_view hybrid =
    "31 20 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
    "32 20 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:3 - cgroup cgroup rw,cpu,cpuacct\n"
    "33 20 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "33 20 0:29 / /elsewhere/memory rw - cgroup cgroup rw,memory\n"
    "34 20 0:30 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
    "35 20 0:31 / /proc rw - proc proc rw\n";

TEST(Hierarchies, OfVersionTwo) {
  const auto all = hierarchies_in(second, "0::/user.slice/a\n");
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].controllers, std::vector<std::string>{""});
  EXPECT_EQ(all[0].own, "/user.slice/a");
}

TEST(Hierarchies, OfBothTakeThoseThatHaveTheMemory) {
  const auto all =
      hierarchies_in(hybrid, "4:memory:/x\n2:cpu,cpuacct:/\n1:name=systemd:/s\n0::/\n");
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].controllers, (std::vector<std::string>{"cpu", "cpuacct"}));
  EXPECT_EQ(all[1].mount, "/sys/fs/cgroup/memory");
  EXPECT_EQ(all[1].own, "/x");
  EXPECT_EQ(all[2].own, "/s");
}

TEST(Hierarchies, OfNonsense) {
  EXPECT_TRUE(hierarchies_in("a b - cgroup\n\n- - -", "::").empty());
}

std::string path_of(std::string_view text, bool systemd = false) {
  const auto place = place_of(text, "id", systemd);
  return place ? (place->below_own ? "own" : "") + place->path : "refused";
}

TEST(GroupPlace, InBothForms) {
  EXPECT_EQ(path_of(""), "own/merlon-id");
  EXPECT_EQ(path_of("/a//b/"), "/a/b");
  EXPECT_EQ(path_of("a/b"), "own/a/b");
  EXPECT_EQ(path_of("machine.slice:libpod:x", true), "/machine.slice/libpod-x.scope");
  EXPECT_EQ(path_of("user-1-2.slice:p:x"), "/user.slice/user-1.slice/user-1-2.slice/p-x.scope");
  EXPECT_EQ(path_of(":p:x", true), "/system.slice/p-x.scope");
  EXPECT_EQ(path_of("a.slice:p:b.slice", true), "/a.slice/b.slice");
  EXPECT_EQ(path_of("/kubepods/a:b:c"), "/kubepods/a:b:c");
}

TEST(GroupPlace, BesideThisProcessInVersionTwo) {
  const auto place = place_of("", "id", false);
  ASSERT_TRUE(place);
  const std::vector<Hierarchy> all{{{""}, "/nowhere", "/job/step"}};
  // What is not there is not taken for it.
  EXPECT_EQ(directories_of(all, *place), std::vector<std::string>{"/nowhere/merlon-id"});
  const std::vector<Hierarchy> there{{{""}, "/", "usr/bin"}, {{"memory"}, "/", "usr"}};
  EXPECT_EQ(directories_of(there, *place),
            (std::vector<std::string>{"/usr/merlon-id", "/usr/merlon-id"}));
}

TEST(GroupPlace, NothingLeadsOut) {
  for (const char* text : {"/../x", "/a/../../x", "..", "/", "/./x", "a\nb", "x:y", "a.slice:p:"}) {
    EXPECT_EQ(path_of(text, std::string_view(text).find(':') != std::string_view::npos), "refused")
        << text;
  }
}

TEST(GroupSettings, OfVersionOne) {
  Resources resources;
  resources.memory_limit = 100;
  resources.memory_and_swap_limit = -1;
  resources.processes = -1;
  const auto memory = settings_of({{"memory"}, "/m", ""}, resources);
  ASSERT_EQ(memory.size(), 2U);
  EXPECT_EQ(memory[0].file, "memory.limit_in_bytes");
  EXPECT_EQ(memory[1].text, "-1");
  EXPECT_TRUE(memory[1].optional);
  const auto pids = settings_of({{"pids"}, "/m", ""}, resources);
  ASSERT_EQ(pids.size(), 1U);
  EXPECT_EQ(pids[0].text, "max");
}

TEST(GroupSettings, OfVersionTwo) {
  Resources resources;
  resources.memory_limit = 100;
  resources.memory_and_swap_limit = 150;
  resources.cpu_shares = 1024;
  resources.cpu_quota = 50000;
  std::string all;
  for (const auto& each : settings_of({{""}, "/m", ""}, resources)) {
    all += each.file + "=" + each.text + ";";
  }
  EXPECT_EQ(all, "memory.max=100;memory.swap.max=50;cpu.weight=39;cpu.max=50000 100000;");
}

}  // namespace
}  // namespace merlon::container
