#include "merlon/keep/floored_clocks.h"

namespace merlon::keep {

wasi::Result<wasi::Timestamp> FlooredClocks::now(wasi::ClockId clock) {
  const wasi::Timestamp told = TRY(host_->now(clock));
  if (clock != wasi::ClockId::Realtime) return told;
  raise(told);
  return latest_;
}

}  // namespace merlon::keep
