#include "merlon/cli_deploy/restarts.h"

#include <algorithm>

namespace merlon::cli_deploy {

std::optional<RestartPolicy> find_restart_policy(std::string_view name) noexcept {
  if (name == "never") return RestartPolicy::Never;
  if (name == "on-failure") return RestartPolicy::OnFailure;
  if (name == "always") return RestartPolicy::Always;
  return std::nullopt;
}

bool Restarts::wants(const Attempt& attempt) const noexcept {
  if (attempt.refused || attempt.stopped) return false;
  // What did not work once is told at once; later it may be the machine that is away for a while.
  if (!delivered_) return false;
  switch (policy_) {
    case RestartPolicy::Never: return false;
    case RestartPolicy::OnFailure: return attempt.status != 0;
    case RestartPolicy::Always: return true;
  }
  return false;
}

std::optional<std::chrono::seconds> Restarts::after(const Attempt& attempt) noexcept {
  delivered_ = delivered_ || attempt.delivered;
  constexpr std::chrono::seconds longest{60};
  if (attempt.delivered && attempt.lasted >= longest) in_row_ = 0;
  if (!wants(attempt) || in_row_ >= most_) return std::nullopt;
  constexpr std::size_t last_shift = 6;
  const std::chrono::seconds pause{std::size_t{1} << std::min(in_row_, last_shift)};
  ++in_row_;
  return std::min(pause, longest);
}

}  // namespace merlon::cli_deploy
