#pragma once

// A host that has been asked often may look at the block by itself for a while; then the keep waits
// a little before it rings, because ringing stops its processor. Freestanding.

#include "merlon/sallyport/block.h"
#include "merlon/sallyport/guest/violation.h"

namespace merlon::sallyport {

/// In ticks of the processor's counter, some 60 microseconds: counted in turns of a loop it would
/// be four times as long on one processor as on another. Ringing costs about half of that; but who
/// rings and waits for long has to be woken on both sides, and often the answer comes from a
/// program that needs the processor first. A host that does not answer has lost its processor to
/// others, and waiting longer would cost the keep its own.
inline constexpr std::uint64_t patience = 160'000;

/// Waits for the answer to the request `sequence` in `block` while the host says that it attends.
/// False: the doorbell must be rung. What the host says here is a hint; the answer is judged as any
/// other.
[[nodiscard]] inline bool is_answered_unasked(const Block& block, std::uint64_t sequence) noexcept {
  constexpr int looks = 16;  // for each look at the counter
  const std::uint64_t began = __builtin_ia32_rdtsc();
  do {
    for (int i = 0; i < looks; ++i) {
      if (!block.load(Header::Attended).equal_to(1, Violation::NotAnswered)) return false;
      if (block.load(Header::Answered).equal_to(sequence, Violation::NotAnswered)) return true;
      __builtin_ia32_pause();
    }
  } while (__builtin_ia32_rdtsc() - began < patience);
  return false;
}

}  // namespace merlon::sallyport
