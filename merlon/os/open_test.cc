#include "merlon/os/open.h"

#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

TEST(OwnProgram, IsThisTest) {
  const auto path = own_program();
  ASSERT_TRUE(path.has_value());
  EXPECT_EQ(std::filesystem::path(*path).filename(), "merlon_os_test");
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

}  // namespace
}  // namespace merlon::os
