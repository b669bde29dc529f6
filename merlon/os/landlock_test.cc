#include "merlon/os/landlock.h"

#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "merlon/os/surrender.h"
#include "merlon/os/testing/child.h"
#include "merlon/os/testing/scratch.h"

namespace merlon::os {
namespace {

using testing::Ended;
using testing::in_child;
using testing::ScratchDirectory;

/// The number that a call failed with; 0 if it did not.
int failure(long result) { return result < 0 ? errno : 0; }

class Landlock : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto version = landlock_version();
    if (!version) GTEST_SKIP() << "this kernel has no Landlock";
    version_ = *version;
    for (const char* name : {"read", "write", "write/sub", "outside"}) {
      scratch_.make_directory(name);
      scratch_.make_file(std::string(name) + "/file", "text");
    }
  }

  /// The exit status is what `attempt` gives once the process is confined.
  Ended confined(const std::function<int()>& attempt) {
    return in_child([&] {
      const Fd read = open_dir("read");
      const Fd write = open_dir("write");
      const std::array trees{AllowedTree{read, false}, AllowedTree{write, true}};
      if (!forbid_new_privileges() || !confine_files(version_, trees)) return 255;
      return attempt();
    });
  }

  [[nodiscard]] int open(const char* name, int flags) const {
    return failure(::open((scratch_ / name).c_str(), flags | O_CLOEXEC, 0666));
  }
  [[nodiscard]] Fd open_dir(const char* name) const {
    return Fd::adopt(::open((scratch_ / name).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }

  ScratchDirectory scratch_;
  int version_ = 0;
};

TEST_F(Landlock, NothingOutsideOfTheTreesIsOpened) {
  for (const int flags : {O_RDONLY, O_WRONLY, O_RDWR, O_WRONLY | O_CREAT}) {
    EXPECT_TRUE(confined([&] { return open("outside/file", flags); }).with(EACCES)) << flags;
  }
  EXPECT_TRUE(confined([&] { return open("outside", O_RDONLY | O_DIRECTORY); }).with(EACCES));
  EXPECT_TRUE(confined([&] { return failure(::open("/proc/self/mem", O_RDWR)); }).with(EACCES));
}

TEST_F(Landlock, AReadOnlyTreeIsOnlyRead) {
  EXPECT_TRUE(confined([&] { return open("read/file", O_RDONLY); }).with(0));
  EXPECT_TRUE(confined([&] { return open("read/file", O_WRONLY); }).with(EACCES));
  EXPECT_TRUE(confined([&] { return open("read/new", O_WRONLY | O_CREAT); }).with(EACCES));
  const auto removed = [&] { return failure(::unlink((scratch_ / "read/file").c_str())); };
  EXPECT_TRUE(confined(removed).with(EACCES));
}

TEST_F(Landlock, AWritableTreeIsChanged) {
  EXPECT_TRUE(confined([&] { return open("write/new", O_RDWR | O_CREAT | O_TRUNC); }).with(0));
  EXPECT_TRUE(scratch_.exists("write/new"));
  if (version_ < first_landlock_with_moves) return;
  const auto moved = [&] {
    return failure(
        ::rename((scratch_ / "write/new").c_str(), (scratch_ / "write/sub/new").c_str()));
  };
  EXPECT_TRUE(confined(moved).with(0));
  EXPECT_TRUE(scratch_.exists("write/sub/new"));
}

TEST_F(Landlock, NothingMovesOutOfATree) {
  const auto moved = [&] {
    return failure(::rename((scratch_ / "write/file").c_str(), (scratch_ / "outside/x").c_str()));
  };
  const Ended ended = confined(moved);
  EXPECT_TRUE(ended.with(EACCES) || ended.with(EXDEV)) << ended;
  EXPECT_FALSE(scratch_.exists("outside/x"));
}

TEST_F(Landlock, ALinkLeadsNowhereElse) {
  scratch_.make_symlink("../outside/file", "write/link");
  EXPECT_TRUE(confined([&] { return open("write/link", O_RDONLY); }).with(EACCES));
}

TEST_F(Landlock, NoDeviceFifoOrSocketIsMade) {
  for (const ::mode_t type : {::mode_t{S_IFIFO}, ::mode_t{S_IFSOCK}}) {
    const auto made = [&] { return failure(::mknod((scratch_ / "write/x").c_str(), type, 0)); };
    EXPECT_TRUE(confined(made).with(EACCES)) << type;
  }
}

TEST_F(Landlock, NoTcpSocketIsBoundOrConnected) {
  if (version_ < 4) GTEST_SKIP() << "this kernel's Landlock knows no network";
  using Call = int (*)(int, const ::sockaddr*, ::socklen_t);
  for (const Call call : {Call(&::bind), Call(&::connect)}) {
    const auto tried = [&] {
      ::sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_port = htons(45'678);
      const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      // SAFETY: a socket address is passed as its generic head.
      return failure(call(socket, reinterpret_cast<::sockaddr*>(&address), sizeof(address)));
    };
    EXPECT_TRUE(confined(tried).with(EACCES));
  }
}

TEST_F(Landlock, NoProcessOutsideIsSignalled) {
  if (version_ < 6) GTEST_SKIP() << "this kernel's Landlock knows no signals";
  EXPECT_TRUE(confined([] { return failure(::kill(::getppid(), 0)); }).with(EPERM));
}

TEST_F(Landlock, WithoutTreesNothingIsOpened) {
  const auto opened = [&] {
    if (!forbid_new_privileges() || !confine_files(version_, {})) return 255;
    return open("read/file", O_RDONLY);
  };
  EXPECT_TRUE(in_child(opened).with(EACCES));
}

}  // namespace
}  // namespace merlon::os
