#include "merlon/os/surrender.h"

#include <cerrno>
#include <csignal>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "merlon/os/channel.h"
#include "merlon/os/testing/child.h"

namespace merlon::os {
namespace {

using testing::in_child;

/// The line of /proc/self/status that starts with `name`, without the name.
std::string status_line(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
  }
  return "";
}

int soft_limit_of_core() {
  std::ifstream file("/proc/self/limits");
  for (std::string line; std::getline(file, line);) {
    constexpr std::string_view name = "Max core file size";
    if (line.starts_with(name)) return std::stoi(line.substr(name.size()));
  }
  return -1;
}

TEST(Surrender, NoNewPrivilegesAreForGood) {
  const auto ended = in_child([] {
    if (!forbid_new_privileges()) return 1;
    if (::prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0) return 2;
    return status_line("NoNewPrivs") == "1" ? 0 : 3;
  });
  EXPECT_TRUE(ended.with(0)) << ended;
}

TEST(Surrender, AProcessThatMayNotBeInspectedIsNotDumpable) {
  const auto ended = in_child([] {
    if (!forbid_inspection()) return 1;
    return ::prctl(PR_GET_DUMPABLE) == 0 ? 0 : 2;
  });
  EXPECT_TRUE(ended.with(0)) << ended;
}

TEST(Surrender, AProgramWithKeysLeavesNoCore) {
  for (const ::rlim_t before : {RLIM_INFINITY, ::rlim_t{0}}) {
    const auto ended = in_child([&] {
      const ::rlimit limit{before, before};
      // Where the user's own limit is lower, it says no more.
      static_cast<void>(::setrlimit(RLIMIT_CORE, &limit));
      if (!leave_no_core()) return 1;
      const int left = soft_limit_of_core();
      return left == 0 || left == 1 ? 0 : 2;
    });
    EXPECT_TRUE(ended.with(0)) << ended;
  }
  // As an ordinary user without any.
  const auto ended = in_child([] {
    if (::geteuid() == 0 && !testing::become_nobody()) return 1;
    const ::rlimit none{0, 0};
    if (::setrlimit(RLIMIT_CORE, &none) != 0 || !leave_no_core()) return 2;
    return soft_limit_of_core() == 0 ? 0 : 3;
  });
  EXPECT_TRUE(ended.with(0)) << ended;
}

TEST(Surrender, EverySetOfCapabilitiesIsEmptyAfterwards) {
  const bool root = ::geteuid() == 0;
  const auto ended = in_child([root] {
    if (!drop_capabilities()) return 1;
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
      if (status_line(set) != "0000000000000000") return 2;
    }
    return !root || status_line("CapBnd") == "0000000000000000" ? 0 : 3;
  });
  EXPECT_TRUE(ended.with(0)) << ended;
}

TEST(Surrender, LimitsHoldAndCannotBeRaised) {
  const auto ended = in_child([] {
    const ResourceLimits limits{.open_files = 20};
    if (!drop_capabilities() || !limit_resources(limits)) return 1;
    ::rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_max != 20) return 2;
    files.rlim_max = 21;
    if (::setrlimit(RLIMIT_NOFILE, &files) == 0) return 3;
    return ::fcntl(0, F_DUPFD_CLOEXEC, 20) < 0 ? 0 : 4;
  });
  EXPECT_TRUE(ended.with(0)) << ended;
}

TEST(Surrender, AnOrdinaryUserStartsNoProcess) {
  const bool root = ::geteuid() == 0;
  const auto ended = in_child([root] {
    if ((root && !testing::become_nobody()) || !limit_resources({.open_files = 20})) return 1;
    return ::fork() < 0 && errno == EAGAIN ? 0 : 2;
  });
  EXPECT_TRUE(ended.with(0)) << ended;
}

TEST(Surrender, DescriptorsFromANumberOnAreClosed) {
  const auto ended = in_child([] {
    if (::dup2(0, 40) != 40 || ::dup2(0, 400) != 400) return 1;
    if (!close_from(40)) return 2;
    return ::fcntl(39, F_GETFD) < 0 && ::fcntl(40, F_GETFD) < 0 && ::fcntl(400, F_GETFD) < 0 &&
                   ::fcntl(2, F_GETFD) >= 0
               ? 0
               : 3;
  });
  EXPECT_TRUE(ended.with(0)) << ended;
}

TEST(EndWithMaker, AProcessWhoseParentMadeTheChannelGoesOn) {
  const auto channel = open_channel();
  ASSERT_TRUE(channel.has_value());
  const auto ended = in_child([&] {
    end_with_maker_of(channel->there);
    int signal = 0;
    return ::prctl(PR_GET_PDEATHSIG, &signal) == 0 && signal == SIGKILL ? 42 : 1;
  });
  EXPECT_TRUE(ended.with(42)) << ended;
}

TEST(EndWithMaker, AProcessWhoseParentHasGoneAlreadyEnds) {
  // What nobody waits for any more still writes into the pipe of `said`.
  const auto ended = in_child([] {
    const auto channel = open_channel();
    const ::pid_t maker = ::getpid();
    if (!channel || ::fork() != 0) return 0;
    while (::getppid() == maker) ::usleep(1000);
    end_with_maker_of(channel->there);
    return ::write(2, "alive", 5) == 5 ? 0 : 1;
  });
  EXPECT_EQ(ended.said, "");
}

TEST(EndWithMaker, WithoutASocketThereIsNobodyToAskFor) {
  const auto ended = in_child([] {
    end_with_maker_of(BorrowedFd(2));
    return 42;
  });
  EXPECT_TRUE(ended.with(42)) << ended;
}

}  // namespace
}  // namespace merlon::os
