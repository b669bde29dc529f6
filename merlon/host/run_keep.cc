#include "merlon/host/run_keep.h"

#include <algorithm>
#include <array>
#include <csignal>

#include "merlon/base/text.h"
#include "merlon/os/processor.h"

namespace merlon::host {

using base::concat;
using launch::ExitStatus;
using launch::number;

namespace {

template <typename T>
using Result = core::Result<T, RunRefusal>;

/// Nobody shall take a keep for what it is not.
std::string_view notice_of(Backend backend) noexcept {
  switch (backend) {
    case Backend::Nil:
      return "running in a confined process (nil): the owner of this machine can read it";
    case Backend::Kvm: return "running in a micro-VM (kvm): the owner of this machine can read it";
    case Backend::SnpSim:
      return "running in a simulation of SEV-SNP (snp-sim): the owner of this machine can read it";
    case Backend::Sgx: return "running in an enclave (sgx)";
    case Backend::Snp: return "running as a guest of SEV-SNP (snp)";
    case Backend::SgxSim:
      return "running in a simulation of SGX (sgx-sim): the owner of this machine can read it";
  }
  return {};
}

/// The signals of a defect, as against those that somebody sends to end a program.
bool is_crash(int signal) noexcept {
  constexpr auto crashes = std::array{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
  return std::ranges::find(crashes, signal) != crashes.end();
}

/// A keep that is ready, and what the user is told of it.
struct ReadyKeep {
  Keep keep;
  std::string notice;
};

using StartedKeep = core::Result<Keep, HostError>;

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
Result<ReadyKeep> next_keep(const std::string& why_not, const KeepRun& run) {
  auto keep = Keep::start(Backend::Nil, run.machine(Backend::Nil));
  if (!keep) return RunRefusal{keep.error().text, ExitStatus::KeepFailed};
  return ReadyKeep{*std::move(keep), concat(notice_of(Backend::Nil), "; no micro-VM: ", why_not)};
}

/// Why a backend that was named, and so is never replaced, cannot run here.
RunRefusal not_here(Backend backend, const std::string& why_not) {
  if (backend == Backend::Nil) return {why_not, ExitStatus::KeepFailed};
  const std::string_view instead =
      backend == Backend::Kvm ? "; --backend nil needs no micro-VM" : "";
  return {concat("backend ", name_of(backend), ": ", why_not, instead), ExitStatus::KeepFailed};
}

}  // namespace

RunRefusal refusal_of(const HostError& error) {
  const bool ours = error.code == core::ErrorCode::Internal;
  return {error.text, ours ? ExitStatus::KeepFailed : ExitStatus::Unusable};
}

namespace {

using Ended = Result<os::ExitStatus>;

/// What the user should know before the workload says anything.
void tell_before(const KeepRun& run, const Keep& keep, LaunchPlan& plan, std::string_view notice) {
  if (run.notices && !notice.empty()) run.tell(notice);
  if (!run.machine(keep.backend()).signatures.empty() && !is_attested(keep.backend())) {
    plan.notes.emplace_back("--signatures is not used: nothing measures a keep of this backend");
  }
  for (const std::string& note : plan.notes) run.tell(concat("note: ", note));
}

/// From a keep that is ready to how it ended.
Ended run_ready(Keep& keep, LaunchPlan plan, const os::SignalRelay& relay,
                std::optional<std::chrono::nanoseconds> limit) {
  const auto launched = keep.launch(std::move(plan));
  if (!launched) return refusal_of(launched.error());
  const auto ended = keep.wait(relay, limit);
  if (!ended) return RunRefusal{ended.error().text, ExitStatus::KeepFailed};
  if (!*ended) {
    return RunRefusal{"the time limit is over; the keep did not end, and was killed",
                      ExitStatus::TimeLimit};
  }
  return **ended;
}

/// One from the pool, or nothing if it has none for this plan.
std::optional<Keep> take_keep(const KeepRun& run, Backend wanted, const LaunchPlan& plan) {
  const MachineOptions machine = run.machine(wanted);
  const bool usual = machine.world.empty() && !machine.statistics && machine.signatures.empty();
  if (!usual || !plan.module.is_open()) return std::nullopt;
  return Keep::take(run.pool, wanted, plan);
}

}  // namespace

Result<os::ExitStatus> run_keep(const KeepRun& run, const os::SignalRelay& relay) {
  if (const std::string lacking = os::lacking_instructions(); !lacking.empty()) {
    return RunRefusal{concat("this processor lacks ", lacking,
                             ": Merlon needs x86-64-v3 (Intel Haswell, AMD Zen, or newer)"),
                      ExitStatus::KeepFailed};
  }
  const Backend wanted = run.backend.value_or(strongest_backend);
  std::optional<LaunchPlan> made;
  if (!run.pool.empty()) {
    made = TRY(run.plan());
    if (auto keep = take_keep(run, wanted, *made)) {
      tell_before(run, *keep, *made, run.backend ? "" : notice_of(wanted));
      return run_ready(*keep, *std::move(made), relay, run.limit());
    }
  }
  // While it comes up, the plan is made.
  StartedKeep first = Keep::start(wanted, run.machine(wanted));
  LaunchPlan plan = made ? *std::move(made) : TRY(run.plan());
  const auto limit = run.limit();
  const auto why_not = why_not_ready(first, relay, limit);
  if (why_not && run.backend) return not_here(*run.backend, base::printable(*why_not));
  ReadyKeep ready = why_not
                        ? TRY(next_keep(base::printable(*why_not), run))
                        : ReadyKeep{*std::move(first),
                                    std::string(run.backend ? "" : notice_of(strongest_backend))};
  tell_before(run, ready.keep, plan, ready.notice);
  return run_ready(ready.keep, std::move(plan), relay, limit);
}

ToldEnd told_end(const os::ExitStatus& ended) {
  if (ended.kind == os::ExitStatus::Kind::Exited) return {ended.value, ""};
  if (is_crash(ended.value)) {
    return {number(ExitStatus::Trap),
            concat("the keep crashed (", os::signal_name(ended.value), ")")};
  }
  return {launch::killed_by_signal + ended.value,
          concat("the keep was ended by ", os::signal_name(ended.value), " (signal ", ended.value,
                 ")")};
}

}  // namespace merlon::host
