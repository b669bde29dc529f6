#include "merlon/wasi/preopen.h"

#include <array>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include "merlon/os/file.h"
#include "merlon/os/socket.h"
#include "merlon/os/testing/scratch.h"
#include "merlon/wasi/rights.h"

namespace merlon::wasi {
namespace {

using os::testing::ScratchDirectory;

os::Fd opened(const char* path, int flags) {
  return os::Fd::adopt(::open(path, flags | O_CLOEXEC | O_NOCTTY));
}

TEST(OpenFile, RightsFollowFromHowTheFileIsOpen) {
  const FdEntry reader = open_file(opened("/dev/null", O_RDONLY)).value();
  EXPECT_TRUE(reader.base.has(rights::fd_read));
  EXPECT_FALSE(reader.base.has_any(rights::writing));
  const FdEntry writer = open_file(opened("/dev/null", O_WRONLY | O_APPEND)).value();
  EXPECT_FALSE(writer.base.has(rights::fd_read));
  EXPECT_TRUE(writer.base.has(rights::fd_write));
  EXPECT_EQ(writer.flags, fdflags::append);
  const ScratchDirectory scratch;
  scratch.make_file("f");
  const auto flags = [&scratch](int how) {
    return open_file(opened((scratch / "f").c_str(), O_WRONLY | how)).value().flags;
  };
  EXPECT_EQ(flags(0), Fdflags());
  EXPECT_EQ(flags(O_DSYNC), fdflags::dsync);
  EXPECT_EQ(flags(O_SYNC), fdflags::sync);
}

TEST(OpenFile, ATerminalIsWhatCLibrariesTakeForOneAndOtherDevicesAreNot) {
  os::Fd primary = os::Fd::adopt(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(primary.is_open());
  ASSERT_EQ(::grantpt(primary.number()), 0);
  ASSERT_EQ(::unlockpt(primary.number()), 0);
  const FdEntry terminal = open_file(opened(::ptsname(primary.number()), O_RDWR)).value();
  EXPECT_EQ(terminal.filetype, Filetype::CharacterDevice);
  EXPECT_FALSE(terminal.base.has_any(rights::fd_seek | rights::fd_tell));
  const FdEntry null_device = open_file(opened("/dev/null", O_RDWR)).value();
  EXPECT_EQ(null_device.filetype, Filetype::CharacterDevice);
  EXPECT_TRUE(null_device.base.has(rights::fd_seek | rights::fd_tell));
}

TEST(OpenFile, KnowsPipesFilesAndSockets) {
  const ScratchDirectory scratch;
  scratch.make_file("f");
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const os::Fd writer = os::Fd::adopt(ends[1]);
  const FdEntry pipe = open_file(os::Fd::adopt(ends[0])).value();
  EXPECT_EQ(pipe.kind, FileKind::Stream);
  EXPECT_EQ(pipe.filetype, Filetype::Unknown);
  EXPECT_EQ(open_file(opened((scratch / "f").c_str(), O_RDONLY)).value().kind, FileKind::Regular);
  EXPECT_EQ(open_file(os::listen_tcp("127.0.0.1", 0).value()).value().kind, FileKind::Listener);
}

TEST(OpenFile, ADirectoryGivesNothingAway) {
  const ScratchDirectory scratch;
  const FdEntry entry = open_file(os::duplicate(scratch.fd()).value()).value();
  EXPECT_EQ(entry.base, rights::fd_filestat_get);
  EXPECT_TRUE(entry.inheriting.empty());
  EXPECT_FALSE(entry.preopened_as.has_value());
}

TEST(OpenFile, RefusesWhatIsNotOpen) {
  EXPECT_EQ(open_file(os::Fd()).error().code, core::ErrorCode::Internal);
  EXPECT_EQ(open_file(opened("/", O_PATH)).error().code, core::ErrorCode::Unsupported);
}

TEST(SocketFiles, AreTakenForWhatTheyAreOnly) {
  os::Fd listener = os::listen_tcp("127.0.0.1", 0).value();
  os::Fd client = os::connect_tcp("127.0.0.1", os::local_port(listener).value()).value();
  const ScratchDirectory scratch;
  EXPECT_EQ(connected_socket(os::duplicate(listener).value()).error().code,
            core::ErrorCode::Malformed);
  EXPECT_EQ(listening_socket(os::duplicate(client).value()).error().code,
            core::ErrorCode::Malformed);
  EXPECT_FALSE(listening_socket(os::duplicate(scratch.fd()).value()).has_value());
  const FdEntry connection = connected_socket(std::move(client)).value();
  EXPECT_EQ(connection.base, rights::socket);
  EXPECT_TRUE(connection.flags.empty());  // blocking, for the guest
  const FdEntry listening = listening_socket(std::move(listener)).value();
  EXPECT_EQ(listening.base, rights::listener);
  EXPECT_EQ(listening.inheriting, rights::socket);
}

TEST(DirectoryFile, HandsDownWhatItMay) {
  const ScratchDirectory scratch;
  const FdEntry writable =
      directory(os::duplicate(scratch.fd()).value(), "/", DirectoryAccess::ReadWrite).value();
  EXPECT_EQ(writable.base, rights::directory);
  EXPECT_TRUE(writable.inheriting.has(rights::directory | rights::regular));
  EXPECT_EQ(writable.preopened_as, "/");
  const FdEntry locked =
      directory(os::duplicate(scratch.fd()).value(), "/", DirectoryAccess::ReadOnly).value();
  EXPECT_FALSE(locked.base.has_any(rights::changing));
  EXPECT_TRUE(locked.read_only);
}

TEST(DirectoryFile, ByItsPathAloneItLendsWhatNeedsNoOpenDirectory) {
  const ScratchDirectory scratch;
  const FdEntry entry = directory(opened(scratch.path().c_str(), O_PATH | O_DIRECTORY), "/",
                                  DirectoryAccess::ReadWrite)
                            .value();
  EXPECT_FALSE(entry.base.has_any(rights::fd_readdir | rights::fd_sync));
  EXPECT_TRUE(entry.base.has(rights::path_open | rights::path_unlink_file));
}

TEST(DirectoryFile, RefusesFilesAndMissingNames) {
  const ScratchDirectory scratch;
  scratch.make_file("f");
  EXPECT_EQ(directory(opened((scratch / "f").c_str(), O_RDONLY), "/", DirectoryAccess::ReadOnly)
                .error()
                .code,
            core::ErrorCode::Malformed);
  EXPECT_EQ(
      directory(os::duplicate(scratch.fd()).value(), "", DirectoryAccess::ReadOnly).error().code,
      core::ErrorCode::Malformed);
}

}  // namespace
}  // namespace merlon::wasi
