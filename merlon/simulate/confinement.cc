#include "merlon/simulate/confinement.h"

#include <csignal>

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "merlon/launch/layers.h"
#include "merlon/os/call_rules.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/os/surrender.h"

namespace merlon::simulate {

using core::Result;
using os::add;
using os::ArgumentCheck;
using os::full_mask;
using os::is;
using os::only;

namespace {

/// Its end, where a call was refused.
constexpr int refused_status = 134;

os::CallRules allowed_calls(os::BorrowedFd channel, int sources) {
  constexpr std::uint64_t data = PROT_READ | PROT_WRITE;
  constexpr std::uint64_t fresh = MAP_PRIVATE | MAP_ANONYMOUS;
  constexpr std::uint64_t flags = full_mask & ~std::uint64_t{MAP_NORESERVE | MAP_STACK};
  const auto speaks = static_cast<std::uint64_t>(channel.number());
  os::CallRules rules;
  add(rules, {SYS_brk, SYS_munmap, SYS_madvise, SYS_exit, SYS_exit_group, SYS_getpid, SYS_gettid,
              SYS_getrandom, SYS_clock_gettime, SYS_rt_sigreturn, SYS_rt_sigprocmask,
              SYS_restart_syscall});
  rules.push_back({SYS_mmap, {{only(2, data), ArgumentCheck{3, flags, fresh}}}});
  rules.push_back({SYS_mprotect, {{only(2, data)}}});
  rules.push_back({SYS_mremap, {{ArgumentCheck{3, full_mask, MREMAP_MAYMOVE}}}});
  // OpenSSL's locks, which nobody else holds.
  rules.push_back(os::one_of(SYS_futex, 1, {FUTEX_WAIT_PRIVATE, FUTEX_WAKE_PRIVATE}));
  // abort()
  rules.push_back({SYS_tgkill, {{is(0, static_cast<std::uint64_t>(::getpid())), is(2, SIGABRT)}}});
  rules.push_back({SYS_readv, {{is(0, speaks)}}});
  if (sources > 0) {
    os::CallRule reads{SYS_preadv, {}};
    for (std::uint64_t file = speaks + 1; file <= speaks + static_cast<std::uint64_t>(sources);
         ++file) {
      reads.alternatives.push_back({is(0, file)});
    }
    rules.push_back(std::move(reads));
  }
  rules.push_back({SYS_write, {{is(0, speaks)}, {is(0, STDERR_FILENO)}}});
  rules.push_back({SYS_writev, {{is(0, STDERR_FILENO)}}});
  add(rules, {SYS_close, SYS_ppoll, SYS_sched_yield});
  return rules;
}

/// In a signal handler: only what is async-signal-safe.
void on_refused_call(int /*number*/, ::siginfo_t* info, void* /*context*/) {
  const auto say = [](std::string_view text) {
    static_cast<void>(os::write_all(os::BorrowedFd(STDERR_FILENO), core::as_bytes(text)));
  };
  say("merlon: the simulator wanted a system call that it may not make: ");
  const std::string_view name = os::call_name(info->si_syscall);
  say(name.empty() ? "an unknown one" : name);
  say("\n");
  os::end_process(refused_status);
}

}  // namespace

Result<void> confine(os::BorrowedFd channel, int sources) {
  launch::Layers layers;  // nobody asks the simulator which of them hold
  TRY(layers.give_up_privileges());
  if (!launch::Layers::can_be_whole()) return {};
  const int end = channel.number() + 1 + sources;
  TRY(layers.note(os::close_from(end), "closed files", "cannot close files"));
  TRY(layers.confine_files({}));  // which needs a descriptor for a moment
  const auto open_files = static_cast<std::uint64_t>(end);
  TRY(layers.note(os::limit_resources({.open_files = open_files}), "limits", "cannot set limits"));
  return layers.confine_calls(allowed_calls(channel, sources), &on_refused_call);
}

}  // namespace merlon::simulate
