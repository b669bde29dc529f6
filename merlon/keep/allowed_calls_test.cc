// The list of a keep's system calls, call by call and argument by argument. That a filter made of
// it holds is tried in confinement_test.cc.

#include "merlon/keep/allowed_calls.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <ctime>

#include <asm/termbits.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/futex.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

namespace merlon::keep {
namespace {

constexpr int process = 4711;
/// In the place of an argument that does not matter; nothing that a rule asks for.
constexpr std::uint64_t any = 0x5A5A'5A5A'5A5A;
constexpr auto at_current_directory = static_cast<std::uint64_t>(AT_FDCWD);

Needs everything() {
  return {.sockets = true,
          .directories = true,
          .writable_directories = true,
          .timer = true,
          .tls = true,
          .dials = true,
          .process = process};
}

/// Whether a keep of these needs may make this call with these arguments.
bool may(const Needs& needs, int number, std::initializer_list<std::uint64_t> given = {}) {
  std::array<std::uint64_t, 6> arguments{any, any, any, any, any, any};
  std::ranges::copy(given, arguments.begin());
  const auto rules = allowed_calls(needs);
  const auto rule = std::ranges::find(rules, number, &os::CallRule::number);
  if (rule == rules.end() || rule->verdict != os::Verdict::Allow) return false;
  const auto holds = [&](const os::ArgumentChecks& checks) {
    return std::ranges::all_of(checks, [&](const os::ArgumentCheck& check) {
      return (arguments[check.argument] & check.mask) == check.value;
    });
  };
  return rule->alternatives.empty() || std::ranges::any_of(rule->alternatives, holds);
}

bool may(int number, std::initializer_list<std::uint64_t> given = {}) {
  return may(everything(), number, given);
}

/// The kernel's words, each of the type that its header gave it, as arguments.
std::vector<std::uint64_t> numbers(std::initializer_list<std::uint64_t> given) { return given; }

TEST(AllowedCalls, AKeepThatIsMadeAheadTakesStreamsAndALaunch) {
  Needs ahead;
  ahead.made_ahead = true;
  ahead.process = process;
  for (const std::uint64_t stream : {0U, 1U, 2U}) EXPECT_TRUE(may(ahead, SYS_dup2, {any, stream}));
  EXPECT_FALSE(may(ahead, SYS_dup2, {any, 3}));
  EXPECT_TRUE(may(ahead, SYS_recvmsg, {any, any, MSG_CMSG_CLOEXEC}));
  EXPECT_FALSE(may(ahead, SYS_sendmsg, {any, any, MSG_NOSIGNAL}));
  EXPECT_FALSE(may(ahead, SYS_landlock_restrict_self));
  EXPECT_FALSE(may(ahead, SYS_openat2));
  ahead.directories = ahead.writable_directories = true;
  EXPECT_TRUE(may(ahead, SYS_landlock_restrict_self));
  EXPECT_FALSE(may(ahead, SYS_seccomp));
  EXPECT_FALSE(may(ahead, SYS_socket));
  EXPECT_FALSE(may(SYS_dup2, {any, 0}));  // of no other keep
}

TEST(AllowedCalls, EachStandsOnceInTheListOfAKeepThatIsMadeAhead) {
  for (unsigned bits = 0; bits < 4; ++bits) {
    Needs ahead = everything();
    ahead.made_ahead = true;
    ahead.sockets = ahead.dials = (bits & 1U) != 0;
    ahead.directories = ahead.writable_directories = (bits & 2U) != 0;
    auto rules = allowed_calls(ahead);
    std::ranges::sort(rules, {}, &os::CallRule::number);
    EXPECT_EQ(std::ranges::adjacent_find(rules, {}, &os::CallRule::number), rules.end());
  }
}

TEST(AllowedCalls, MemoryIsItsOwnAndNeverWritableCode) {
  constexpr std::uint64_t data = PROT_READ | PROT_WRITE;
  constexpr std::uint64_t fresh = MAP_PRIVATE | MAP_ANONYMOUS;
  EXPECT_TRUE(may(SYS_mmap, {0, 4096, data, fresh}));
  EXPECT_TRUE(may(SYS_mmap, {0, 4096, PROT_NONE, fresh | MAP_NORESERVE}));
  EXPECT_TRUE(may(SYS_mmap, {0, 4096, PROT_READ, fresh | MAP_STACK}));
  EXPECT_FALSE(may(SYS_mmap, {0, 4096, PROT_READ | PROT_EXEC, fresh}));
  EXPECT_FALSE(may(SYS_mmap, {0, 4096, data, MAP_PRIVATE}));
  EXPECT_FALSE(may(SYS_mmap, {0, 4096, data, MAP_SHARED | MAP_ANONYMOUS}));
  EXPECT_FALSE(may(SYS_mmap, {0, 4096, data, fresh | MAP_FIXED}));
  EXPECT_TRUE(may(SYS_mprotect, {0, 4096, data}));
  EXPECT_TRUE(may(SYS_mprotect, {0, 4096, PROT_READ | PROT_EXEC}));
  EXPECT_FALSE(may(SYS_mprotect, {0, 4096, PROT_EXEC}));
  EXPECT_FALSE(may(SYS_mprotect, {0, 4096, data | PROT_EXEC}));
  EXPECT_TRUE(may(SYS_mremap, {0, 4096, 8192, MREMAP_MAYMOVE}));
  EXPECT_FALSE(may(SYS_mremap, {0, 4096, 8192, MREMAP_MAYMOVE | MREMAP_FIXED}));
  EXPECT_FALSE(may(SYS_mremap, {0, 4096, 8192, 0}));
  for (const int call : {SYS_brk, SYS_munmap}) EXPECT_TRUE(may(call));
}

TEST(AllowedCalls, OfSignalsThoseOfItself) {
  EXPECT_TRUE(may(SYS_tgkill, {process, any, SIGABRT}));
  EXPECT_FALSE(may(SYS_tgkill, {process + 1, any, SIGABRT}));
  EXPECT_FALSE(may(SYS_tgkill, {any, process, SIGABRT}));
  EXPECT_FALSE(may(SYS_tgkill, {process, SIGABRT, SIGTERM}));
  for (const std::uint64_t number : numbers({SIGSEGV, SIGBUS, SIGILL, SIGALRM})) {
    EXPECT_TRUE(may(SYS_rt_sigaction, {number}));
    EXPECT_FALSE(may(SYS_rt_sigaction, {any, number}));
  }
  EXPECT_FALSE(may(SYS_rt_sigaction, {SIGSYS}));
  for (const std::uint64_t operation :
       numbers({FUTEX_WAIT_PRIVATE, FUTEX_WAKE_PRIVATE, FUTEX_WAIT_BITSET_PRIVATE,
                FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME})) {
    EXPECT_TRUE(may(SYS_futex, {any, operation}));
    EXPECT_FALSE(may(SYS_futex, {operation, any, operation}));
  }
  EXPECT_FALSE(may(SYS_futex, {any, FUTEX_WAKE}));
  for (const int call :
       {SYS_exit, SYS_exit_group, SYS_getpid, SYS_gettid, SYS_sched_yield, SYS_rt_sigreturn,
        SYS_rt_sigprocmask, SYS_restart_syscall, SYS_getrandom}) {
    EXPECT_TRUE(may(call)) << call;
  }
  for (const int call : {SYS_clock_gettime, SYS_clock_getres}) {
    EXPECT_TRUE(may(call, {CLOCK_REALTIME}));
    EXPECT_TRUE(may(call, {CLOCK_THREAD_CPUTIME_ID}));
    EXPECT_FALSE(may(call, {any})) << "another process's";
    EXPECT_FALSE(may(call, {0xffff'fff2})) << "that of process 1";
  }
}

TEST(AllowedCalls, ATimerOnlyWhereThereIsATimeLimit) {
  EXPECT_TRUE(may(SYS_timer_create, {CLOCK_MONOTONIC}));
  EXPECT_FALSE(may(SYS_timer_create, {CLOCK_REALTIME, CLOCK_MONOTONIC}));
  EXPECT_TRUE(may(SYS_timer_settime));
  EXPECT_TRUE(may(SYS_timer_delete));
  Needs none = everything();
  none.timer = false;
  EXPECT_FALSE(may(none, SYS_timer_create, {CLOCK_MONOTONIC}));
  EXPECT_FALSE(may(none, SYS_timer_settime));
  EXPECT_FALSE(may(none, SYS_timer_delete));
  EXPECT_TRUE(may(SYS_sysinfo));
  none.tls = false;
  EXPECT_FALSE(may(none, SYS_sysinfo));
}

TEST(AllowedCalls, OfOpenFilesWhatWasiNeeds) {
  for (const int call :
       {SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_preadv, SYS_pwritev, SYS_preadv2,
        SYS_pwritev2, SYS_lseek, SYS_close, SYS_fstat, SYS_fsync, SYS_fdatasync, SYS_fallocate,
        SYS_fadvise64, SYS_ftruncate, SYS_ppoll, SYS_eventfd2}) {
    EXPECT_TRUE(may({}, call)) << call;
  }
  for (const std::uint64_t request : numbers({FIONREAD, TCGETS, TCGETS2})) {
    EXPECT_TRUE(may(SYS_ioctl, {0, request}));
    EXPECT_FALSE(may(SYS_ioctl, {request, any, request}));
  }
  EXPECT_FALSE(may(SYS_ioctl, {0, TIOCSTI}));
}

TEST(AllowedCalls, OfSocketsWhatConnectsNowhere) {
  EXPECT_TRUE(may(SYS_recvmsg, {any, any, MSG_DONTWAIT | MSG_PEEK}));
  EXPECT_FALSE(may(SYS_recvmsg, {any, any, MSG_TRUNC, 0}));
  EXPECT_TRUE(may(SYS_sendmsg, {any, any, MSG_DONTWAIT | MSG_NOSIGNAL}));
  EXPECT_FALSE(may(SYS_sendmsg, {any, any, MSG_DONTWAIT | MSG_FASTOPEN, 0}));
  EXPECT_TRUE(may(SYS_accept4, {any, 0, 0}));
  EXPECT_FALSE(may(SYS_accept4, {any, any, 0, 0}));
  EXPECT_FALSE(may(SYS_accept4, {any, 0, any, 0}));
  for (const std::uint64_t option : numbers({SO_TYPE, SO_ACCEPTCONN})) {
    EXPECT_TRUE(may(SYS_getsockopt, {any, SOL_SOCKET, option}));
    EXPECT_FALSE(may(SYS_getsockopt, {any, any, option}));
    EXPECT_FALSE(may(SYS_getsockopt, {any, SOL_SOCKET, any}));
  }
  EXPECT_TRUE(may(SYS_shutdown));
  EXPECT_TRUE(may(SYS_recvmsg, {any, any, MSG_CMSG_CLOEXEC}));
  Needs alone = everything();
  alone.dials = false;
  EXPECT_FALSE(may(alone, SYS_recvmsg, {any, any, MSG_CMSG_CLOEXEC}));
  Needs none = everything();
  none.sockets = false;
  EXPECT_FALSE(may(none, SYS_recvmsg, {any, any, 0}));
  EXPECT_FALSE(may(none, SYS_sendmsg, {any, any, 0}));
  EXPECT_FALSE(may(none, SYS_accept4, {any, 0, 0}));
  EXPECT_FALSE(may(none, SYS_getsockopt, {any, SOL_SOCKET, SO_TYPE}));
  EXPECT_FALSE(may(none, SYS_shutdown));
}

TEST(AllowedCalls, PathsOnlyBelowDirectories) {
  constexpr std::uint64_t path = 0x1000;
  Needs reading = everything();
  reading.writable_directories = false;
  Needs none = reading;
  none.directories = false;
  for (const Needs& needs : {everything(), reading, none}) {
    EXPECT_TRUE(may(needs, SYS_utimensat, {3, 0}));
    EXPECT_FALSE(may(needs, SYS_utimensat, {at_current_directory, 0}));
    EXPECT_EQ(may(needs, SYS_utimensat, {3, path, 0}), needs.writable_directories);
    EXPECT_EQ(may(needs, SYS_newfstatat, {3, path}), needs.directories);
    EXPECT_FALSE(may(needs, SYS_newfstatat, {at_current_directory, path}));
    EXPECT_EQ(may(needs, SYS_openat, {3, path}), needs.directories);
    EXPECT_EQ(may(needs, SYS_getdents64), needs.directories);
    EXPECT_EQ(may(needs, SYS_mkdirat, {3, path}), needs.writable_directories);
    EXPECT_FALSE(may(needs, SYS_openat, {at_current_directory, path}));
  }
}

}  // namespace
}  // namespace merlon::keep
