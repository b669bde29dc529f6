#pragma once

// Everything the shim knows of the keep it serves: one, with one thread.

#include <array>
#include <cstdint>

#include "merlon/shim/kvm/address_space.h"
#include "merlon/shim/kvm/clock.h"
#include "merlon/shim/kvm/randomness.h"
#include "merlon/shim/kvm/signals.h"

namespace merlon::shim {

/// The largest block a launcher gives.
inline constexpr std::size_t scratch_size = std::size_t{256} << 10U;

struct Keep {
  AddressSpace space;
  Signals signals;
  Clock clock;
  Randomness randomness;
  std::array<std::uint8_t, scratch_size> scratch;  ///< between the block and scattered memory
};

[[nodiscard]] Keep& keep() noexcept;

}  // namespace merlon::shim
