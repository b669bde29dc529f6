#include "merlon/shim/linux/clock.h"

#include "merlon/shim/linux/host.h"
#include "merlon/shim/linux/lent_clock.h"
#include "merlon/shim/linux/user.h"

namespace merlon::shim::linux {

using abi::SystemResult;

namespace {

constexpr std::uint64_t second = 1'000'000'000;

SystemResult put(std::uint64_t address, std::uint64_t nanoseconds) noexcept {
  const abi::TimeSpec time{static_cast<std::int64_t>(nanoseconds / second),
                           static_cast<std::int64_t>(nanoseconds % second)};
  return write_user(address, time) ? 0 : -abi::Fault;
}

}  // namespace

std::uint64_t Clock::elapsed() noexcept { return nanoseconds_since_base(host_, latest_); }

bool Clock::lend(std::uint64_t address, std::uint64_t entry) const noexcept {
  return address == 0 || write_user(address, LentPage{{host_, latest_}, entry});
}

SystemResult Clock::get(std::uint64_t clock, std::uint64_t address) noexcept {
  if (clock > abi::clock_last) return -abi::Inval;
  if (host_.tsc_khz == 0) {
    const std::int64_t answer = ask(sallyport::Call::Clock, {clock});
    if (answer < 0) return answer;
    const auto now = static_cast<std::uint64_t>(answer);
    if (clock != abi::clock_monotonic) return put(address, now);
    if (now > latest_) latest_ = now;
    return put(address, latest_);
  }
  const bool real = clock == abi::clock_realtime;
  return put(address, (real ? host_.realtime_base : host_.monotonic_base) + elapsed());
}

SystemResult Clock::resolution(std::uint64_t clock, std::uint64_t address) noexcept {
  if (clock > abi::clock_last) return -abi::Inval;
  return address == 0 ? 0 : put(address, 1);
}

}  // namespace merlon::shim::linux
