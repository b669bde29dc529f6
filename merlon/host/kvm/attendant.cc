#include "merlon/host/kvm/attendant.h"

namespace merlon::host::kvm {

namespace {

/// Looking at the clock costs as much as looking at the block some ten times.
constexpr int looks = 32;

std::uint64_t now() noexcept {
  const auto time = os::now(os::Clock::Monotonic);
  return time ? *time : 0;
}

}  // namespace

os::Result<std::unique_ptr<Attendant>> Attendant::start(Attended& keep) {
  std::unique_ptr<Attendant> made(new Attendant(keep));
  made->thread_.emplace(TRY(os::Thread::start(
      [](void* self) noexcept { static_cast<Attendant*>(self)->run(); }, made.get())));
  return made;
}

Attendant::~Attendant() {
  state_ = State::Ending;
  state_.notify_one();
  thread_.reset();
}

void Attendant::wake() noexcept {
  keeps_processor_ = os::Processors::current();
  State asleep = State::Asleep;
  if (state_.compare_exchange_strong(asleep, State::Awake)) state_.notify_one();
}

void Attendant::run() noexcept {
  for (;;) {
    state_.wait(State::Asleep);
    if (state_ == State::Ending) return;
    // Two that wait for each other must not share a processor.
    usable_.run_here_but_for(keeps_processor_);
    keep_->set_attended(true);
    look_after();
    // A request that comes now is rung for.
    keep_->set_attended(false);
    State awake = State::Awake;
    state_.compare_exchange_strong(awake, State::Asleep);
  }
}

/// Until nothing has come for a while, or what came is not for us.
void Attendant::look_after() noexcept {
  std::uint64_t served_at = now();
  while (state_ == State::Awake) {
    bool served = false;
    for (int i = 0; i < looks && !served; ++i) {
      served = keep_->has_request();
      if (!served) __builtin_ia32_pause();
    }
    if (served && !keep_->serve_unasked()) return;
    const std::uint64_t time = now();
    if (served) served_at = time;
    if (time - served_at > Pace::attention()) return;
  }
}

bool Pace::ring(std::uint64_t now) noexcept {
  const bool soon = now - rested_at_ < attention();
  quick_ = soon ? quick_ + 1 : 0;
  if (quick_ < many) return false;
  quick_ = 0;
  return true;
}

}  // namespace merlon::host::kvm
