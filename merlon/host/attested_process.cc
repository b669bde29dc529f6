#include "merlon/host/attested_process.h"

#include <utility>
#include <variant>

#include "merlon/base/text.h"
#include "merlon/host/machine_confinement.h"
#include "merlon/host/machine_process.h"
#include "merlon/host/made_ahead.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"

namespace merlon::host {

namespace {

/// Confines this process to what is to be launched, and lays it ready for the keep. From here on
/// the keep may be hostile.
core::Result<void> take_launch(AttestedKeep& keep, launch::Launch launch,
                               const os::CallRules& own) {
  const auto limit = static_cast<std::int64_t>(launch.message.timeout_nanoseconds);
  if (limit != 0 && !keep.limit_time(std::chrono::nanoseconds(limit))) {
    return core::error(core::ErrorCode::Internal, "cannot limit the time");
  }
  TRY(confine_machine(launch, own));
  keep.post(TRY(make_letter(std::move(launch))));
  return {};
}

int serve(AttestedKeep& keep, const os::CallRules& own, bool statistics) {
  auto work = receive_work();
  if (!work) return end_not_taken(work.error());
  auto* const arrival = std::get_if<Arrival>(&*work);
  if (arrival == nullptr) {
    return end_failed("an attested keep takes no module beforehand",
                      launch::ExitStatus::KeepFailed);
  }
  const auto taken = take_launch(keep, std::move(arrival->launch), own);
  if (!taken) return end_not_taken(taken.error());
  if (!give_descriptors(keep.descriptors(), arrival->made_ahead)) {
    return end_failed("cannot give the keep its streams", launch::ExitStatus::KeepFailed);
  }
  const auto ended = keep.run();
  if (statistics) {
    const std::string text = keep.statistics_text() + "\n";
    static_cast<void>(os::write_all(os::BorrowedFd(2), core::as_bytes(text)));
  }
  const int status = ended ? *ended : end_failed(ended.error().text, launch::ExitStatus::Trap);
  if (arrival->made_ahead) tell_end(keep.descriptors(), status);
  return status;
}

}  // namespace

int run_attested(core::Result<std::unique_ptr<AttestedKeep>, HostError> keep, std::string_view kind,
                 const os::CallRules& own, const AttestedOptions& options) {
  const bool told = keep ? tell_readiness(true, kind) : tell_readiness(false, keep.error().text);
  if (!keep || !told) return launch::number(launch::ExitStatus::KeepFailed);
  // The kernel takes a keep apart faster than we would.
  os::end_process(options.only_try ? 0 : serve(**keep, own, options.statistics));
}

}  // namespace merlon::host
