#include "merlon/cli_deploy/input_sender.h"

#include <optional>

#include "merlon/os/clock.h"
#include "merlon/os/poll.h"

namespace merlon::cli_deploy {

using cli_evidence::Failure;
using cli_evidence::Result;
using cli_evidence::Status;
using Kind = GatehouseClient::InputAnswer::Kind;

Result<bool> InputSender::send(core::ByteView bytes) {
  constexpr std::chrono::milliseconds soon{50};
  constexpr std::chrono::milliseconds later{500};
  std::optional<std::uint64_t> away_since;
  bool may_be_taken = false;
  for (;;) {
    const auto answer = TRY(gatehouse_.input(id_, position_, bytes));
    switch (answer.kind) {
      case Kind::Gone: return false;
      case Kind::Elsewhere:
        // A keep takes all of a piece or nothing, so it took the one whose answer was lost.
        if (!may_be_taken) return Failure{answer.why, Status::Unusable};
        [[fallthrough]];
      case Kind::Taken: position_ += bytes.size(); return true;
      case Kind::Later:
        away_since.reset();
        if (!rest_(soon)) return false;
        continue;
      case Kind::Unknown: break;
    }
    may_be_taken = true;
    const std::uint64_t now = os::now(os::Clock::Monotonic).value_or(0);
    const std::chrono::nanoseconds away{now - away_since.value_or(now)};
    if (!away_since) away_since = now;
    if (away >= patience_) return Failure{answer.why, Status::Unusable};
    if (!rest_(later)) return false;
  }
}

Result<void> send_once(const GatehouseClient& gatehouse, const std::string& id,
                       core::ByteView words) {
  constexpr std::chrono::seconds patience{10};
  int tries = 200;
  InputSender sender(gatehouse, id, patience, [&](std::chrono::milliseconds pause) {
    static_cast<void>(os::poll({}, pause));
    return --tries > 0;
  });
  if (TRY(sender.send(words))) return {};
  return Failure{"the keep takes no input", Status::Unusable};
}

}  // namespace merlon::cli_deploy
