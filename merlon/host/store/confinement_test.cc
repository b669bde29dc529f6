// What merlon-store may still do once it has confined itself, each in a process of its own.

#include "merlon/host/store/confinement.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "merlon/launch/layers.h"
#include "merlon/os/landlock.h"
#include "merlon/os/testing/child.h"
#include "merlon/os/testing/scratch.h"

namespace merlon::host::store {
namespace {

using os::testing::Ended;

constexpr int refused = 134;

class Store : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!launch::Layers::can_be_whole()) GTEST_SKIP() << "a sanitizer's runtime needs more";
    volume_.make_file("index", "text");
    folder_ = volume_.fd().number();
  }
  [[nodiscard]] Ended with_folder(const std::function<int()>& body) const {
    return os::testing::in_child(
        [&] { return confine(channel_, os::BorrowedFd(folder_)) ? body() : 99; });
  }
  [[nodiscard]] Ended without_folder(const std::function<int()>& body) const {
    return os::testing::in_child([&] { return confine(channel_, std::nullopt) ? body() : 99; });
  }
  static void expect_refused(const Ended& ended, std::string_view call) {
    EXPECT_TRUE(ended.with(refused)) << ended;
    EXPECT_NE(ended.said.find(std::string("may not make: ").append(call)), std::string::npos)
        << ended;
  }

  os::testing::ScratchDirectory volume_;
  os::Fd channel_ = os::Fd::adopt(::open("/dev/null", O_RDWR | O_CLOEXEC));
  int folder_ = -1;
};

TEST_F(Store, ReadsWritesAndMovesWithinItsFolder) {
  const Ended ended = with_folder([&] {
    const int old = ::openat(folder_, "index", O_RDONLY | O_CLOEXEC);
    std::array<char, 5> text{};
    if (::read(old, text.data(), text.size()) != 4) return 1;
    ::close(old);
    const int made = ::openat(folder_, "new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (::write(made, "more", 4) != 4 || ::fsync(made) != 0) return 2;
    if (::renameat(folder_, "new", folder_, "index") != 0) return 3;
    return ::unlinkat(folder_, "index", 0) == 0 ? 0 : 4;
  });
  EXPECT_TRUE(ended.with(0)) << ended;
  EXPECT_FALSE(volume_.exists("index"));
}

TEST_F(Store, ReachesNothingElse) {
  expect_refused(with_folder([] { return ::open("/", O_RDONLY | O_CLOEXEC); }), "openat");
  expect_refused(without_folder([&] { return ::openat(folder_, "index", O_RDONLY); }), "openat");
  expect_refused(with_folder([] { return ::fork() == 0 ? 1 : 2; }), "clone");
  if (!os::landlock_version()) return;
  const Ended above = with_folder(
      [&] { return ::openat(folder_, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0 ? errno : 0; });
  EXPECT_TRUE(above.with(EACCES)) << above;
}

TEST_F(Store, HasFewFilesOpen) {
  const Ended ended = with_folder([&] {
    for (int i = 0; i < 100; ++i) {
      if (::openat(folder_, "index", O_RDONLY | O_CLOEXEC) < 0) return errno;
    }
    return 0;
  });
  EXPECT_TRUE(ended.with(EMFILE)) << ended;
}

/// So that its core image, if there is one, is that of its failure.
TEST_F(Store, AbortsAsAnyProgram) {
  const Ended ended = with_folder([]() -> int { std::abort(); });
  EXPECT_TRUE(ended.by(SIGABRT)) << ended;
}

}  // namespace
}  // namespace merlon::host::store
