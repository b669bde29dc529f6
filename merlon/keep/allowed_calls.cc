#include "merlon/keep/allowed_calls.h"

#include <csignal>
#include <ctime>

#include <asm/termbits.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

namespace merlon::keep {

using os::ArgumentCheck;
using os::ArgumentChecks;
using os::CallRule;

namespace {

// The kernel reads an int from the lower half of its register and ignores the upper one.
constexpr std::uint64_t int_mask = 0xFFFF'FFFF;
constexpr std::uint64_t full_mask = ~std::uint64_t{0};

constexpr ArgumentCheck is(unsigned argument, std::uint64_t value) noexcept {
  return {argument, int_mask, value & int_mask};
}

/// No bit of the argument but those of `bits` is set.
constexpr ArgumentCheck only(unsigned argument, std::uint64_t bits) noexcept {
  return {argument, ~bits, 0};
}

constexpr ArgumentCheck is_null(unsigned argument) noexcept { return {argument, full_mask, 0}; }

/// A descriptor, and not AT_FDCWD: a keep has no current directory.
constexpr ArgumentCheck is_descriptor(unsigned argument) noexcept {
  return {argument, std::uint64_t{1} << 31U, 0};
}

using Rules = std::vector<CallRule>;

void add(Rules& rules, std::initializer_list<int> numbers) {
  for (const int number : numbers) rules.push_back({number, {}});
}

/// Allowed when argument `argument` is one of `values`.
CallRule one_of(int number, unsigned argument, std::initializer_list<std::uint64_t> values) {
  CallRule rule{number, {}};
  for (const std::uint64_t value : values) rule.alternatives.push_back({is(argument, value)});
  return rule;
}

void add_memory(Rules& rules) {
  constexpr std::uint64_t data = PROT_READ | PROT_WRITE;
  constexpr std::uint64_t code = PROT_READ | PROT_EXEC;
  constexpr std::uint64_t fresh = MAP_PRIVATE | MAP_ANONYMOUS;
  add(rules, {SYS_brk, SYS_munmap});
  // Never a file, never shared, never at a place where something is.
  constexpr std::uint64_t flags = full_mask & ~std::uint64_t{MAP_NORESERVE | MAP_STACK};
  rules.push_back({SYS_mmap, {{only(2, data), ArgumentCheck{3, flags, fresh}}}});
  // Memory becomes code only by this call, and is then not writable.
  rules.push_back({SYS_mprotect, {{only(2, data)}, {ArgumentCheck{2, full_mask, code}}}});
  rules.push_back({SYS_mremap, {{ArgumentCheck{3, full_mask, MREMAP_MAYMOVE}}}});
}

void add_process(Rules& rules, const Needs& needs) {
  add(rules, {SYS_exit, SYS_exit_group, SYS_getpid, SYS_gettid, SYS_sched_yield, SYS_rt_sigreturn,
              SYS_rt_sigprocmask, SYS_restart_syscall});
  // SIGSYS is not among them: what it stands for is said in any case.
  rules.push_back(one_of(SYS_rt_sigaction, 0, {SIGSEGV, SIGBUS, SIGILL, SIGALRM}));
  // abort()
  const auto self = static_cast<std::uint64_t>(needs.process);
  rules.push_back({SYS_tgkill, {{is(0, self), is(2, SIGABRT)}}});
  rules.push_back(
      one_of(SYS_futex, 1,
             {FUTEX_WAIT_PRIVATE, FUTEX_WAKE_PRIVATE,
              FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, FUTEX_WAIT_BITSET_PRIVATE}));
  add(rules, {SYS_clock_gettime, SYS_clock_getres, SYS_getrandom});
  if (!needs.timer) return;
  rules.push_back(one_of(SYS_timer_create, 0, {CLOCK_MONOTONIC}));
  add(rules, {SYS_timer_settime, SYS_timer_delete});
}

void add_open_files(Rules& rules) {
  add(rules, {SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_preadv, SYS_pwritev, SYS_preadv2,
              SYS_pwritev2, SYS_lseek, SYS_close, SYS_fstat, SYS_fsync, SYS_fdatasync,
              SYS_fallocate, SYS_fadvise64, SYS_ftruncate, SYS_ppoll, SYS_eventfd2});
  // O_ASYNC would make the kernel send signals.
  rules.push_back({SYS_fcntl,
                   {{is(1, F_DUPFD_CLOEXEC)},
                    {is(1, F_GETFL)},
                    {is(1, F_SETFL), ArgumentCheck{2, O_ASYNC, 0}}}});
  rules.push_back(one_of(SYS_ioctl, 1, {FIONREAD, TCGETS, TCGETS2}));
}

void add_sockets(Rules& rules) {
  add(rules, {SYS_shutdown});
  rules.push_back({SYS_recvmsg, {{only(2, MSG_DONTWAIT | MSG_PEEK)}}});
  // Without MSG_FASTOPEN, by which sending connects, past Landlock's rule for connect().
  rules.push_back({SYS_sendmsg, {{only(2, MSG_DONTWAIT | MSG_NOSIGNAL)}}});
  rules.push_back({SYS_accept4, {{is_null(1), is_null(2)}}});
  rules.push_back(
      {SYS_getsockopt,
       {{is(1, SOL_SOCKET), is(2, SO_TYPE)}, {is(1, SOL_SOCKET), is(2, SO_ACCEPTCONN)}}});
}

/// Where these paths may lead is for the resolver and Landlock to say: a filter sees no path.
void add_directories(Rules& rules, const Needs& needs) {
  for (const int number : {SYS_openat, SYS_openat2, SYS_newfstatat, SYS_readlinkat}) {
    rules.push_back({number, {{is_descriptor(0)}}});
  }
  add(rules, {SYS_getdents64});
  if (!needs.writable_directories) return;
  for (const int number : {SYS_mkdirat, SYS_unlinkat}) {
    rules.push_back({number, {{is_descriptor(0)}}});
  }
  for (const int number : {SYS_renameat, SYS_linkat}) {
    rules.push_back({number, {{is_descriptor(0), is_descriptor(2)}}});
  }
  rules.push_back({SYS_symlinkat, {{is_descriptor(1)}}});
}

}  // namespace

std::vector<CallRule> allowed_calls(const Needs& needs) {
  Rules rules;
  rules.reserve(64);
  add_memory(rules);
  add_process(rules, needs);
  add_open_files(rules);
  // Without a path it is about an open file.
  CallRule times{SYS_utimensat, {{is_descriptor(0), is_null(1)}}};
  if (needs.writable_directories) times.alternatives = {{is_descriptor(0)}};
  rules.push_back(std::move(times));
  if (needs.sockets) add_sockets(rules);
  if (needs.directories) add_directories(rules, needs);
  return rules;
}

}  // namespace merlon::keep
