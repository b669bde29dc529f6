#include <gtest/gtest.h>
#include <sys/stat.h>

#include "merlon/wasi/testing/guest.h"

namespace merlon::wasi {
namespace {

using os::testing::ScratchDirectory;
using testing::Guest;

constexpr std::uint32_t follow = 1;

class PathOpen : public ::testing::TestWithParam<os::Resolver::Method> {
 protected:
  void SetUp() override {
    scratch_.make_file("file", "content");
    scratch_.make_directory("dir");
    dir_ = guest_.preopen(scratch_);
  }
  Rights base_of(FdNumber fd) { return guest_.context().files().get(fd).value()->base; }
  Rights inheriting_of(FdNumber fd) { return guest_.context().files().get(fd).value()->inheriting; }

  ScratchDirectory scratch_;
  Guest guest_{{.resolution = GetParam()}};
  FdNumber dir_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Both, PathOpen,
                         ::testing::Values(os::Resolver::Method::Detect,
                                           os::Resolver::Method::Walk),
                         [](const auto& method) {
                           return method.param == os::Resolver::Method::Walk ? "Walk" : "Kernel";
                         });

TEST_P(PathOpen, NothingOutsideCanBeNamed) {
  scratch_.make_symlink("/etc/passwd", "absolute");
  scratch_.make_symlink("../../etc/passwd", "relative");
  for (const char* path : {"/", "/file", "..", "../x", "dir/../../x", "absolute", "relative",
                           "absolute/x", "./..", "dir/./../.."}) {
    EXPECT_EQ(guest_.try_open(dir_, path, {.dirflags = follow, .base = rights::fd_read}),
              Errno::Notcapable)
        << path;
  }
}

TEST_P(PathOpen, IllFormedPathsAreRefused) {
  const Guest::Open how{.base = rights::fd_read};
  EXPECT_EQ(guest_.try_open(dir_, "", how), Errno::Noent);
  EXPECT_EQ(guest_.try_open(dir_, std::string_view("file\0", 5), how), Errno::Inval);
  EXPECT_EQ(guest_.try_open(dir_, std::string(5000, 'a'), how), Errno::Nametoolong);
  EXPECT_EQ(guest_.try_open(dir_, std::string(256, 'a'), how), Errno::Nametoolong);
  EXPECT_EQ((guest_.call<&api::path_open>(dir_, 0U, 65000U, 1000U, 0U, std::uint64_t{0},
                                          std::uint64_t{0}, 0U, Guest::result)),
            Errno::Fault);
}

TEST_P(PathOpen, BelowAReadOnlyDirectoryOnlyMakingIsRofs) {
  const FdNumber dir = guest_.preopen(scratch_, DirectoryAccess::ReadOnly, "/ro");
  const auto opened = [&](std::string_view path, Oflags flags) {
    return guest_.try_open(dir, path, {.oflags = flags, .base = rights::fd_read});
  };
  EXPECT_EQ(opened("none", Oflags()), Errno::Noent);
  EXPECT_EQ(opened("none", oflags::creat), Errno::Rofs);
  EXPECT_EQ(opened("file", oflags::creat), Errno::Success);
  EXPECT_EQ(opened("file", oflags::creat | oflags::excl), Errno::Exist);
  EXPECT_EQ(opened("file", oflags::excl), Errno::Success);  // means nothing alone
}

TEST_P(PathOpen, UnknownFlagsAndImpossibleMixesAreRefused) {
  const auto with = [&](std::uint32_t dirflags, std::uint32_t oflags, std::uint32_t fdflags) {
    const GuestSize size = guest_.put("file");
    return guest_.call<&api::path_open>(dir_, dirflags, Guest::text, size, oflags, std::uint64_t{0},
                                        std::uint64_t{0}, fdflags, Guest::result);
  };
  EXPECT_EQ(with(2, 0, 0), Errno::Inval);
  EXPECT_EQ(with(0, 16, 0), Errno::Inval);
  EXPECT_EQ(with(0, 0, 32), Errno::Inval);
  EXPECT_EQ(with(0, 1 | 2, 0), Errno::Inval);  // creat with directory
  EXPECT_EQ(with(0, 4 | 2, 0), Errno::Inval);  // excl with directory
  EXPECT_EQ(with(0, 8 | 2, 0), Errno::Inval);  // trunc with directory
  EXPECT_EQ(with(0, 0x10000, 0), Errno::Inval);
}

TEST_P(PathOpen, LinksAreFollowedWhenAsked) {
  scratch_.make_symlink("file", "link");
  scratch_.make_symlink("loop", "loop");
  EXPECT_EQ(guest_.try_open(dir_, "link", {.base = rights::fd_read}), Errno::Loop);
  EXPECT_EQ(guest_.read(guest_.open(dir_, "link", {.dirflags = follow})), "content");
  EXPECT_EQ(guest_.try_open(dir_, "loop", {.dirflags = follow}), Errno::Loop);
}

TEST_P(PathOpen, TrailingSlashesMeanADirectory) {
  EXPECT_EQ(guest_.try_open(dir_, "dir///", {.base = rights::fd_readdir}), Errno::Success);
  EXPECT_EQ(guest_.try_open(dir_, "file/", {.base = rights::fd_read}), Errno::Notdir);
  EXPECT_EQ(guest_.try_open(dir_, "new/", {.oflags = oflags::creat}), Errno::Isdir);
}

TEST_P(PathOpen, CreatesTruncatesAndInsists) {
  EXPECT_EQ(guest_.try_open(dir_, "none", {}), Errno::Noent);
  guest_.open(dir_, "new", {.oflags = oflags::creat});
  EXPECT_TRUE(scratch_.exists("new"));
  EXPECT_EQ(guest_.try_open(dir_, "new", {.oflags = oflags::creat | oflags::excl}), Errno::Exist);
  guest_.open(dir_, "file", {.oflags = oflags::trunc, .base = Rights()});
  EXPECT_EQ(scratch_.content("file"), "");
  EXPECT_EQ(guest_.try_open(dir_, "file", {.oflags = oflags::directory, .base = rights::fd_read}),
            Errno::Notdir);
}

TEST_P(PathOpen, ADirectoryCannotBeOpenedForWriting) {
  EXPECT_EQ(
      guest_.try_open(dir_, ".",
                      {.oflags = oflags::directory, .base = rights::fd_read | rights::fd_write}),
      Errno::Isdir);
  EXPECT_EQ(guest_.try_open(dir_, "dir", {.base = rights::fd_write}), Errno::Isdir);
}

TEST_P(PathOpen, RightsThatMeanNothingForTheTypeAreLeftOut) {
  const FdNumber sub = guest_.open(
      dir_, "dir", {.base = rights::fd_seek | rights::path_open, .inheriting = rights::fd_read});
  EXPECT_EQ(base_of(sub), rights::path_open);
  EXPECT_EQ(inheriting_of(sub), rights::fd_read);
  const FdNumber file = guest_.open(dir_, "file", {.base = rights::fd_read | rights::path_open});
  EXPECT_EQ(base_of(file), rights::fd_read);
}

TEST_P(PathOpen, AskingForMoreThanThereIsIsNoRefusal) {
  for (const Rights asked : {rights::sock_accept, rights::all, Rights(~std::uint64_t{0}),
                             Rights(std::uint64_t{1} << 30), rights::sock_shutdown}) {
    EXPECT_EQ(guest_.try_open(dir_, "file", {.base = asked}), Errno::Success) << asked.bits();
    EXPECT_EQ(guest_.try_open(dir_, "dir",
                              {.oflags = oflags::directory,
                               .base = asked.without(rights::writing),
                               .inheriting = asked}),
              Errno::Success)
        << asked.bits();
  }
}

TEST_P(PathOpen, RightsComeDownOnlyFromTheDirectory) {
  const FdNumber sub =
      guest_.open(dir_, "dir", {.base = rights::path_open, .inheriting = rights::fd_read});
  scratch_.make_file("dir/inner");
  const Rights both = rights::fd_read | rights::fd_write;
  const FdNumber file = guest_.open(sub, "inner", {.base = both, .inheriting = both});
  EXPECT_EQ(base_of(file), rights::fd_read);
  EXPECT_EQ(guest_.write(file, "x"), Errno::Notcapable);
  const FdNumber synchronised =
      guest_.open(sub, "inner", {.base = rights::fd_read, .fdflags = fdflags::sync});
  EXPECT_EQ(base_of(synchronised), rights::fd_read);
  scratch_.make_directory("dir/below");
  const FdNumber below = guest_.open(sub, "below", {.base = rights::all, .inheriting = both});
  EXPECT_EQ(base_of(below), Rights());
  EXPECT_EQ(inheriting_of(below), rights::fd_read);
  EXPECT_EQ(guest_.try_open(sub, "new", {.oflags = oflags::creat, .base = rights::fd_read}),
            Errno::Notcapable);
  EXPECT_EQ(guest_.try_open(sub, "inner", {.oflags = oflags::trunc, .base = rights::fd_read}),
            Errno::Notcapable);
  const FdNumber closed = guest_.open(dir_, "dir", {.base = rights::fd_readdir});
  EXPECT_EQ(guest_.try_open(closed, "inner", {.base = Rights()}), Errno::Notcapable);
}

TEST_P(PathOpen, AFileIsSynchronisedAsAskedAndInNoOtherCase) {
  const auto opened = [this](FdNumber directory, const char* name, Fdflags flags) {
    const FdNumber fd = guest_.open(directory, name, {.fdflags = flags});
    return os::open_flags(guest_.context().files().get(fd).value()->file).value();
  };
  EXPECT_FALSE(opened(dir_, "file", {}).dsync);
  EXPECT_FALSE(opened(dir_, "file", fdflags::append).dsync);
  EXPECT_TRUE(opened(dir_, "file", fdflags::dsync).dsync);
  EXPECT_FALSE(opened(dir_, "file", fdflags::dsync).sync);
  EXPECT_TRUE(opened(dir_, "file", fdflags::sync).sync);
  EXPECT_TRUE(opened(dir_, "file", fdflags::rsync).sync);
}

TEST_P(PathOpen, AFlagThatSynchronisesBringsNoRightWithIt) {
  // As in wasmtime the flag needs no right of the directory; but what was not handed down is not
  // there afterwards either.
  const FdNumber sub =
      guest_.open(dir_, "dir", {.base = rights::path_open, .inheriting = rights::fd_write});
  scratch_.make_file("dir/inner");
  const Rights asked = rights::fd_write | rights::fd_datasync | rights::fd_sync;
  for (const Fdflags flags : {fdflags::dsync, fdflags::sync, fdflags::rsync}) {
    const FdNumber fd = guest_.open(sub, "inner", {.base = asked, .fdflags = flags});
    EXPECT_EQ(base_of(fd), rights::fd_write);
    EXPECT_EQ(guest_.write(fd, "x"), Errno::Success);
    EXPECT_EQ((guest_.call<&api::fd_datasync>(fd)), Errno::Notcapable);
    EXPECT_EQ((guest_.call<&api::fd_sync>(fd)), Errno::Notcapable);
  }
}

TEST_P(PathOpen, SomethingElseThanADirectoryIsNoStart) {
  const FdNumber file = guest_.open(dir_, "file", {});
  EXPECT_EQ(guest_.try_open(file, "x", {}), Errno::Notdir);
  EXPECT_EQ(guest_.try_open(99, "x", {}), Errno::Badf);
}

TEST_P(PathOpen, AFifoOrDeviceNeverHangs) {
  ASSERT_EQ(::mkfifo((scratch_ / "fifo").c_str(), 0666), 0);
  const FdNumber reader = guest_.open(dir_, "fifo", {.base = rights::fd_read});
  EXPECT_EQ(guest_.try_open(dir_, "fifo", {.base = rights::fd_write}), Errno::Success);
  EXPECT_EQ(guest_.write(guest_.get<FdNumber>(), "through"), Errno::Success);
  EXPECT_EQ(guest_.read(reader), "through");
}

TEST_P(PathOpen, ABadResultAddressOpensNothing) {
  const GuestSize size = guest_.put("new");
  EXPECT_EQ((guest_.call<&api::path_open>(dir_, 0U, Guest::text, size,
                                          std::uint32_t{oflags::creat.bits()}, std::uint64_t{0},
                                          std::uint64_t{0}, 0U, 65534U)),
            Errno::Fault);
  EXPECT_FALSE(scratch_.exists("new"));
}

class ReadOnlyDirectory : public ::testing::Test {
 protected:
  void SetUp() override {
    scratch_.make_file("file", "content");
    scratch_.make_directory("dir");
    scratch_.make_file("dir/inner", "inner");
    dir_ = guest_.preopen(scratch_, DirectoryAccess::ReadOnly);
  }
  ScratchDirectory scratch_;
  Guest guest_;
  FdNumber dir_ = 0;
};

TEST_F(ReadOnlyDirectory, CanBeReadWithWhateverRightsLibrariesAskFor) {
  // As wasi-libc and Rust's std ask when they open for reading.
  const Rights asked = rights::below_directory.without(rights::writing | rights::fd_datasync);
  const FdNumber file = guest_.open(dir_, "file", {.base = asked, .inheriting = asked});
  EXPECT_EQ(guest_.read(file), "content");
  const FdNumber sub =
      guest_.open(dir_, "dir", {.base = asked, .inheriting = rights::below_directory});
  EXPECT_EQ(guest_.read(guest_.open(sub, "inner", {.base = asked})), "inner");
  EXPECT_EQ(guest_.try_open(dir_, "file", {.oflags = oflags::creat, .base = asked}),
            Errno::Success);
}

TEST_F(ReadOnlyDirectory, CannotBeWrittenByAnyWayOfOpening) {
  EXPECT_EQ(guest_.try_open(dir_, "file", {.base = rights::fd_write}), Errno::Rofs);
  EXPECT_EQ(guest_.try_open(dir_, "file", {.base = rights::fd_allocate}), Errno::Rofs);
  EXPECT_EQ(guest_.try_open(dir_, "file", {.base = rights::fd_filestat_set_size}), Errno::Rofs);
  EXPECT_EQ(guest_.try_open(dir_, "file", {.oflags = oflags::trunc, .base = Rights()}),
            Errno::Rofs);
  EXPECT_EQ(guest_.try_open(dir_, "new", {.oflags = oflags::creat, .base = Rights()}), Errno::Rofs);
  EXPECT_EQ(
      guest_.try_open(dir_, "file", {.oflags = oflags::creat | oflags::excl, .base = Rights()}),
      Errno::Exist);
  const FdNumber sub =
      guest_.open(dir_, "dir", {.base = rights::directory, .inheriting = rights::below_directory});
  EXPECT_EQ(guest_.try_open(sub, "inner", {.base = rights::fd_write}), Errno::Rofs);
  const FdNumber file = guest_.open(dir_, "file", {.base = rights::fd_read});
  EXPECT_EQ(guest_.write(file, "x"), Errno::Notcapable);
  EXPECT_EQ((guest_.call<&api::fd_filestat_set_times>(file, Timestamp{1}, Timestamp{1}, 1U)),
            Errno::Rofs);
  EXPECT_EQ(scratch_.content("file"), "content");
  EXPECT_FALSE(scratch_.exists("new"));
}

}  // namespace
}  // namespace merlon::wasi
