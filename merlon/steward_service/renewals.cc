#include "merlon/steward_service/renewals.h"

#include <algorithm>

namespace merlon::steward_service {

Renewals::Renewals(const std::vector<std::string>& platforms, std::function<double()> random,
                   codec::UnixTime now)
    : random_(std::move(random)) {
  constexpr double first = 3;  // seconds
  for (const std::string& each : platforms) {
    all_.push_back({each, {now.seconds + static_cast<std::int64_t>(random_() * first)}, 0});
  }
}

std::int64_t Renewals::spread(std::int64_t seconds) const {
  const double tenth = static_cast<double>(seconds) / 10;
  return seconds + static_cast<std::int64_t>(tenth * (2 * random_() - 1));
}

std::optional<std::string> Renewals::due(codec::UnixTime now) const {
  const auto first = std::ranges::min_element(all_, {}, &Each::next);
  if (first == all_.end() || now < first->next) return std::nullopt;
  return first->platform;
}

void Renewals::note(const std::string& platform, bool came,
                    std::optional<codec::UnixTime> first_end, codec::UnixTime now) {
  const auto each = std::ranges::find(all_, platform, &Each::platform);
  if (each == all_.end()) return;
  std::int64_t pause = usual;
  if (came) {
    each->failures = 0;
    // A vendor issues anew before the end; whoever asked for it too early asks again in time.
    if (first_end) pause = std::clamp((first_end->seconds - now.seconds) / 4, soonest, usual);
  } else {
    pause = first_retry;
    for (int i = 0; i < each->failures && pause < slowest_retry; ++i) pause *= 2;
    pause = std::min(pause, slowest_retry);
    ++each->failures;
  }
  each->next = {now.seconds + spread(pause)};
}

int Renewals::failures(const std::string& platform) const {
  const auto each = std::ranges::find(all_, platform, &Each::platform);
  return each == all_.end() ? 0 : each->failures;
}

}  // namespace merlon::steward_service
