#include "merlon/cli_deploy/last_keep.h"

#include <chrono>

#include "merlon/base/text.h"
#include "merlon/os/poll.h"

namespace merlon::cli_deploy {

using cli_evidence::Failure;
using cli_evidence::Result;
using cli_evidence::Status;

void LastKeep::note(std::string id) {
  id_ = std::move(id);
  stopped_by_us_ = false;
}

Result<LastKeep::Way> LastKeep::end(const GatehouseClient& gatehouse) {
  // A gatehouse kills five seconds after it was asked to stop.
  constexpr int tries = 150;
  constexpr std::chrono::milliseconds pause{100};
  for (int i = 0; !id_.empty() && i < tries; ++i) {
    const auto told = TRY(gatehouse.state(id_));
    if (told && told->stopped && !stopped_by_us_) return Way::StoppedBefore;
    if (!told || !told->lives) {
      id_.clear();
      break;
    }
    // Refused if it has ended meanwhile, which is told next, or if the gatehouse has too much to
    // do: then it was not us if it is found stopped.
    if (!stopped_by_us_) stopped_by_us_ = gatehouse.stop(id_).has_value();
    static_cast<void>(os::poll({}, pause));
  }
  if (id_.empty()) return Way::Free;
  return Failure{base::concat("the keep ", id_, " of before still runs"), Status::Unusable};
}

}  // namespace merlon::cli_deploy
