#include "merlon/keep/confinement.h"

#include <algorithm>
#include <csignal>

#include <linux/audit.h>
#include <unistd.h>

#include "merlon/keep/allowed_calls.h"
#include "merlon/keep/report.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/surrender.h"

namespace merlon::keep {

using core::Result;
using launch::FileKind;

namespace {

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

/// What it will be is not known yet: whatever a workload could need that reaches nothing of the
/// host's is allowed.
bool is_delivered(const launch::Message& message) noexcept {
  return message.purpose == launch::Purpose::Receive;
}

/// A workload that was not given a standard stream must not find it either.
void close_streams_not_given(const launch::Message& message) {
  if (is_delivered(message)) {  // its streams are the tenant's; only the host is told anything here
    os::Fd::adopt(0).close();
    os::Fd::adopt(1).close();
    return;
  }
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
          .timer = message.timeout_nanoseconds != 0 || is_delivered(message),
          .tls = message.steward.has_value() || message.speaks_tls() || is_delivered(message),
          .dials = message.dials(),
          .made_ahead = false,
          .process = ::getpid()};
}

/// All that a launch could need of a keep that is made ahead.
Needs needs_of(const launch::Preparation& preparation) {
  return {.sockets = preparation.network,
          .directories = preparation.directories,
          .writable_directories = preparation.directories,
          .timer = true,
          .tls = preparation.network,
          .dials = preparation.network,
          .made_ahead = true,
          .process = ::getpid()};
}

}  // namespace

bool Confinement::is_built_in() noexcept { return launch::Layers::can_be_whole(); }

Result<void> Confinement::begin(os::BorrowedFd channel) {
  os::end_with_maker_of(channel);
  if (!is_built_in()) return {};
  TRY(layers_.give_up_privileges());
  TRY(layers_.note(os::limit_resources({.open_files = open_files}), "limits", "cannot set limits"));
  return layers_.note(os::close_from(channel.number() + 1), "closed files", "cannot close files");
}

Result<void> Confinement::prepare(const launch::Preparation& preparation) {
  machine_ = preparation.confinement == launch::Confinement::Machine;
  if (!is_built_in() || machine_) return {};
  prepared_ = Prepared{preparation.network, preparation.directories};
  if (!preparation.directories) TRY(layers_.confine_files({}));
  return layers_.confine_calls(allowed_calls(needs_of(preparation)), &on_refused_call);
}

Result<void> Confinement::complete_prepared(const launch::Launch& launch) {
  const launch::Reach reach = launch::reach_of(launch);
  if ((reach.sockets && !prepared_->network) || (reach.directories() && !prepared_->directories)) {
    return core::error(core::ErrorCode::Denied, "the keep was not prepared for such a launch");
  }
  close_streams_not_given(launch.message);
  return prepared_->directories ? layers_.confine_files(reach) : Result<void>{};
}

Result<void> Confinement::complete(const launch::Launch& launch) {
  if (prepared_) return complete_prepared(launch);
  machine_ = launch.message.confinement == launch::Confinement::Machine;
  if (!is_built_in() || machine_) return {};
  close_streams_not_given(launch.message);
  const launch::Reach reach = launch::reach_of(launch);
  TRY(layers_.confine_files(reach));
  return layers_.confine_calls(allowed_calls(needs_of(launch.message, reach)), &on_refused_call);
}

std::string Confinement::describe() const {
  if (!is_built_in()) return "not confined: built with a sanitizer, which makes calls of its own";
  if (machine_) return "confined by a machine of its own";
  return layers_.describe();
}

}  // namespace merlon::keep
