#include "merlon/steward_service/vceks.h"

#include <algorithm>

#include "merlon/core/bytes.h"

namespace merlon::steward_service {

namespace {

std::string key_of(const snp::Report& report) {
  std::string key(core::as_text(report.chip_id.view()));
  key += core::as_text(report.reported_tcb.view());
  return key;
}

}  // namespace

std::int64_t Vceks::jittered(std::int64_t seconds) const {
  return seconds + static_cast<std::int64_t>(static_cast<double>(seconds) * world_.random() / 4);
}

/// For the end of the question that runs.
bool Vceks::wait_for(std::unique_lock<std::mutex>& lock) {
  if (waiting_ >= world_.waiting) return false;
  ++waiting_;
  const std::uint64_t before = questions_;
  done_.wait(lock, [&] { return questions_ != before; });
  --waiting_;
  return came_;
}

void Vceks::note(const Key& key, Fetched what) {
  const std::int64_t now = world_.now();
  failures_ = what == Fetched::Unavailable ? std::min(failures_ + 1, 16) : 0;
  std::int64_t pause = between;
  for (int i = 0; i < failures_ && pause < longest_pause; ++i) pause *= 2;
  not_before_ = now + jittered(std::min(pause, longest_pause));
  if (what == Fetched::Unavailable) return;
  // Of one that came and does not help asking again does not help either.
  std::erase_if(unknown_, [&](const auto& each) { return each.second <= now; });
  if (unknown_.size() >= max_unknown) unknown_.erase(unknown_.begin());
  unknown_[key] = now + jittered(unknown_pause);
}

bool Vceks::obtain(const snp::Report& report) {
  Key key = key_of(report);
  std::unique_lock lock(mutex_);
  if (running_ == key) return wait_for(lock);
  const std::int64_t now = world_.now();
  const auto unknown = unknown_.find(key);
  const bool in_vain = unknown != unknown_.end() && now < unknown->second;
  if (running_ || in_vain || now < not_before_ || waiting_ >= world_.waiting) return false;
  running_ = key;
  ++waiting_;
  lock.unlock();
  const FetchOutcome outcome = world_.ask(report);
  const bool used = outcome.what == Fetched::All && world_.use();
  world_.tell(report, outcome);
  lock.lock();
  --waiting_;
  note(key, outcome.what);
  came_ = used;
  ++questions_;
  running_.reset();
  lock.unlock();
  done_.notify_all();
  return used;
}

}  // namespace merlon::steward_service
