// merlon run: a package, the user's grants, a keep.

#include <algorithm>
#include <optional>
#include <string>

#include "merlon/base/text.h"
#include "merlon/cli/handlers.h"
#include "merlon/cli/launch_options.h"
#include "merlon/command/state_path.h"
#include "merlon/host/plan.h"
#include "merlon/host/run_keep.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/alarm.h"
#include "merlon/os/clock.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/os/stream_flags.h"
#include "merlon/workload/package.h"

namespace merlon::cli {

using base::concat;
using launch::ExitStatus;
using launch::number;

namespace {

template <typename T>
using Result = core::Result<T, Refusal>;

Result<host::LaunchPlan> plan_of(const Arguments& arguments, const host::RunOptions& options) {
  std::optional<std::string> config;
  if (arguments.has("--config")) config = arguments.value("--config");
  auto package = workload::open_package(arguments.positional(0), config);
  if (!package) return Refusal{package.error().text, ExitStatus::Unusable};
  const std::vector<std::string> notes = package->config.notes();
  auto plan = host::make_plan(*std::move(package), options);
  if (!plan) return host::refusal_of(plan.error());
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

Result<int> run_package(const Arguments& arguments, const Terminal& terminal) {
  const std::optional<host::Backend> named = TRY(choose_backend(arguments, terminal));
  host::RunOptions options = TRY(run_options(arguments));
  options.attested = named && host::is_attested(*named);
  options.volumes = state_path(terminal, "volumes");
  const os::StreamFlags streams;
  const os::SignalRelay relay;
  const host::KeepRun keep{
      named,
      [&](host::Backend backend) { return machine_options(backend, arguments, terminal); },
      [&] { return plan_in_time(arguments, options, relay); },
      [&] { return options.timeout; },
      [&](std::string_view line) { fail(terminal, line, 0); },
      arguments.value("--pool", terminal.variable("MERLON_POOL"))};
  return status_of(TRY(host::run_keep(keep, relay)), terminal);
}

}  // namespace

int run(const Arguments& arguments, const Terminal& terminal) {
  const auto status = run_package(arguments, terminal);
  if (status) return *status;
  return fail(terminal, status.error().text, number(status.error().status));
}

}  // namespace merlon::cli
