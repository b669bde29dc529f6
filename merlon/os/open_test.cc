#include "merlon/os/open.h"

#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "merlon/os/file.h"
#include "merlon/os/testing/scratch.h"

namespace merlon::os {
namespace {

TEST(OpenFile, RefusesDirectoriesByName) {
  const testing::ScratchDirectory scratch;
  EXPECT_EQ(open_file(scratch.path()).error(), Errno::Isdir);
  EXPECT_EQ(open_file(scratch / "gone").error(), Errno::Noent);
  scratch.make_directory("d");
  EXPECT_EQ(open_file_in(scratch.fd(), "d").error(), Errno::Isdir);
  scratch.make_file("f");
  EXPECT_TRUE(open_file_in(scratch.fd(), "f").has_value());
  EXPECT_EQ(open_directory(scratch / "f").error(), Errno::Notdir);
  EXPECT_TRUE(open_directory(scratch.path()).has_value());
}

TEST(OpenFile, NeverWaitsAndNamesWhatIsNoFile) {
  const testing::ScratchDirectory scratch;
  ASSERT_EQ(::mkfifo((scratch / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(open_file(scratch / "fifo").error(), Errno::IsFifo);
  EXPECT_EQ(open_file_in(scratch.fd(), "fifo").error(), Errno::IsFifo);
  EXPECT_EQ(open_file("/dev/zero").error(), Errno::IsDevice);
  EXPECT_EQ(describe(Errno::IsFifo), "Is a FIFO");
  const Fd socket = Fd::adopt(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = scratch / "socket";
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  path.copy(address.sun_path, path.size());
  // SAFETY: bind(2) takes any kind of address by this type, with its size.
  ASSERT_EQ(::bind(socket.number(), reinterpret_cast<const ::sockaddr*>(&address), sizeof(address)),
            0);
  EXPECT_EQ(open_file(path).error(), Errno::IsSocket);
  EXPECT_EQ(open_file_in(scratch.fd(), "socket").error(), Errno::IsSocket);
}

TEST(OpenFile, TakesAPipeThatWasHandedOverOpen) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const Fd reading = Fd::adopt(ends[0]);
  {
    const Fd writing = Fd::adopt(ends[1]);
    ASSERT_TRUE(write_all(writing, core::as_bytes("text")).has_value());
  }
  for (const char* folder : {"/dev/fd/", "/proc/self/fd/"}) {
    const auto file = open_file(folder + std::to_string(reading.number()));
    ASSERT_TRUE(file.has_value()) << describe(file.error());
    EXPECT_EQ(::fcntl(file->number(), F_GETFL) & O_NONBLOCK, 0);
  }
  EXPECT_NE(::fcntl(reading.number(), F_GETFL) & O_NONBLOCK, 0) << "the caller's own is as it was";
  const auto file = open_file("/dev/fd/" + std::to_string(reading.number()));
  EXPECT_EQ(core::as_text(*read_all(*file, 100)), "text");
}

TEST(WriteAll, WaitsForAReaderWhateverTheFilesOwnFlagsAre) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const std::string text(1 << 20, 'x');
  const Fd reading = Fd::adopt(ends[0]);
  std::jthread writer([writing = Fd::adopt(ends[1]), &text] {
    EXPECT_TRUE(write_all(writing, core::as_bytes(text)).has_value());
  });
  const auto got = read_all(reading, 2 << 20);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->size(), text.size());
}

TEST(ReadAll, RefusesALargeFileWithoutMakingRoomForIt) {
  const testing::ScratchDirectory scratch;
  scratch.make_file("f");
  ASSERT_EQ(::truncate((scratch / "f").c_str(), ::off_t{1} << 40), 0);
  EXPECT_EQ(read_all(*open_file(scratch / "f"), std::size_t{1} << 39).error(), Errno::Fbig);
}

TEST(CreateFile, NeverTouchesAFileThatExists) {
  const testing::ScratchDirectory scratch;
  const auto file = create_file(scratch / "new");
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE(write_all(*file, core::as_bytes("hello")).has_value());
  EXPECT_EQ(scratch.content("new"), "hello");
  EXPECT_EQ(create_file(scratch / "new").error(), Errno::Exist);
  scratch.make_symlink("elsewhere", "link");
  EXPECT_EQ(create_file(scratch / "link").error(), Errno::Exist);
}

TEST(CreateFile, CanBeForThisUserAlone) {
  const testing::ScratchDirectory scratch;
  const ::mode_t before = ::umask(0);
  const auto file = create_private_file(scratch / "secret");
  ::umask(before);
  ASSERT_TRUE(file.has_value());
  struct ::stat status{};
  ASSERT_EQ(::fstat(file->number(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_EQ(create_private_file(scratch / "secret").error(), Errno::Exist);
}

TEST(ReadAll, StopsAtItsBound) {
  const testing::ScratchDirectory scratch;
  for (const std::size_t size : {0UL, 1UL, 99UL, 100UL, 101UL, 5000UL}) {
    scratch.make_file("f", std::string(size, 'x'));
    const auto file = open_file(scratch / "f");
    ASSERT_TRUE(file.has_value());
    const auto bytes = read_all(*file, 100);
    if (size <= 100) {
      ASSERT_TRUE(bytes.has_value()) << size;
      EXPECT_EQ(bytes->size(), size);
    } else {
      EXPECT_EQ(bytes.error(), Errno::Fbig) << size;
    }
  }
}

TEST(ReadAll, ReadsPipesToTheirEnd) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Fd reading = Fd::adopt(ends[0]);
  std::jthread writer([writing = Fd::adopt(ends[1])] {
    const std::string text(300'000, 'y');
    EXPECT_TRUE(write_all(writing, core::as_bytes(text)).has_value());
  });
  const auto bytes = read_all(reading, 1'000'000);
  ASSERT_TRUE(bytes.has_value());
  EXPECT_EQ(bytes->size(), 300'000U);
}

TEST(ReadAll, DoesNotBelieveTheSizeOfFilesInProc) {
  const auto file = open_file("/proc/self/status");
  ASSERT_TRUE(file.has_value());
  const auto bytes = read_all(*file, 1'000'000);
  ASSERT_TRUE(bytes.has_value());
  EXPECT_GT(bytes->size(), 100U);
}

TEST(WriteAll, SaysWhenTheDiskIsFull) {
  const Fd full = Fd::adopt(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(full.is_open());
  EXPECT_EQ(write_all(full, core::as_bytes("x")).error(), Errno::Nospc);
}

TEST(AllowOpenFiles, TakesAllThatTheUserMayHave) {
  ::rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const ::rlimit few{std::min<::rlim_t>(before.rlim_max, 64), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  EXPECT_EQ(allow_open_files().value(), before.rlim_max);
  ::rlimit now{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &now), 0);
  EXPECT_EQ(now.rlim_cur, before.rlim_max);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(OwnProgram, IsThisTest) {
  const auto path = own_program();
  ASSERT_TRUE(path.has_value());
  EXPECT_EQ(std::filesystem::path(*path).filename(), "merlon_os_test");
}

TEST(OpenRecord, IsWrittenAtItsEndAlone) {
  const testing::ScratchDirectory scratch;
  const auto file = open_record(scratch / "record");
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE(write_all(*file, core::as_bytes("one")).has_value());
  ASSERT_TRUE(seek(*file, 0, Whence::Set).has_value());
  ASSERT_TRUE(write_all(*file, core::as_bytes("two")).has_value());
  EXPECT_EQ(scratch.content("record"), "onetwo");
  EXPECT_EQ(std::filesystem::status(scratch / "record").permissions() &
                (std::filesystem::perms::group_all | std::filesystem::perms::others_all),
            std::filesystem::perms::none);
  scratch.make_symlink("record", "link");
  EXPECT_EQ(open_record(scratch / "link").error(), Errno::Loop);
  scratch.make_directory("folder");
  EXPECT_EQ(open_record(scratch / "folder").error(), Errno::Isdir);
}

TEST(MakeLastingDirectory, MakesWhatIsMissingAndTakesWhatIsThere) {
  const testing::ScratchDirectory root;
  const std::string path = root / "a/b/c";
  for (const std::string& each : {path, path, path + "//"}) {
    ASSERT_TRUE(make_lasting_directory(each)) << each;
    EXPECT_TRUE(std::filesystem::is_directory(path));
  }
  for (const char* each : {"a", "a/b", "a/b/c"}) {
    EXPECT_EQ(std::filesystem::status(root / each).permissions(), std::filesystem::perms::owner_all)
        << each;
  }
  ASSERT_TRUE(replace_file(root / "file", core::as_bytes("x")));
  EXPECT_EQ(make_lasting_directory(root / "file").error(), Errno::Notdir);
  EXPECT_EQ(make_lasting_directory(root / "file/below").error(), Errno::Notdir);
  EXPECT_EQ(make_lasting_directory("").error(), Errno::Noent);
}

TEST(ReplaceFile, PutsAllInThePlaceOfAll) {
  const testing::ScratchDirectory scratch;
  ASSERT_TRUE(replace_file(scratch / "file", core::as_bytes("first")).has_value());
  EXPECT_EQ(scratch.content("file"), "first");
  // What a crash left behind is in nobody's way.
  scratch.make_file("file.new", "a longer one that was never finished");
  ASSERT_TRUE(replace_file(scratch / "file", core::as_bytes("second")).has_value());
  EXPECT_EQ(scratch.content("file"), "second");
  EXPECT_FALSE(scratch.exists("file.new"));
  EXPECT_EQ(replace_file(scratch / "no/file", core::as_bytes("x")).error(), Errno::Noent);
}

TEST(Lock, IsOneOpenFilesAlone) {
  const testing::ScratchDirectory scratch;
  const auto one = open_record(scratch / "record");
  const auto other = open_record(scratch / "record");
  ASSERT_TRUE(one.has_value() && other.has_value());
  EXPECT_TRUE(try_lock(*one).has_value());
  EXPECT_EQ(try_lock(*other).error(), Errno::Again);
  EXPECT_TRUE(lock(*one).has_value());
}

/// Runs `body` in a child; true if it gives true there.
template <typename Body>
  requires std::predicate<Body>
bool in_child(Body body) {
  const ::pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = -1;
  ::waitpid(child, &status, 0);
  return status == 0;
}

TEST(HoldStandardStreams, FillsHolesSoThatNothingElseCanPassForThem) {
  EXPECT_TRUE(in_child([] {
    ::close(0);
    ::close(1);
    if (!hold_standard_streams()) return false;
    char byte = 0;
    const bool reads = ::read(0, &byte, 1) >= 0;
    const bool writes = ::write(1, &byte, 1) >= 0;
    const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    return !reads && !writes && next > 2;
  }));
}

TEST(MemoryFile, IsReadAndNeverChanged) {
  const std::string text = "text";
  const auto file = memory_file("test", core::as_bytes(text));
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(core::as_text(*read_all(*file, 100)), text);
  EXPECT_EQ(::pwrite(file->number(), "x", 1, 0), -1);
  EXPECT_EQ(::ftruncate(file->number(), 1), -1);
}

TEST(WriteSetting, IsOneCallWithTheKernelsReason) {
  const std::string path = ::testing::TempDir() + "setting-" + std::to_string(::getpid());
  ASSERT_TRUE(write_setting(path, core::as_bytes("long text")));
  ASSERT_TRUE(write_setting(path, core::as_bytes("12")));
  const auto file = open_file(path);
  ASSERT_TRUE(file);
  EXPECT_EQ(core::as_text(read_all(*file, 100).value()), "12");
  ::unlink(path.c_str());
  EXPECT_EQ(write_setting("/dev/full", core::as_bytes("1")).error(), Errno::Nospc);
  EXPECT_EQ(write_setting("/nowhere/at/all", core::as_bytes("1")).error(), Errno::Noent);
  ASSERT_EQ(::symlink("/dev/null", path.c_str()), 0);
  EXPECT_EQ(write_setting(path, core::as_bytes("1")).error(), Errno::Loop);
  ::unlink(path.c_str());
}

}  // namespace
}  // namespace merlon::os
