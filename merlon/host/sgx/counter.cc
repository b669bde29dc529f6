#include "merlon/host/sgx/counter.h"

#include "merlon/sallyport/boot.h"

namespace merlon::host::sgx {

std::uint64_t counter_khz(const base::CpuidRegisters& leaf, CounterReading before,
                          CounterReading after) noexcept {
  constexpr std::uint64_t hertz = 1000, shortest = 1'000'000, longest = std::uint64_t{1} << 40U;
  if (leaf.eax == 0) return 0;
  const std::uint64_t told = std::uint64_t{leaf.ecx} * leaf.ebx / leaf.eax / hertz;
  if (told == 0 || told > sallyport::max_tsc_khz) return 0;
  if (after.nanoseconds <= before.nanoseconds || after.ticks <= before.ticks) return 0;
  const std::uint64_t time = after.nanoseconds - before.nanoseconds;
  const std::uint64_t ticks = after.ticks - before.ticks;
  if (time < shortest || time > longest || ticks > longest) return 0;
  const std::uint64_t counted = ticks * 1'000'000 / time;
  const std::uint64_t difference = told > counted ? told - counted : counted - told;
  return difference <= told / 64 ? told : 0;
}

}  // namespace merlon::host::sgx
