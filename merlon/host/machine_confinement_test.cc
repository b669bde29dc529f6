// What the process around a keep may still do once it has confined itself, each in a process of its
// own.

#include "merlon/host/machine_confinement.h"

#include <array>
#include <cerrno>
#include <ctime>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/futex.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "merlon/launch/exit_status.h"
#include "merlon/launch/layers.h"
#include "merlon/os/landlock.h"
#include "merlon/os/testing/child.h"
#include "merlon/os/thread.h"

namespace merlon::host {
namespace {

using os::testing::Ended;

/// What a test in such a process needs beside what it asks about.
os::CallRules own_calls(std::initializer_list<int> more = {}) {
  os::CallRules rules;
  os::add(rules, {SYS_mmap, SYS_munmap, SYS_mprotect, SYS_madvise, SYS_brk});
  os::add(rules, more);
  return rules;
}

class Confined : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!launch::Layers::can_be_whole()) GTEST_SKIP() << "a sanitizer's runtime needs more";
  }

  /// Does `body` in a process that serves a keep without directories.
  static Ended serving(const std::function<int()>& body) {
    return os::testing::in_child(
        [&] { return confine_machine(launch::Launch{}, own_calls()) ? body() : 99; });
  }
  /// The same in one that is made ahead.
  static Ended prepared(bool directories, const std::function<int()>& body) {
    return os::testing::in_child([&] {
      const launch::Preparation preparation{launch::Confinement::Machine, false, directories, false,
                                            os::Fd()};
      return confine_prepared_machine(preparation, own_calls({SYS_openat})) ? body() : 99;
    });
  }
  static void expect_refused(const Ended& ended, std::string_view call) {
    EXPECT_TRUE(ended.with(launch::number(launch::ExitStatus::Trap))) << ended;
    EXPECT_NE(ended.said.find(std::string("may not make: ").append(call)), std::string::npos)
        << ended;
  }
};

TEST_F(Confined, MayStartAThreadAndNoProcess) {
  const Ended thread = serving([] {
    int done = 1;
    {
      const auto started =
          os::Thread::start([](void* given) noexcept { *static_cast<int*>(given) = 0; }, &done);
      if (!started) return 2;
    }
    return done;
  });
  EXPECT_TRUE(thread.with(0)) << thread;
  expect_refused(serving([] { return ::fork() == 0 ? 3 : 4; }), "clone");
}

TEST_F(Confined, ThreadsMayWaitForEachOther) {
  const auto futex = [](int operation) {
    return serving([=] {
      // Neither waits: the word is another one, and nobody is there to be woken.
      std::uint32_t word = 1;
      const ::timespec never{};
      const long got = ::syscall(SYS_futex, &word, operation, 0, &never, nullptr, ~0U);
      return got == 0 || errno == EAGAIN ? 0 : errno;
    });
  };
  for (const int operation :
       {FUTEX_WAIT, FUTEX_WAKE, FUTEX_WAIT_PRIVATE, FUTEX_WAKE_PRIVATE, FUTEX_WAIT_BITSET_PRIVATE,
        FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, FUTEX_WAIT_BITSET,
        FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME}) {
    const Ended ended = futex(operation);
    EXPECT_TRUE(ended.with(0)) << operation << ": " << ended;
  }
  expect_refused(futex(FUTEX_LOCK_PI), "futex");
}

TEST_F(Confined, SetsTimesOfOpenFilesOnly) {
  const os::Fd file = os::Fd::adopt(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  ASSERT_TRUE(file.is_open());
  const std::array<::timespec, 2> times{::timespec{5, 6}, ::timespec{7, 8}};
  const Ended open = serving([&] { return ::futimens(file.number(), times.data()); });
  EXPECT_TRUE(open.with(0)) << open;
  struct ::stat found{};
  ASSERT_EQ(::fstat(file.number(), &found), 0);
  EXPECT_EQ(found.st_mtim.tv_sec, 7);
  expect_refused(serving([&] { return ::utimensat(file.number(), "name", times.data(), 0); }),
                 "utimensat");
}

TEST_F(Confined, ReadsNoClockOfAnotherProcess) {
  constexpr int of_process_1 = -14;
  ::timespec time{};
  const Ended own =
      serving([&] { return static_cast<int>(::syscall(SYS_clock_gettime, 1, &time)); });
  EXPECT_TRUE(own.with(0)) << own;
  expect_refused(
      serving([&] { return ::syscall(SYS_clock_gettime, of_process_1, &time) == 0 ? 3 : 4; }),
      "clock_gettime");
}

TEST_F(Confined, AsksNothingAboutOtherProcesses) {
  std::uint64_t processors = 0;
  const auto ask = [&](int process) {
    return ::syscall(SYS_sched_getaffinity, process, sizeof(processors), &processors) >= 0;
  };
  const Ended own = serving([&] { return ask(0) || errno == EINVAL ? 0 : 3; });
  EXPECT_TRUE(own.with(0)) << own;
  expect_refused(serving([&] { return ask(1) ? 3 : 4; }), "sched_getaffinity");
}

TEST_F(Confined, OpensNothing) {
  expect_refused(serving([] { return ::open("/", O_RDONLY | O_CLOEXEC); }), "openat");
}

/// Also where a call that opens files were allowed.
TEST_F(Confined, MadeAheadWithoutDirectoriesReachesNone) {
  if (!os::landlock_version()) GTEST_SKIP() << "this kernel has no Landlock";
  const auto opens = [] {
    const int opened = ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return opened >= 0 ? 0 : errno;
  };
  const Ended without = prepared(false, opens);
  EXPECT_TRUE(without.with(EACCES)) << without;
  const Ended with = prepared(true, opens);  // until the launch says which
  EXPECT_TRUE(with.with(0)) << with;
}

TEST_F(Confined, MadeAheadIsLaunchedWithinWhatWasSaid) {
  const launch::Preparation none{launch::Confinement::Machine, false, false, false, os::Fd()};
  const launch::Preparation directories{launch::Confinement::Machine, false, true, false, os::Fd()};
  const auto launch_with_directory = [] {
    launch::Launch launch;
    launch.message.files = {{launch::FileKind::Directory, launch::FileAccess::ReadOnly, "/"}};
    launch.descriptors.push_back(os::Fd::adopt(::open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
    return launch;
  };
  const auto refused = complete_confinement(none, launch_with_directory());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, core::ErrorCode::Denied);
  const Ended ended = os::testing::in_child(
      [&] { return complete_confinement(directories, launch_with_directory()) ? 0 : 1; });
  EXPECT_TRUE(ended.with(0)) << ended;
}

}  // namespace
}  // namespace merlon::host
