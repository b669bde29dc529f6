// clock_res_get, clock_time_get.

#include "merlon/wasi/api.h"

namespace merlon::wasi::api {
namespace {

Result<ClockId> clock_of(std::uint32_t id) {
  if (id > static_cast<std::uint32_t>(ClockId::ThreadCputimeId)) return fail(Errno::Inval);
  return static_cast<ClockId>(id);
}

}  // namespace

Result<void> clock_res_get(Context& context, GuestMemory memory, std::uint32_t id,
                           GuestAddress resolution) {
  const ClockId clock = TRY(clock_of(id));
  return memory.store(resolution, TRY(context.clocks().resolution(clock)));
}

Result<void> clock_time_get(Context& context, GuestMemory memory, std::uint32_t id,
                            [[maybe_unused]] Timestamp precision, GuestAddress time) {
  const ClockId clock = TRY(clock_of(id));  // no clock of ours lags, so any precision is met
  return memory.store(time, TRY(context.clocks().now(clock)));
}

}  // namespace merlon::wasi::api
