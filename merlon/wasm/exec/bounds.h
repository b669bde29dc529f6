#pragma once

// How an access outside of a 32-bit memory is noticed. One choice for each engine: compiled code
// and the memories of its stores must agree. A 64-bit memory is always checked.

#include <cstdint>

namespace merlon::wasm {

enum class Bounds : std::uint8_t {
  Guards,  ///< the processor notices: whatever an index can name is reserved, 10 GiB of addresses
  Checks,  ///< compiled code compares: no more is reserved than the memory may grow to
};

}  // namespace merlon::wasm
