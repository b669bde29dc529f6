#pragma once

// Everything the shim knows of the keep it serves: one, with one thread.

#include <array>
#include <cstdint>

#include "merlon/shim/linux/clock.h"
#include "merlon/shim/linux/machine.h"
#include "merlon/shim/linux/memory.h"
#include "merlon/shim/linux/randomness.h"
#include "merlon/shim/linux/signals.h"

namespace merlon::shim::linux {

/// The largest block a launcher gives.
inline constexpr std::size_t scratch_size = std::size_t{256} << 10U;

/// What the host told along with a file's status. It counts only until the host is asked for
/// anything else: then it may have changed.
struct ToldFile {
  std::uint64_t descriptor;
  std::uint32_t open_file;  ///< of sallyport::Status
  std::uint64_t sequence;
};

struct Keep {
  Memory memory;
  Signals signals;
  Clock clock;
  Randomness randomness;
  ToldFile told;
  std::array<std::uint8_t, scratch_size> scratch;  ///< between the block and scattered memory
};

}  // namespace merlon::shim::linux
