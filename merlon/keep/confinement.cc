#include "merlon/keep/confinement.h"

#include <algorithm>
#include <csignal>

#include <linux/audit.h>
#include <unistd.h>

#include "merlon/base/text.h"
#include "merlon/keep/report.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/landlock.h"
#include "merlon/os/surrender.h"

namespace merlon::keep {

using base::concat;
using core::Result;
using launch::FileKind;

namespace {

#ifdef MERLON_SANITIZED
constexpr bool built_in = false;
#else
constexpr bool built_in = true;
#endif

/// As many as a workload may hold anyway [wasi::FdTable].
constexpr std::uint64_t open_files = 65536;

/// SYS_SECCOMP, which is in no header that can stand beside <csignal>.
constexpr int from_a_filter = 1;

/// In a signal handler: only what is async-signal-safe.
void on_refused_call(int number, ::siginfo_t* info, void* /*context*/) {
  if (info->si_code != from_a_filter) ::_exit(launch::killed_by_signal + number);
  report_refused_call(info->si_arch == AUDIT_ARCH_X86_64 ? info->si_syscall : foreign_call);
  ::_exit(launch::number(launch::ExitStatus::Trap));
}

/// A workload that was not given a standard stream must not find it either.
void close_streams_not_given(const launch::Message& message) {
  const auto given = [&](FileKind kind) {
    return std::ranges::any_of(message.files,
                               [kind](const auto& file) { return file.kind == kind; });
  };
  if (!given(FileKind::Stdin)) os::Fd::adopt(0).close();
  // What an exported function gives is printed by us.
  if (!given(FileKind::Stdout) && message.invoke.empty()) os::Fd::adopt(1).close();
}

Needs needs_of(const launch::Message& message, const launch::Reach& reach) {
  return {.sockets = reach.sockets,
          .directories = reach.directories(),
          .writable_directories = reach.writable_directories(),
          .timer = message.timeout_nanoseconds != 0,
          .process = ::getpid()};
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += concat(text.empty() ? "" : ", ", name);
  return text;
}

}  // namespace

bool Confinement::is_built_in() noexcept { return built_in; }

Result<void> Confinement::note(const os::Result<void>& done, std::string_view layer,
                               const char* failure, std::string_view detail) {
  if (done) {
    active_.push_back(concat(layer, detail));
  } else if (os::is_missing_layer(done.error())) {
    missing_.emplace_back(layer);
  } else {
    return os::to_error(done.error(), failure);
  }
  return {};
}

Result<void> Confinement::begin(os::BorrowedFd channel) {
  os::end_with_maker_of(channel);
  if (!built_in) return {};
  TRY(note(os::forbid_new_privileges(), "no new privileges", "cannot forbid new privileges"));
  TRY(note(os::forbid_inspection(), "no inspection", "cannot forbid inspection"));
  TRY(note(os::drop_capabilities(), "no capabilities", "cannot drop capabilities"));
  TRY(note(os::limit_resources({.open_files = open_files}), "limits", "cannot set limits"));
  return note(os::close_from(channel.number() + 1), "closed files", "cannot close files");
}

Result<void> Confinement::complete(const launch::Launch& launch) {
  machine_ = launch.message.confinement == launch::Confinement::Machine;
  if (!built_in || machine_) return {};
  close_streams_not_given(launch.message);
  const launch::Reach reach = launch::reach_of(launch);
  TRY(confine_files(reach));
  return confine_calls(needs_of(launch.message, reach));
}

Result<void> Confinement::confine_files(const launch::Reach& reach) {
  const auto version = os::landlock_version();
  if (!version) return note(version.error(), "landlock", "cannot use Landlock");
  const bool moves = *version >= os::first_landlock_with_moves;
  if (!moves && reach.writable_directories()) {
    // A workload's rename() must work; better this layer less.
    missing_.emplace_back("landlock (version 1 allows no moves)");
    return {};
  }
  return note(os::confine_files(*version, reach.trees), "landlock", "cannot confine files",
              concat(" ", *version, " (", reach.trees.size(), " directories)"));
}

Result<void> Confinement::confine_calls(const Needs& needs) {
  std::vector<os::CallRule> rules = allowed_calls(needs);
  const std::string count = concat(" (", rules.size(), " calls)");
  const auto program = os::compile(std::move(rules));
  struct sigaction action{};
  action.sa_sigaction = &on_refused_call;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigfillset(&action.sa_mask);
  if (::sigaction(SIGSYS, &action, nullptr) < 0) {
    return note(os::last_errno(), "seccomp", "cannot take the signal of refused calls");
  }
  return note(os::confine_calls(program), "seccomp", "cannot confine calls", count);
}

std::string Confinement::describe() const {
  if (!built_in) return "not confined: built with a sanitizer, which makes calls of its own";
  if (machine_) return "confined by a machine of its own";
  std::string text = concat("confined by ", active_.empty() ? "nothing" : listed(active_));
  if (!missing_.empty()) text += concat("; not here: ", listed(missing_));
  return text;
}

}  // namespace merlon::keep
