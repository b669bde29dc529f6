#include "merlon/host/store/confinement.h"

#include <algorithm>
#include <csignal>

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "merlon/launch/layers.h"
#include "merlon/os/call_rules.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/os/surrender.h"

namespace merlon::host::store {

using core::Result;
using os::add;
using os::ArgumentCheck;
using os::full_mask;
using os::is;
using os::is_descriptor;
using os::only;

namespace {

/// Its end, where a call was refused.
constexpr int refused_status = 134;

void add_memory(os::CallRules& rules) {
  constexpr std::uint64_t data = PROT_READ | PROT_WRITE;
  constexpr std::uint64_t fresh = MAP_PRIVATE | MAP_ANONYMOUS;
  constexpr std::uint64_t flags = full_mask & ~std::uint64_t{MAP_NORESERVE | MAP_STACK};
  add(rules, {SYS_brk, SYS_munmap, SYS_madvise});
  rules.push_back({SYS_mmap, {{only(2, data), ArgumentCheck{3, flags, fresh}}}});
  rules.push_back({SYS_mprotect, {{only(2, data)}}});
  rules.push_back({SYS_mremap, {{ArgumentCheck{3, full_mask, MREMAP_MAYMOVE}}}});
}

os::CallRules allowed_calls(bool has_folder) {
  os::CallRules rules;
  add_memory(rules);
  add(rules, {SYS_exit, SYS_exit_group, SYS_getpid, SYS_gettid, SYS_rt_sigreturn,
              SYS_rt_sigprocmask, SYS_restart_syscall});
  // abort()
  rules.push_back({SYS_tgkill, {{is(0, static_cast<std::uint64_t>(::getpid())), is(2, SIGABRT)}}});
  add(rules, {SYS_read, SYS_readv, SYS_write, SYS_writev, SYS_close, SYS_poll, SYS_ppoll});
  if (!has_folder) return rules;
  add(rules, {SYS_lseek, SYS_fstat, SYS_fsync, SYS_getdents64});
  os::add_file_control(rules);
  for (const int number : {SYS_openat, SYS_openat2, SYS_newfstatat, SYS_readlinkat, SYS_unlinkat}) {
    rules.push_back({number, {{is_descriptor(0)}}});
  }
  rules.push_back({SYS_renameat, {{is_descriptor(0), is_descriptor(2)}}});
  return rules;
}

/// In a signal handler: only what is async-signal-safe.
void on_refused_call(int /*number*/, ::siginfo_t* info, void* /*context*/) {
  const auto say = [](std::string_view text) {
    static_cast<void>(os::write_all(os::BorrowedFd(STDERR_FILENO), core::as_bytes(text)));
  };
  say("merlon: merlon-store wanted a system call that it may not make: ");
  const std::string_view name = os::call_name(info->si_syscall);
  say(name.empty() ? "an unknown one" : name);
  say("\n");
  os::end_process(refused_status);
}

}  // namespace

Result<void> confine(os::BorrowedFd channel, std::optional<os::BorrowedFd> folder) {
  launch::Layers layers;  // nobody asks the store which of them hold
  TRY(layers.give_up_privileges());
  if (!launch::Layers::can_be_whole()) return {};
  const int last = folder ? std::max(channel.number(), folder->number()) : channel.number();
  TRY(layers.note(os::close_from(last + 1), "closed files", "cannot close files"));
  launch::Reach reach;
  if (folder) reach.trees.push_back({*folder, true});
  TRY(layers.confine_files(reach));
  // One is open at a time, and a few while a path is followed.
  constexpr std::uint64_t more_files = 8;
  const auto open_files = static_cast<std::uint64_t>(last) + 1 + more_files;
  TRY(layers.note(os::limit_resources({.open_files = open_files}), "limits", "cannot set limits"));
  return layers.confine_calls(allowed_calls(folder.has_value()), &on_refused_call);
}

}  // namespace merlon::host::store
