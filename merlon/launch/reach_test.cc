#include "merlon/launch/reach.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace merlon::launch {
namespace {

/// A launch with these files; each that carries a descriptor has one of its own.
Launch launch_with(std::vector<FileEntry> files) {
  Launch launch;
  for (const FileEntry& file : files) {
    if (!carries_descriptor(file.kind)) continue;
    launch.descriptors.push_back(os::Fd::adopt(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  }
  launch.message.files = std::move(files);
  return launch;
}

TEST(Reach, OfNothingIsNothing) {
  const Launch launch = launch_with({{FileKind::Null, FileAccess::ReadWrite, "stdin"}});
  const Reach reach = reach_of(launch);
  EXPECT_FALSE(reach.directories());
  EXPECT_FALSE(reach.writable_directories());
}

TEST(Reach, EachDirectoryHasItsOwnDescriptorAndAccess) {
  const Launch launch = launch_with({{FileKind::Stdin, FileAccess::ReadWrite, "stdin"},
                                     {FileKind::Listen, FileAccess::ReadWrite, "door"},
                                     {FileKind::Directory, FileAccess::ReadOnly, "/a"},
                                     {FileKind::Directory, FileAccess::ReadWrite, "/b"}});
  const Reach reach = reach_of(launch);
  EXPECT_TRUE(reach.sockets);
  ASSERT_EQ(reach.trees.size(), 2U);
  EXPECT_EQ(reach.trees[0].directory.number(), launch.descriptors[1].number());
  EXPECT_FALSE(reach.trees[0].writable);
  EXPECT_EQ(reach.trees[1].directory.number(), launch.descriptors[2].number());
  EXPECT_TRUE(reach.trees[1].writable);
  EXPECT_TRUE(reach.writable_directories());
}

TEST(Reach, DirectoriesThatAreOnlyReadAreNotWritable) {
  const Launch launch = launch_with({{FileKind::Directory, FileAccess::ReadOnly, "/"}});
  EXPECT_TRUE(reach_of(launch).directories());
  EXPECT_FALSE(reach_of(launch).writable_directories());
}

}  // namespace
}  // namespace merlon::launch
