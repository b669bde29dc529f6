#include "merlon/wasi/unsent.h"

#include <algorithm>

namespace merlon::wasi {

void Unsent::note(const std::shared_ptr<net::Stream>& stream) {
  if (!stream->has_unsent() || std::ranges::find(streams_, stream) != streams_.end()) return;
  const auto is_closed = [](const auto& each) { return each.use_count() == 1; };
  if (std::ranges::count_if(streams_, is_closed) >= static_cast<std::ptrdiff_t>(most_closed)) {
    streams_.erase(std::ranges::find_if(streams_, is_closed));
  }
  streams_.push_back(stream);
}

void Unsent::add_awaited(std::vector<os::PollItem>& items) const {
  for (const auto& each : streams_) items.push_back({each->descriptor().number(), POLLOUT, 0});
}

void Unsent::flush() {
  std::erase_if(streams_, [](const auto& each) {
    each->flush();
    return !each->has_unsent();
  });
}

}  // namespace merlon::wasi
