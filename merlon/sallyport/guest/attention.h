#pragma once

// A host that has been asked often may look at the block by itself for a while; then the keep waits
// a little before it rings, because ringing stops its processor. Freestanding.

#include "merlon/sallyport/block.h"

namespace merlon::sallyport {

/// Some hundred microseconds. Ringing costs a tenth of that; but who rings and waits for long has
/// to be woken on both sides, and often the answer comes from a program that needs the processor
/// first.
inline constexpr int patience = 4000;

/// Waits for the answer to the request `sequence` in `block` while the host says that it attends.
/// False: the doorbell must be rung. What the host says here is a hint; the answer is judged as any
/// other.
[[nodiscard]] inline bool is_answered_unasked(const Block& block, std::uint32_t sequence) noexcept {
  for (int i = 0; i < patience && block.load(&Header::attended) != 0; ++i) {
    if (block.load(&Header::answered) == sequence) return true;
    __builtin_ia32_pause();
  }
  return false;
}

}  // namespace merlon::sallyport
