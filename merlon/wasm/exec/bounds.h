#pragma once

// How an access outside of a 32-bit memory is noticed. One choice for each engine: compiled code
// and the memories of its stores must agree. A 64-bit memory is always compared.

#include <cstdint>

namespace merlon::wasm {

enum class Bounds : std::uint8_t {
  Guards,  ///< the processor notices: whatever an index can name is reserved, 10 GiB of addresses
  Checks,  ///< compiled code compares: little more is reserved than the memory may grow to
};

/// Bounds::Checks: bytes without access behind the memory. Code compares an index alone, which then
/// stands for all accesses from it on that end within so many bytes.
inline constexpr std::uint64_t small_guard = std::uint64_t{1} << 16U;

/// Bounds::Checks: where code finds the memory's size, a 64-bit number, from its base on.
inline constexpr std::int32_t size_from_base = -8;

}  // namespace merlon::wasm
