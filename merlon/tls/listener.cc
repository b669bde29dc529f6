#include "merlon/tls/listener.h"

#include <algorithm>

#include "merlon/os/clock.h"

namespace merlon::tls {

using net::Readiness;
using os::Errno;

os::Result<void> Listener::take_new(std::uint64_t now) {
  // So that whoever connects and connects leaves time for those who are here.
  constexpr int most_at_once = 64;
  for (int i = 0; i < most_at_once && ready_.size() < limits_.ready; ++i) {
    auto stream = below_->accept();
    if (!stream) {
      // One that went away again is nobody's error.
      if (stream.error() == Errno::Connaborted || stream.error() == Errno::Intr) continue;
      if (stream.error() == Errno::Again) return {};
      // Those that do not get on must not use up the descriptors of those that would.
      if (stream.error() == Errno::Mfile && !open_.empty()) {
        drop_oldest();
        continue;
      }
      return stream.error();
    }
    const auto context = contexts_();
    if (!context) {
      ++counts_.without_certificate;
      continue;  // and it is closed
    }
    if (const auto begun = begin(*std::move(stream), *context, now); !begun) return begun;
  }
  return {};
}

void Listener::drop_oldest() {
  ++counts_.dropped;
  open_.pop_front();
}

os::Result<void> Listener::begin(std::unique_ptr<net::Stream> stream, const Context& context,
                                 std::uint64_t now) {
  if (open_.size() >= limits_.open) drop_oldest();
  const std::shared_ptr<net::Stream> below = std::move(stream);
  for (;;) {
    auto session = Session::accept(context, below, memory_);
    if (session) {
      open_.push_back({*std::move(session), now + limits_.nanoseconds});
      return {};
    }
    if (session.error().code != core::ErrorCode::Exhausted) return Errno::Nomem;
    if (open_.empty()) break;
    drop_oldest();
  }
  ++counts_.dropped;  // it is closed; those that are established have the memory
  return {};
}

bool Listener::go_on_with(Open& open, bool came, std::uint64_t now) {
  using Handshake = Session::Handshake;
  const Handshake state = came ? open.session->shake() : Handshake::Waiting;
  switch (state) {
    case Handshake::Done:
      ++counts_.done;
      ready_.push_back(std::move(open.session));
      return false;
    case Handshake::Failed:
      ++counts_.failed;
      last_trouble_ = open.session->trouble();
      return false;
    case Handshake::Waiting: break;
  }
  if (now < open.deadline) return true;
  ++counts_.timed_out;
  return false;
}

void Listener::go_on(std::uint64_t now) {
  items_.clear();
  for (const Open& each : open_) {
    items_.push_back(
        {each.session->descriptor().number(), each.session->awaits(net::Side::Read), 0});
  }
  if (!items_.empty() && !os::poll(items_, std::chrono::nanoseconds(0))) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < open_.size(); ++i) {
    if (!go_on_with(open_[i], items_[i].revents != 0, now)) continue;
    if (kept != i) open_[kept] = std::move(open_[i]);
    ++kept;
  }
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(kept), open_.end());
}

os::Result<void> Listener::work() {
  const auto now = os::now(os::Clock::Monotonic);
  if (!now) return now.error();
  const auto taken = take_new(*now);
  go_on(*now);
  return taken;
}

os::Result<std::unique_ptr<net::Stream>> Listener::accept() {
  const auto worked = work();
  if (!ready_.empty()) {
    std::unique_ptr<net::Stream> first = std::move(ready_.front());
    ready_.pop_front();
    return first;
  }
  if (!worked) return worked.error();
  return Errno::Again;
}

void Listener::add_awaited(std::vector<os::PollItem>& items) const {
  below_->add_awaited(items);
  for (const Open& each : open_) {
    items.push_back(
        {each.session->descriptor().number(), each.session->awaits(net::Side::Read), 0});
  }
}

Readiness Listener::look() {
  const auto worked = work();
  return {!ready_.empty() || !worked ? Readiness::Known::Yes : Readiness::Known::No};
}

}  // namespace merlon::tls
