#pragma once

// What time it is, as the host told it when the keep started. Freestanding.

#include "merlon/sallyport/block.h"
#include "merlon/sallyport/boot.h"
#include "merlon/sallyport/guest/port.h"

namespace merlon::sallyport {

/// The host's times, each read once. A frequency that is beyond all processors, or a time after
/// the year 2116, is refused: what is counted from here fits into 63 bits. Whether they are right
/// cannot be checked.
///
/// Errors: TimeOutOfRange.
[[nodiscard]] inline Answer<HostTime> take_host_time(const Block& block) noexcept {
  constexpr Failure wrong = broken(Violation::TimeOutOfRange);
  HostTime time{};
  time.tsc_khz = TRY(block.load(Header::TscKhz).within(max_tsc_khz, wrong));
  // ANY: the counter may have started anywhere; what is counted from it is bounded when it is used.
  time.tsc_base = block.load(Header::TscBase).any_value_is_right();
  time.monotonic_base = TRY(block.load(Header::MonotonicBase).within(max_time, wrong));
  time.realtime_base = TRY(block.load(Header::RealtimeBase).within(max_time, wrong));
  return time;
}

}  // namespace merlon::sallyport
