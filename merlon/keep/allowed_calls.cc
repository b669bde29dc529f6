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

#include "merlon/os/call_rules.h"

namespace merlon::keep {

using os::add;
using os::ArgumentCheck;
using os::CallRule;
using os::full_mask;
using os::is;
using os::is_descriptor;
using os::is_null;
using os::one_of;
using os::only;

namespace {

void add_memory(os::CallRules& rules) {
  constexpr std::uint64_t data = PROT_READ | PROT_WRITE;
  constexpr std::uint64_t code = PROT_READ | PROT_EXEC;
  constexpr std::uint64_t fresh = MAP_PRIVATE | MAP_ANONYMOUS;
  add(rules, {SYS_brk, SYS_munmap});
  // Never a file, never shared, never at a place where something is.
  constexpr std::uint64_t flags = full_mask & ~std::uint64_t{MAP_NORESERVE | MAP_STACK};
  rules.push_back({SYS_mmap, {{only(2, data), ArgumentCheck{3, flags, fresh}}}});
  // Memory becomes code only by this call, and is then not writable.
  rules.push_back({SYS_mprotect, {{only(2, data)}, {ArgumentCheck{2, full_mask, code}}}});
  rules.push_back({SYS_madvise, {{is(2, MADV_HUGEPAGE)}}});
  rules.push_back({SYS_mremap, {{ArgumentCheck{3, full_mask, MREMAP_MAYMOVE}}}});
}

void add_process(os::CallRules& rules, const Needs& needs) {
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
  add(rules, {SYS_getrandom});
  rules.push_back(os::common_clocks(SYS_clock_gettime));
  rules.push_back(os::common_clocks(SYS_clock_getres));
  // The library sorts, and glibc's qsort() asks first how much memory the machine has.
  if (needs.tls) add(rules, {SYS_sysinfo});
  if (!needs.timer) return;
  rules.push_back(one_of(SYS_timer_create, 0, {CLOCK_MONOTONIC}));
  add(rules, {SYS_timer_settime, SYS_timer_delete});
}

void add_open_files(os::CallRules& rules) {
  add(rules, {SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_preadv, SYS_pwritev, SYS_preadv2,
              SYS_pwritev2, SYS_lseek, SYS_close, SYS_fstat, SYS_fsync, SYS_fdatasync,
              SYS_fallocate, SYS_fadvise64, SYS_ftruncate, SYS_ppoll, SYS_eventfd2});
  os::add_file_control(rules);
  rules.push_back(one_of(SYS_ioctl, 1, {FIONREAD, TCGETS, TCGETS2}));
}

void add_sockets(os::CallRules& rules, bool takes_descriptors) {
  add(rules, {SYS_shutdown});
  CallRule receive{SYS_recvmsg, {{only(2, MSG_DONTWAIT | MSG_PEEK)}}};
  if (takes_descriptors) receive.alternatives.push_back({is(2, MSG_CMSG_CLOEXEC)});
  rules.push_back(std::move(receive));
  // Without MSG_FASTOPEN, by which sending connects, past Landlock's rule for connect().
  rules.push_back({SYS_sendmsg, {{only(2, MSG_DONTWAIT | MSG_NOSIGNAL)}}});
  rules.push_back({SYS_accept4, {{is_null(1), is_null(2)}}});
  rules.push_back(
      {SYS_getsockopt,
       {{is(1, SOL_SOCKET), is(2, SO_TYPE)}, {is(1, SOL_SOCKET), is(2, SO_ACCEPTCONN)}}});
}

/// Of a keep that is made ahead: it gets its streams, its launch and, if any, its directories when
/// all else is given up already. Landlock only takes.
void add_launch(os::CallRules& rules, const Needs& needs) {
  rules.push_back(one_of(SYS_dup2, 1, {0, 1, 2}));
  if (!needs.sockets) rules.push_back({SYS_recvmsg, {{is(2, MSG_CMSG_CLOEXEC)}}});
  if (!needs.directories) return;
  add(rules, {SYS_landlock_create_ruleset, SYS_landlock_add_rule, SYS_landlock_restrict_self});
}

}  // namespace

std::vector<CallRule> allowed_calls(const Needs& needs) {
  os::CallRules rules;
  rules.reserve(64);
  add_memory(rules);
  add_process(rules, needs);
  add_open_files(rules);
  // Without a path it is about an open file.
  CallRule times{SYS_utimensat, {{is_descriptor(0), is_null(1)}}};
  if (needs.writable_directories) times.alternatives = {{is_descriptor(0)}};
  rules.push_back(std::move(times));
  if (needs.sockets) add_sockets(rules, needs.dials || needs.made_ahead);
  if (needs.made_ahead) add_launch(rules, needs);
  if (needs.directories) {
    os::add_directories(rules, needs.writable_directories);
    rules.push_back({SYS_newfstatat, {{is_descriptor(0)}}});
  }
  return rules;
}

}  // namespace merlon::keep
