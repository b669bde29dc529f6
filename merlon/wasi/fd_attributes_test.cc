#include <limits>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "merlon/os/file.h"
#include "merlon/wasi/testing/guest.h"

namespace merlon::wasi {
namespace {

using os::testing::ScratchDirectory;
using testing::Guest;

class FdAttributes : public ::testing::Test {
 protected:
  void SetUp() override { dir_ = guest_.preopen(scratch_); }

  Fdflags flags_of(FdNumber fd) {
    EXPECT_EQ((guest_.call<&api::fd_fdstat_get>(fd, Guest::result)), Errno::Success);
    return Fdflags(guest_.get<std::uint16_t>(Guest::result + layout::Fdstat::flags));
  }
  Errno set_flags(FdNumber fd, Fdflags flags) {
    return guest_.call<&api::fd_fdstat_set_flags>(fd, std::uint32_t{flags.bits()});
  }
  Errno set_rights(FdNumber fd, Rights base, Rights inheriting) {
    return guest_.call<&api::fd_fdstat_set_rights>(fd, base.bits(), inheriting.bits());
  }
  Errno set_times(FdNumber fd, Timestamp atim, Timestamp mtim, Fstflags flags) {
    return guest_.call<&api::fd_filestat_set_times>(fd, atim, mtim, std::uint32_t{flags.bits()});
  }
  std::uint64_t stat_field(FdNumber fd, std::uint32_t field) {
    EXPECT_EQ((guest_.call<&api::fd_filestat_get>(fd, Guest::result)), Errno::Success);
    return guest_.get<std::uint64_t>(Guest::result + field);
  }

  ScratchDirectory scratch_;
  Guest guest_;
  FdNumber dir_ = 0;
};

TEST_F(FdAttributes, FdstatHasTypeFlagsAndBothRights) {
  const FdNumber fd = guest_.open(
      dir_, "f", {.oflags = oflags::creat, .base = rights::fd_read, .fdflags = fdflags::append});
  EXPECT_EQ((guest_.call<&api::fd_fdstat_get>(fd, Guest::result)), Errno::Success);
  EXPECT_EQ(guest_.get<std::uint8_t>(), 4U);  // regular_file
  EXPECT_EQ(guest_.get<std::uint16_t>(Guest::result + 2), 1U);
  EXPECT_EQ(guest_.get<std::uint64_t>(Guest::result + 8), rights::fd_read.bits());
  EXPECT_EQ(guest_.get<std::uint64_t>(Guest::result + 16), 0U);
  EXPECT_EQ((guest_.call<&api::fd_fdstat_get>(fd, 65530U)), Errno::Fault);
}

TEST_F(FdAttributes, AppendCanBeSwitchedOnAndOff) {
  const FdNumber fd = guest_.create(dir_, "f");
  EXPECT_EQ(guest_.write(fd, "one"), Errno::Success);
  EXPECT_EQ(set_flags(fd, fdflags::append), Errno::Success);
  EXPECT_EQ((guest_.call<&api::fd_seek>(fd, std::int64_t{0}, 0U, Guest::result)), Errno::Success);
  EXPECT_EQ(guest_.write(fd, "two"), Errno::Success);
  EXPECT_EQ(set_flags(fd, Fdflags()), Errno::Success);
  EXPECT_EQ((guest_.call<&api::fd_seek>(fd, std::int64_t{0}, 0U, Guest::result)), Errno::Success);
  EXPECT_EQ(guest_.write(fd, "ONE"), Errno::Success);
  EXPECT_EQ(scratch_.content("f"), "ONEtwo");
}

// "merlon run app.wasm >> log": the program could switch append off, and shorten or change the log.
TEST_F(FdAttributes, ALentStreamThatAppendsKeepsWhatIsInIt) {
  scratch_.make_file("log", "before");
  const std::string path = scratch_ / "log";
  const os::Fd log = os::Fd::adopt(::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
  const FdNumber fd = guest_.context().files().insert(LentStream{log, "output"}).value();
  EXPECT_EQ(flags_of(fd), fdflags::append);
  EXPECT_EQ(set_flags(fd, Fdflags()), Errno::Notcapable);
  EXPECT_EQ(set_flags(fd, fdflags::append | fdflags::nonblock), Errno::Success);
  EXPECT_EQ((guest_.call<&api::fd_filestat_set_size>(fd, std::uint64_t{1})), Errno::Notcapable);
  EXPECT_EQ((guest_.call<&api::fd_allocate>(fd, std::uint64_t{0}, std::uint64_t{99})),
            Errno::Notcapable);
  EXPECT_EQ((guest_.call<&api::fd_seek>(fd, std::int64_t{0}, 0U, Guest::result)), Errno::Success);
  EXPECT_EQ(guest_.write(fd, " after"), Errno::Success);
  EXPECT_EQ(scratch_.content("log"), "before after");
  const os::Fd file = os::Fd::adopt(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  const FdNumber other = guest_.context().files().insert(LentStream{file, "output"}).value();
  EXPECT_EQ(set_flags(other, fdflags::append), Errno::Success);
  EXPECT_EQ(set_flags(other, Fdflags()), Errno::Success);
  EXPECT_EQ((guest_.call<&api::fd_filestat_set_size>(other, std::uint64_t{1})), Errno::Success);
}

TEST_F(FdAttributes, SynchronisationIsFixedWhenAFileIsOpened) {
  const FdNumber fd = guest_.open(dir_, "f", {.oflags = oflags::creat, .fdflags = fdflags::sync});
  EXPECT_EQ(flags_of(fd), fdflags::sync);
  EXPECT_EQ(set_flags(fd, fdflags::sync | fdflags::nonblock), Errno::Success);
  EXPECT_EQ(flags_of(fd), fdflags::sync | fdflags::nonblock);
  EXPECT_EQ(set_flags(fd, Fdflags()), Errno::Inval);
  EXPECT_EQ(set_flags(fd, fdflags::sync | fdflags::dsync), Errno::Inval);
  EXPECT_EQ((guest_.call<&api::fd_fdstat_set_flags>(fd, 1U << 5)), Errno::Inval);
}

TEST_F(FdAttributes, RightsOnlyEverShrink) {
  const Rights both = rights::fd_read | rights::fd_write;
  const FdNumber fd = guest_.open(dir_, "f", {.oflags = oflags::creat, .base = both});
  EXPECT_EQ(set_rights(fd, rights::fd_read, Rights()), Errno::Success);
  EXPECT_EQ(guest_.write(fd, "x"), Errno::Notcapable);
  EXPECT_EQ(set_rights(fd, both, Rights()), Errno::Notcapable);
  EXPECT_EQ(set_rights(fd, rights::fd_read, rights::fd_read), Errno::Notcapable);
  EXPECT_EQ(set_rights(dir_, rights::path_open, rights::fd_read), Errno::Success);
  EXPECT_EQ(guest_.write(guest_.open(dir_, "f", {.base = both}), "x"), Errno::Notcapable);
  EXPECT_EQ(guest_.try_open(dir_, "f", {.base = rights::fd_read}), Errno::Success);
}

TEST_F(FdAttributes, FilestatIsWhatTheKernelSays) {
  scratch_.make_file("f", "12345");
  const FdNumber fd = guest_.open(dir_, "f", {});
  struct ::stat expected{};
  ASSERT_EQ(::stat((scratch_ / "f").c_str(), &expected), 0);
  using F = layout::Filestat;
  EXPECT_EQ(stat_field(fd, F::dev), expected.st_dev);
  EXPECT_EQ(stat_field(fd, F::ino), expected.st_ino);
  EXPECT_EQ(stat_field(fd, F::filetype), 4U);
  EXPECT_EQ(stat_field(fd, F::nlink), 1U);
  EXPECT_EQ(stat_field(fd, F::file_size), 5U);
  EXPECT_EQ(stat_field(fd, F::mtim),
            static_cast<std::uint64_t>(expected.st_mtim.tv_sec) * 1'000'000'000U +
                static_cast<std::uint64_t>(expected.st_mtim.tv_nsec));
}

TEST_F(FdAttributes, SizeIsSetWithItsRight) {
  const FdNumber fd = guest_.create(dir_, "f");
  EXPECT_EQ((guest_.call<&api::fd_filestat_set_size>(fd, std::uint64_t{10})), Errno::Success);
  EXPECT_EQ(scratch_.content("f"), std::string(10, '\0'));
  EXPECT_EQ((guest_.call<&api::fd_filestat_set_size>(fd, ~std::uint64_t{0})), Errno::Inval);
  EXPECT_EQ((guest_.call<&api::fd_filestat_set_size>(dir_, std::uint64_t{0})), Errno::Isdir);
  const FdNumber reader = guest_.open(dir_, "f", {.base = rights::fd_read});
  EXPECT_EQ((guest_.call<&api::fd_filestat_set_size>(reader, std::uint64_t{0})), Errno::Notcapable);
}

TEST_F(FdAttributes, TimesAreSetKeptOrNow) {
  const FdNumber fd = guest_.create(dir_, "f");
  using F = layout::Filestat;
  EXPECT_EQ(set_times(fd, 1000, 2000, fstflags::atim | fstflags::mtim), Errno::Success);
  EXPECT_EQ(stat_field(fd, F::atim), 1000U);
  EXPECT_EQ(stat_field(fd, F::mtim), 2000U);
  EXPECT_EQ(set_times(fd, 5, 5, fstflags::mtim_now), Errno::Success);
  EXPECT_EQ(stat_field(fd, F::atim), 1000U);
  EXPECT_GT(stat_field(fd, F::mtim), 1'000'000'000'000'000'000U);
  EXPECT_EQ(set_times(fd, 0, 0, fstflags::atim | fstflags::atim_now), Errno::Inval);
  EXPECT_EQ(set_times(fd, 0, 0, fstflags::mtim | fstflags::mtim_now), Errno::Inval);
  EXPECT_EQ(set_times(fd, 0, 0, Fstflags(1 << 4)), Errno::Inval);
  EXPECT_EQ(stat_field(fd, F::atim), 1000U);
}

TEST_F(FdAttributes, AllocateGrowsButNeverShrinks) {
  const FdNumber fd = guest_.create(dir_, "f");
  const auto allocate = [&](std::uint64_t offset, std::uint64_t size) {
    return guest_.call<&api::fd_allocate>(fd, offset, size);
  };
  const Errno first = allocate(0, 100);
  if (first == Errno::Notsup) GTEST_SKIP() << "the file system cannot allocate";
  EXPECT_EQ(first, Errno::Success);
  EXPECT_EQ(allocate(10, 10), Errno::Success);
  EXPECT_EQ(stat_field(fd, layout::Filestat::file_size), 100U);
  EXPECT_EQ(allocate(90, 20), Errno::Success);
  EXPECT_EQ(stat_field(fd, layout::Filestat::file_size), 110U);
  EXPECT_EQ(allocate(0, 0), Errno::Inval);
  EXPECT_EQ(allocate(~std::uint64_t{0}, 2), Errno::Fbig);
  EXPECT_EQ((guest_.call<&api::fd_allocate>(dir_, std::uint64_t{0}, std::uint64_t{1})),
            Errno::Isdir);
}

TEST_F(FdAttributes, AdviceIsTakenAndChecked) {
  const FdNumber fd = guest_.create(dir_, "f");
  for (std::uint32_t advice = 0; advice < 6; ++advice) {
    EXPECT_EQ((guest_.call<&api::fd_advise>(fd, std::uint64_t{0}, std::uint64_t{9}, advice)),
              Errno::Success);
  }
  EXPECT_EQ((guest_.call<&api::fd_advise>(fd, std::uint64_t{0}, std::uint64_t{9}, 6U)),
            Errno::Inval);
  EXPECT_EQ((guest_.call<&api::fd_advise>(fd, ~std::uint64_t{0}, std::uint64_t{9}, 0U)),
            Errno::Inval);
}

TEST_F(FdAttributes, FilesAndDirectoriesAreSynchronised) {
  const FdNumber fd = guest_.create(dir_, "f");
  EXPECT_EQ((guest_.call<&api::fd_sync>(fd)), Errno::Success);
  EXPECT_EQ((guest_.call<&api::fd_datasync>(fd)), Errno::Success);
  EXPECT_EQ((guest_.call<&api::fd_sync>(dir_)), Errno::Success);
  EXPECT_EQ((guest_.call<&api::fd_sync>(99U)), Errno::Badf);
}

TEST_F(FdAttributes, CloseAndRenumber) {
  const FdNumber one = guest_.create(dir_, "one");
  const FdNumber two = guest_.create(dir_, "two");
  EXPECT_EQ((guest_.call<&api::fd_renumber>(one, two)), Errno::Success);
  EXPECT_EQ(guest_.write(two, "1"), Errno::Success);
  EXPECT_EQ(scratch_.content("one"), "1");
  EXPECT_EQ((guest_.call<&api::fd_close>(one)), Errno::Badf);
  EXPECT_EQ((guest_.call<&api::fd_renumber>(two, one)), Errno::Badf);
  EXPECT_EQ((guest_.call<&api::fd_close>(two)), Errno::Success);
  EXPECT_EQ((guest_.call<&api::fd_close>(dir_)), Errno::Success);
  EXPECT_EQ((guest_.call<&api::fd_fdstat_get>(dir_, Guest::result)), Errno::Badf);
}

TEST_F(FdAttributes, NullTakesEverything) {
  const FdNumber fd = guest_.insert(null_file());
  EXPECT_EQ(flags_of(fd), fdflags::append | fdflags::nonblock);
  EXPECT_EQ(set_flags(fd, Fdflags()), Errno::Success);
  EXPECT_EQ(stat_field(fd, layout::Filestat::file_size), 0U);
  EXPECT_EQ((guest_.call<&api::fd_filestat_set_size>(fd, std::uint64_t{5})), Errno::Success);
  EXPECT_EQ((guest_.call<&api::fd_sync>(fd)), Errno::Success);
  EXPECT_EQ((guest_.call<&api::fd_advise>(fd, std::uint64_t{0}, std::uint64_t{1}, 0U)),
            Errno::Success);
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ((guest_.call<&api::fd_advise>(fd, most, most, 0U)), Errno::Success);
  EXPECT_EQ((guest_.call<&api::fd_advise>(fd, most + 1, most, 0U)), Errno::Inval);
  EXPECT_EQ((guest_.call<&api::fd_advise>(fd, most, most + 1, 0U)), Errno::Inval);
  EXPECT_EQ((guest_.call<&api::fd_allocate>(fd, std::uint64_t{0}, std::uint64_t{1})),
            Errno::Success);
  EXPECT_EQ(set_times(fd, 1, 1, fstflags::atim), Errno::Success);
}

}  // namespace
}  // namespace merlon::wasi
