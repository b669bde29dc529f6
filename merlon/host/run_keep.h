#pragma once

// One workload in one keep of this machine, from a backend's name to how it ended: what `merlon
// run` does, and whoever runs keeps for others.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/host/backend.h"
#include "merlon/host/keep.h"
#include "merlon/host/plan.h"
#include "merlon/launch/exit_status.h"

namespace merlon::host {

/// A line, and the exit status that goes with it.
struct RunRefusal {
  std::string text;
  launch::ExitStatus status = launch::ExitStatus::Unusable;
};

/// Errors of the machine are the keep's failure, all others are of what the user gave.
[[nodiscard]] RunRefusal refusal_of(const HostError& error);

struct KeepRun {
  /// Nothing: the strongest that works here. One that is named is never replaced.
  std::optional<Backend> backend;
  std::function<MachineOptions(Backend)> machine;
  /// Called once, while the keep comes up.
  std::function<core::Result<LaunchPlan, RunRefusal>()> plan;
  /// Counts from the launch; asked for when the plan is there.
  std::function<std::optional<std::chrono::nanoseconds>()> limit;
  /// Each line that the user should know before the workload's own.
  std::function<void(std::string_view)> tell;
  std::string pool;     ///< the socket of a pool that may have one; empty: none is asked
  bool notices = true;  ///< whether to tell what the backend that was chosen protects from
};

/// How the keep's process ended; a workload's own end is no refusal.
[[nodiscard]] core::Result<os::ExitStatus, RunRefusal> run_keep(const KeepRun& run,
                                                                const os::SignalRelay& relay);

/// What a shell is to see of that, and a line if a signal ended it.
struct ToldEnd {
  int status = 0;
  std::string text;
};
[[nodiscard]] ToldEnd told_end(const os::ExitStatus& ended);

}  // namespace merlon::host
