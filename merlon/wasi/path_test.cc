#include <gtest/gtest.h>

#include "merlon/wasi/testing/guest.h"

namespace merlon::wasi {
namespace {

using os::testing::ScratchDirectory;
using testing::Guest;

/// A call that takes a descriptor and one path.
using PathCall = Result<void> (*)(Context&, GuestMemory, FdNumber, GuestAddress, GuestSize);

class PathCalls : public ::testing::Test {
 protected:
  void SetUp() override {
    scratch_.make_file("file", "content");
    scratch_.make_directory("dir");
    dir_ = guest_.preopen(scratch_);
  }
  template <PathCall Call>
  Errno with(std::string_view path) {
    return with<Call>(dir_, path);
  }
  template <PathCall Call>
  Errno with(FdNumber fd, std::string_view path) {
    const GuestSize size = guest_.put(path);
    return guest_.call<Call>(fd, Guest::text, size);
  }
  Errno rename(std::string_view from, std::string_view to) { return rename(dir_, from, dir_, to); }
  Errno rename(FdNumber from_fd, std::string_view from, FdNumber to_fd, std::string_view to) {
    const GuestSize old_size = guest_.put(from, 1024);
    const GuestSize new_size = guest_.put(to, 8192);
    return guest_.call<&api::path_rename>(from_fd, 1024U, old_size, to_fd, 8192U, new_size);
  }
  Errno link(std::string_view from, std::string_view to, std::uint32_t flags = 0) {
    const GuestSize old_size = guest_.put(from, 1024);
    const GuestSize new_size = guest_.put(to, 8192);
    return guest_.call<&api::path_link>(dir_, flags, 1024U, old_size, dir_, 8192U, new_size);
  }
  Errno symlink(std::string_view target, std::string_view name) {
    const GuestSize old_size = guest_.put(target, 1024);
    const GuestSize new_size = guest_.put(name, 8192);
    return guest_.call<&api::path_symlink>(1024U, old_size, dir_, 8192U, new_size);
  }
  Errno readlink(std::string_view path, GuestSize size) {
    const GuestSize length = guest_.put(path);
    return guest_.call<&api::path_readlink>(dir_, Guest::text, length, Guest::buffer, size,
                                            Guest::result);
  }
  Errno stat(std::string_view path, std::uint32_t flags = 0) {
    const GuestSize size = guest_.put(path);
    return guest_.call<&api::path_filestat_get>(dir_, flags, Guest::text, size, Guest::result);
  }
  std::uint8_t type(std::string_view path, std::uint32_t flags = 0) {
    EXPECT_EQ(stat(path, flags), Errno::Success) << path;
    return guest_.get<std::uint8_t>(Guest::result + layout::Filestat::filetype);
  }
  void drop(Rights rights) {
    const FdEntry* entry = guest_.context().files().get(dir_).value();
    EXPECT_EQ((guest_.call<&api::fd_fdstat_set_rights>(dir_, entry->base.without(rights).bits(),
                                                       entry->inheriting.bits())),
              Errno::Success);
  }

  ScratchDirectory scratch_;
  Guest guest_;
  FdNumber dir_ = 0;
};

TEST_F(PathCalls, DirectoriesAreMadeAndRemoved) {
  EXPECT_EQ(with<&api::path_create_directory>("dir/new"), Errno::Success);
  EXPECT_EQ(with<&api::path_create_directory>("dir/new"), Errno::Exist);
  EXPECT_EQ(with<&api::path_remove_directory>("dir"), Errno::Notempty);
  EXPECT_EQ(with<&api::path_remove_directory>("dir/new/"), Errno::Success);
  EXPECT_EQ(with<&api::path_remove_directory>("file"), Errno::Notdir);
  EXPECT_EQ(with<&api::path_remove_directory>("file/"), Errno::Notdir);
  EXPECT_EQ(with<&api::path_create_directory>("none/new"), Errno::Noent);
}

TEST_F(PathCalls, FilesAreUnlinked) {
  EXPECT_EQ(with<&api::path_unlink_file>("dir"), Errno::Isdir);
  EXPECT_EQ(with<&api::path_unlink_file>("dir/"), Errno::Isdir);
  EXPECT_EQ(with<&api::path_unlink_file>("file/"), Errno::Notdir);
  EXPECT_EQ(with<&api::path_unlink_file>("file"), Errno::Success);
  EXPECT_EQ(with<&api::path_unlink_file>("file"), Errno::Noent);
}

TEST_F(PathCalls, EveryCallRefusesToLeave) {
  scratch_.make_symlink("..", "up");
  for (const char* path : {"../x", "up/x", "/x", "dir/../../x"}) {
    EXPECT_EQ(with<&api::path_create_directory>(path), Errno::Notcapable) << path;
    EXPECT_EQ(with<&api::path_remove_directory>(path), Errno::Notcapable) << path;
    EXPECT_EQ(with<&api::path_unlink_file>(path), Errno::Notcapable) << path;
    EXPECT_EQ(rename(path, "y"), Errno::Notcapable) << path;
    EXPECT_EQ(rename("file", path), Errno::Notcapable) << path;
    EXPECT_EQ(link(path, "y"), Errno::Notcapable) << path;
    EXPECT_EQ(link("file", path), Errno::Notcapable) << path;
    EXPECT_EQ(symlink("y", path), Errno::Notcapable) << path;
    EXPECT_EQ(readlink(path, 10), Errno::Notcapable) << path;
    EXPECT_EQ(stat(path), Errno::Notcapable) << path;
  }
  EXPECT_TRUE(scratch_.exists("file"));
}

TEST_F(PathCalls, StatFollowsWhenAsked) {
  scratch_.make_symlink("dir", "link");
  EXPECT_EQ(type("link"), 7U);
  EXPECT_EQ(type("link", 1), 3U);
  EXPECT_EQ(type("file", 1), 4U);
  EXPECT_EQ(type("."), 3U);
  EXPECT_EQ(stat("link", 2), Errno::Inval);
  EXPECT_EQ(stat("none"), Errno::Noent);
}

TEST_F(PathCalls, TimesFollowWhenAsked) {
  scratch_.make_symlink("file", "link");
  const auto set = [&](std::uint32_t flags, Timestamp mtim) {
    const GuestSize size = guest_.put("link");
    return guest_.call<&api::path_filestat_set_times>(dir_, flags, Guest::text, size, Timestamp{0},
                                                      mtim, std::uint32_t{fstflags::mtim.bits()});
  };
  EXPECT_EQ(set(0, 111), Errno::Success);
  EXPECT_EQ(set(1, 222), Errno::Success);
  EXPECT_EQ(stat("link"), Errno::Success);
  EXPECT_EQ(guest_.get<std::uint64_t>(Guest::result + layout::Filestat::mtim), 111U);
  EXPECT_EQ(stat("file"), Errno::Success);
  EXPECT_EQ(guest_.get<std::uint64_t>(Guest::result + layout::Filestat::mtim), 222U);
}

TEST_F(PathCalls, RenameReplacesAsPosixSays) {
  scratch_.make_file("other", "other");
  EXPECT_EQ(rename("file", "other"), Errno::Success);
  EXPECT_EQ(scratch_.content("other"), "content");
  EXPECT_EQ(rename("other", "dir"), Errno::Isdir);
  EXPECT_EQ(rename("dir", "other"), Errno::Notdir);
  EXPECT_EQ(rename("dir/", "moved/"), Errno::Success);
  EXPECT_EQ(rename("none", "x"), Errno::Noent);
}

TEST_F(PathCalls, RenameAndLinkWorkBetweenDirectories) {
  const ScratchDirectory second;
  const FdNumber other = guest_.preopen(second);
  EXPECT_EQ(rename(dir_, "file", other, "here"), Errno::Success);
  EXPECT_EQ(second.content("here"), "content");
}

TEST_F(PathCalls, HardLinksNameTheLinkItself) {
  EXPECT_EQ(link("file", "dir/copy"), Errno::Success);
  EXPECT_EQ(scratch_.content("dir/copy"), "content");
  EXPECT_EQ(link("file", "dir/copy"), Errno::Exist);
  EXPECT_EQ(link("dir", "d"), Errno::Perm);
  EXPECT_EQ(link("file", "new/"), Errno::Noent);
  EXPECT_EQ(link("file", "x", 1), Errno::Inval);
  scratch_.make_symlink("nowhere", "dangling");
  EXPECT_EQ(link("dangling", "dangling2"), Errno::Success);
  EXPECT_EQ(type("dangling2"), 7U);
}

TEST_F(PathCalls, SymlinksAreMadeAndReadButNeverAbsolute) {
  EXPECT_EQ(symlink("dir/target", "link"), Errno::Success);
  EXPECT_EQ(readlink("link", 100), Errno::Success);
  EXPECT_EQ(guest_.string_at(Guest::buffer, guest_.get<GuestSize>()), "dir/target");
  EXPECT_EQ(readlink("link", 4), Errno::Success);
  EXPECT_EQ(guest_.get<GuestSize>(), 4U);
  EXPECT_EQ(readlink("link", 0), Errno::Success);
  EXPECT_EQ(guest_.get<GuestSize>(), 0U);
  EXPECT_EQ(readlink("file", 0), Errno::Inval);
  EXPECT_EQ(readlink("file", 9), Errno::Inval);
  EXPECT_EQ(symlink("/etc", "absolute"), Errno::Notcapable);
  EXPECT_FALSE(scratch_.exists("absolute"));
  EXPECT_EQ(symlink("x", "new/"), Errno::Noent);
  EXPECT_EQ(symlink("x", "file"), Errno::Exist);
}

TEST_F(PathCalls, EachCallNeedsItsRight) {
  drop(rights::path_create_directory | rights::path_remove_directory | rights::path_unlink_file |
       rights::path_rename_target | rights::path_link_source | rights::path_symlink |
       rights::path_readlink | rights::path_filestat_get | rights::path_filestat_set_times);
  EXPECT_EQ(with<&api::path_create_directory>("x"), Errno::Notcapable);
  EXPECT_EQ(with<&api::path_remove_directory>("dir"), Errno::Notcapable);
  EXPECT_EQ(with<&api::path_unlink_file>("file"), Errno::Notcapable);
  EXPECT_EQ(rename("file", "x"), Errno::Notcapable);
  EXPECT_EQ(link("file", "x"), Errno::Notcapable);
  EXPECT_EQ(symlink("file", "x"), Errno::Notcapable);
  EXPECT_EQ(readlink("file", 1), Errno::Notcapable);
  EXPECT_EQ(stat("file"), Errno::Notcapable);
  EXPECT_TRUE(scratch_.exists("file"));
}

TEST_F(PathCalls, AReadOnlyDirectoryStaysAsItIs) {
  dir_ = guest_.preopen(scratch_, DirectoryAccess::ReadOnly);
  EXPECT_EQ(with<&api::path_create_directory>("x"), Errno::Rofs);
  EXPECT_EQ(with<&api::path_remove_directory>("dir"), Errno::Rofs);
  EXPECT_EQ(with<&api::path_unlink_file>("file"), Errno::Rofs);
  EXPECT_EQ(rename("file", "x"), Errno::Rofs);
  EXPECT_EQ(link("file", "x"), Errno::Rofs);
  EXPECT_EQ(symlink("file", "x"), Errno::Rofs);
  const GuestSize size = guest_.put("file");
  EXPECT_EQ((guest_.call<&api::path_filestat_set_times>(dir_, 0U, Guest::text, size, Timestamp{1},
                                                        Timestamp{1}, 1U)),
            Errno::Rofs);
  EXPECT_EQ(type("file"), 4U);
}

TEST_F(PathCalls, NothingMovesOutOfAReadOnlyDirectoryOrIntoOne) {
  const FdNumber locked = guest_.preopen(scratch_, DirectoryAccess::ReadOnly);
  EXPECT_EQ(rename(locked, "file", dir_, "x"), Errno::Rofs);
  EXPECT_EQ(rename(dir_, "file", locked, "x"), Errno::Rofs);
}

TEST_F(PathCalls, OnlyDirectoriesAreStarts) {
  const FdNumber file = guest_.open(dir_, "file", {});
  EXPECT_EQ(with<&api::path_create_directory>(file, "x"), Errno::Notdir);
  EXPECT_EQ(with<&api::path_unlink_file>(77, "x"), Errno::Badf);
}

}  // namespace
}  // namespace merlon::wasi
