#include "merlon/host/machine_confinement.h"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <vector>

#include <asm/termbits.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "merlon/launch/exit_status.h"
#include "merlon/launch/layers.h"
#include "merlon/os/call_rules.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"

namespace merlon::host {

using core::Result;
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

/// Which the C library takes for itself when the first thread is made.
constexpr int c_library_signal = 33;

/// One more thread, the attendant or an enclave's; no process.
void add_thread(os::CallRules& rules) {
  constexpr std::uint64_t thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
                                   CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS |
                                   CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
  // The kernel's newer call for it has its flags in memory, where a filter cannot look.
  rules.push_back({SYS_clone3, {}, os::Verdict::Absent});
  rules.push_back({SYS_clone, {{ArgumentCheck{0, full_mask, thread}}}});
  for (const int own : {SYS_sched_setaffinity, SYS_sched_getaffinity}) {
    rules.push_back({own, {{is(0, 0)}}});  // and nobody else's
  }
  rules.push_back(
      one_of(SYS_futex, 1,
             {FUTEX_WAIT, FUTEX_WAKE, FUTEX_WAIT_PRIVATE, FUTEX_WAKE_PRIVATE,
              FUTEX_WAIT_BITSET_PRIVATE, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME,
              FUTEX_WAIT_BITSET, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME}));
  add(rules, {SYS_set_robust_list, SYS_rseq, SYS_rt_sigprocmask, SYS_getcpu, SYS_sched_yield,
              SYS_gettid, SYS_getpid, SYS_exit, SYS_exit_group});
}

void add_time(os::CallRules& rules) {
  add(rules, {SYS_timer_settime, SYS_timer_delete, SYS_rt_sigreturn, SYS_restart_syscall});
  rules.push_back(os::common_clocks(SYS_clock_gettime));
  rules.push_back(one_of(SYS_timer_create, 0, {CLOCK_MONOTONIC}));
  rules.push_back(one_of(SYS_rt_sigaction, 0, {SIGALRM, c_library_signal}));
}

/// What the calls of the sallyport become; see merlon/host/call_handlers.cc.
void add_open_files(os::CallRules& rules) {
  add(rules, {SYS_read, SYS_readv, SYS_write, SYS_pread64, SYS_pwrite64, SYS_lseek, SYS_close,
              SYS_fstat, SYS_fsync, SYS_fdatasync, SYS_fallocate, SYS_fadvise64, SYS_ftruncate,
              SYS_ppoll, SYS_eventfd2});
  os::add_file_control(rules);
  rules.push_back(one_of(SYS_ioctl, 1, {FIONREAD, TCGETS, TCGETS2}));
}

void add_sockets(os::CallRules& rules) {
  add(rules, {SYS_shutdown});
  rules.push_back({SYS_accept4, {{is_null(1), is_null(2)}}});
  rules.push_back({SYS_recvfrom, {{only(3, MSG_DONTWAIT | MSG_PEEK), is_null(4)}}});
  rules.push_back({SYS_sendto, {{only(3, MSG_DONTWAIT | MSG_NOSIGNAL), is_null(4)}}});
  rules.push_back(
      {SYS_getsockopt,
       {{is(1, SOL_SOCKET), is(2, SO_TYPE)}, {is(1, SOL_SOCKET), is(2, SO_ACCEPTCONN)}}});
}

/// Each call has one rule.
os::CallRules merged(const os::CallRules& all) {
  os::CallRules rules;
  for (const CallRule& each : all) {
    const auto same = std::ranges::find(rules, each.number, &CallRule::number);
    if (same == rules.end()) {
      rules.push_back(each);
      continue;
    }
    auto& alternatives = same->alternatives;
    // None means: whatever its arguments.
    if (alternatives.empty() || each.alternatives.empty()) {
      alternatives.clear();
      continue;
    }
    alternatives.insert(alternatives.end(), each.alternatives.begin(), each.alternatives.end());
  }
  return rules;
}

/// What a process of ours may do for its keep, as far as calls depend on it.
struct Service {
  bool sockets;
  bool descriptors;  ///< they come while the keep runs
  bool directories;
  bool writable_directories;
};

os::CallRules allowed_calls(const Service& reach, const os::CallRules& own) {
  os::CallRules rules = own;
  add_thread(rules);
  add_time(rules);
  add_open_files(rules);
  // The C library asks for an open file's status by this call, with an empty name.
  rules.push_back({SYS_newfstatat, {{is_descriptor(0)}}});
  CallRule times{SYS_utimensat, {{is_descriptor(0), is_null(1)}}};
  if (reach.writable_directories) times.alternatives = {{is_descriptor(0)}};
  rules.push_back(std::move(times));
  if (reach.sockets) add_sockets(rules);
  if (reach.descriptors) rules.push_back({SYS_recvmsg, {{is(2, MSG_CMSG_CLOEXEC)}}});
  if (reach.directories) os::add_directories(rules, reach.writable_directories);
  return merged(rules);
}

/// In a signal handler: only what is async-signal-safe.
void on_refused_call(int /*number*/, ::siginfo_t* info, void* /*context*/) {
  const auto say = [](std::string_view text) {
    static_cast<void>(os::write_all(os::BorrowedFd(2), core::as_bytes(text)));
  };
  say("merlon: the keep's machine wanted a system call that it may not make: ");
  const std::string_view name = os::call_name(info->si_syscall);
  say(name.empty() ? "an unknown one" : name);
  say("\n");
  os::end_process(launch::number(launch::ExitStatus::Trap));
}

}  // namespace

os::CallRules memory_calls() {
  constexpr std::uint64_t data = PROT_READ | PROT_WRITE;
  constexpr std::uint64_t fresh = MAP_PRIVATE | MAP_ANONYMOUS;
  constexpr std::uint64_t flags = full_mask & ~std::uint64_t{MAP_NORESERVE | MAP_STACK};
  os::CallRules rules;
  add(rules, {SYS_brk, SYS_munmap, SYS_madvise, SYS_sysinfo});
  rules.push_back({SYS_mmap, {{only(2, data), ArgumentCheck{3, flags, fresh}}}});
  rules.push_back({SYS_mremap, {{ArgumentCheck{3, full_mask, MREMAP_MAYMOVE}}}});
  return rules;
}

Result<void> confine_machine(const launch::Launch& launch, const os::CallRules& own) {
  launch::Layers layers;  // nobody asks which of them hold
  TRY(layers.give_up_privileges());
  if (!launch::Layers::can_be_whole()) return {};
  const launch::Reach reach = launch::reach_of(launch);
  TRY(layers.confine_files(reach));
  const Service service{reach.sockets, reach.dials, reach.directories(),
                        reach.writable_directories()};
  return layers.confine_calls(allowed_calls(service, own), &on_refused_call);
}

Result<void> confine_prepared_machine(const launch::Preparation& preparation,
                                      const os::CallRules& own) {
  launch::Layers layers;
  TRY(layers.give_up_privileges());
  if (!launch::Layers::can_be_whole()) return {};
  if (!preparation.directories) TRY(layers.confine_files({}));
  os::CallRules rules = allowed_calls(
      {preparation.network, true, preparation.directories, preparation.directories}, own);
  rules.push_back(one_of(SYS_dup2, 1, {0, 1, 2}));
  if (preparation.directories) {
    add(rules, {SYS_landlock_create_ruleset, SYS_landlock_add_rule, SYS_landlock_restrict_self});
  }
  return layers.confine_calls(std::move(rules), &on_refused_call);
}

Result<void> complete_confinement(const launch::Preparation& preparation,
                                  const launch::Launch& launch) {
  const launch::Reach reach = launch::reach_of(launch);
  if ((reach.sockets && !preparation.network) ||
      (reach.directories() && !preparation.directories)) {
    return core::error(core::ErrorCode::Denied, "the keep was not prepared for such a launch");
  }
  launch::Layers layers;
  if (!launch::Layers::can_be_whole() || !preparation.directories) return {};
  return layers.confine_files(reach);
}

}  // namespace merlon::host
