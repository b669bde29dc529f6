// merlon run: a package, the user's grants, a keep.

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>
#include <string>

#include "merlon/base/text.h"
#include "merlon/cli/handlers.h"
#include "merlon/cli/launch_options.h"
#include "merlon/cli/state.h"
#include "merlon/host/backend.h"
#include "merlon/host/keep.h"
#include "merlon/host/plan.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/alarm.h"
#include "merlon/os/clock.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/os/processor.h"
#include "merlon/os/stream_flags.h"
#include "merlon/workload/package.h"

namespace merlon::cli {

using base::concat;
using launch::ExitStatus;
using launch::number;

namespace {

template <typename T>
using Result = core::Result<T, Refusal>;

/// Nobody shall take a keep for what it is not.
std::string_view notice_of(host::Backend backend) noexcept {
  switch (backend) {
    case host::Backend::Nil:
      return "running in a confined process (nil): the owner of this machine can read it";
    case host::Backend::Kvm:
      return "running in a micro-VM (kvm): the owner of this machine can read it";
    case host::Backend::SnpSim:
      return "running in a simulation of SEV-SNP (snp-sim): the owner of this machine can read it";
    case host::Backend::Sgx: return "running in an enclave (sgx)";
    case host::Backend::SgxSim:
      return "running in a simulation of SGX (sgx-sim): the owner of this machine can read it";
  }
  return {};
}

/// Errors of the machine are the keep's failure, all others are of what the user gave.
Refusal refusal_of(const host::HostError& error) {
  const bool ours = error.code == core::ErrorCode::Internal;
  return {error.text, ours ? ExitStatus::KeepFailed : ExitStatus::Unusable};
}

Result<host::LaunchPlan> plan_of(const Arguments& arguments, const host::RunOptions& options) {
  std::optional<std::string> config;
  if (arguments.has("--config")) config = arguments.value("--config");
  auto package = workload::open_package(arguments.positional(0), config);
  if (!package) return Refusal{package.error().text, ExitStatus::Unusable};
  const std::vector<std::string> notes = package->config.notes();
  auto plan = host::make_plan(*std::move(package), options);
  if (!plan) return refusal_of(plan.error());
  plan->notes.insert(plan->notes.begin(), notes.begin(), notes.end());
  return *std::move(plan);
}

/// In a signal handler: only what is async-signal-safe. The keep that was started notices.
void end_at_time_limit([[maybe_unused]] void* unused) noexcept {
  constexpr std::string_view line = "merlon: the time limit is over\n";
  static_cast<void>(os::write_all(os::BorrowedFd(2), core::as_bytes(line)));
  os::end_process(number(ExitStatus::TimeLimit));
}

/// Whatever making the plan waits for, a name service or a peer, signals and the time limit end it.
/// What it took is no longer the workload's.
Result<host::LaunchPlan> plan_in_time(const Arguments& arguments, host::RunOptions& options,
                                      const os::SignalRelay& relay) {
  const os::SignalWindow window(relay);
  if (!options.timeout) return plan_of(arguments, options);
  constexpr std::chrono::nanoseconds again = std::chrono::seconds(1);
  const auto alarm = os::Alarm::start(*options.timeout, again, end_at_time_limit, nullptr);
  const auto started = os::now(os::Clock::Monotonic);
  if (!alarm || !started) return Refusal{"cannot limit the time", ExitStatus::KeepFailed};
  auto plan = plan_of(arguments, options);
  const auto ended = os::now(os::Clock::Monotonic);
  if (!plan || !ended) return plan;
  const std::chrono::nanoseconds taken(static_cast<std::int64_t>(*ended - *started));
  // Nothing would mean no limit.
  options.timeout = std::max(*options.timeout - taken, std::chrono::nanoseconds(1));
  plan->message.timeout_nanoseconds = static_cast<std::uint64_t>(options.timeout->count());
  return plan;
}

/// A keep that is ready, and what the user is told of it.
struct ReadyKeep {
  host::Keep keep;
  std::string notice;
};

using StartedKeep = core::Result<host::Keep, host::HostError>;

StartedKeep start_keep(host::Backend backend, const Arguments& arguments,
                       const Terminal& terminal) {
  return host::Keep::start(backend, machine_options(backend, arguments, terminal));
}

/// Nothing if the keep can run a workload, else why it cannot.
std::optional<std::string> why_not_ready(const StartedKeep& keep, const os::SignalRelay& relay,
                                         std::optional<std::chrono::nanoseconds> limit) {
  if (!keep) return keep.error().text;
  const auto readiness = keep->readiness(relay, limit);
  if (readiness) return readiness->ready ? std::nullopt : std::optional(readiness->text);
  // Waiting for a process that has ended tells how it ended.
  if (readiness.error().code == core::ErrorCode::Unavailable) return std::nullopt;
  return readiness.error().text;
}

/// The best that works here, where no backend was named.
Result<ReadyKeep> next_keep(const std::string& why_not, const Arguments& arguments,
                            const Terminal& terminal) {
  auto keep = start_keep(host::Backend::Nil, arguments, terminal);
  if (!keep) return Refusal{keep.error().text, ExitStatus::KeepFailed};
  return ReadyKeep{*std::move(keep),
                   concat(notice_of(host::Backend::Nil), "; no micro-VM: ", why_not)};
}

/// Why a backend that was named, and so is never replaced, cannot run here.
Refusal not_here(host::Backend backend, const std::string& why_not) {
  if (backend == host::Backend::Nil) return {why_not, ExitStatus::KeepFailed};
  const std::string_view instead =
      backend == host::Backend::Kvm ? "; --backend nil needs no micro-VM" : "";
  return {concat("backend ", host::name_of(backend), ": ", why_not, instead),
          ExitStatus::KeepFailed};
}

Result<int> run_package(const Arguments& arguments, const Terminal& terminal) {
  const std::optional<host::Backend> named = TRY(choose_backend(arguments, terminal));
  host::RunOptions options = TRY(run_options(arguments));
  options.attested = named && host::is_attested(*named);
  options.volumes = state_path(terminal, "volumes");
  if (const std::string lacking = os::lacking_instructions(); !lacking.empty()) {
    return Refusal{concat("this processor lacks ", lacking,
                          ": Merlon needs x86-64-v3 (Intel Haswell, AMD Zen, or newer)"),
                   ExitStatus::KeepFailed};
  }
  const os::StreamFlags streams;
  const os::SignalRelay relay;
  // While it comes up, the plan is made.
  StartedKeep first = start_keep(named.value_or(host::strongest_backend), arguments, terminal);
  host::LaunchPlan plan = TRY(plan_in_time(arguments, options, relay));
  const auto why_not = why_not_ready(first, relay, options.timeout);
  if (why_not && named) return not_here(*named, base::printable(*why_not));
  ReadyKeep ready = why_not
                        ? TRY(next_keep(base::printable(*why_not), arguments, terminal))
                        : ReadyKeep{*std::move(first),
                                    std::string(named ? "" : notice_of(host::strongest_backend))};
  if (!ready.notice.empty()) fail(terminal, ready.notice, 0);
  if (arguments.has("--signatures") && !host::is_attested(ready.keep.backend())) {
    plan.notes.emplace_back("--signatures is not used: nothing measures a keep of this backend");
  }
  for (const std::string& note : plan.notes) fail(terminal, concat("note: ", note), 0);
  const auto launched = ready.keep.launch(std::move(plan));
  if (!launched) return refusal_of(launched.error());
  const auto ended = ready.keep.wait(relay, options.timeout);
  if (!ended) return Refusal{ended.error().text, ExitStatus::KeepFailed};
  if (!*ended) {
    return Refusal{"the time limit is over; the keep did not end, and was killed",
                   ExitStatus::TimeLimit};
  }
  return status_of(**ended, terminal);
}

}  // namespace

int run(const Arguments& arguments, const Terminal& terminal) {
  const auto status = run_package(arguments, terminal);
  if (status) return *status;
  return fail(terminal, status.error().text, number(status.error().status));
}

}  // namespace merlon::cli
