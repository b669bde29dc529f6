#include "merlon/keep/deadline.h"

#include "merlon/keep/report.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/process.h"

namespace merlon::keep {

using namespace std::chrono_literals;

namespace {

constexpr auto interval = 10ms;
/// A guest stops within microseconds; what takes longer is a system call that cannot be woken.
constexpr int rings_of_grace = 50;

}  // namespace

core::Result<void> Deadline::start(std::chrono::nanoseconds limit) {
  auto alarm = os::Alarm::start(limit, interval, &Deadline::ring, this);
  if (!alarm) return os::to_error(alarm.error(), "cannot set a timer");
  alarm_.emplace(*std::move(alarm));
  return {};
}

void Deadline::watch(wasm::Store& store, wasi::Context& context) noexcept {
  context_.store(&context, std::memory_order_release);
  store_.store(&store, std::memory_order_release);
}

void Deadline::forget() noexcept {
  alarm_.reset();
  store_.store(nullptr, std::memory_order_release);
  context_.store(nullptr, std::memory_order_release);
}

/// In a signal handler: only what is async-signal-safe.
void Deadline::ring(void* self) noexcept {
  auto& deadline = *static_cast<Deadline*>(self);
  const int rings = deadline.rings_.fetch_add(1, std::memory_order_acq_rel) + 1;
  wasm::Store* store = deadline.store_.load(std::memory_order_acquire);
  wasi::Context* context = deadline.context_.load(std::memory_order_acquire);
  if (store == nullptr || context == nullptr || rings > rings_of_grace) {
    report_time_limit();
    os::end_process(launch::number(launch::ExitStatus::TimeLimit));
  }
  store->interrupt();
  context->interrupt();
}

}  // namespace merlon::keep
