#pragma once

// Bounds::Checks: which locals are known to name a byte of memory 0, themselves or with a constant
// added, so that an access by them needs no comparison. It follows the code as it stands, block by
// block, and forgets too much rather than too little. Its input is a validated body.

#include <cstdint>
#include <span>
#include <vector>

#include "merlon/wasm/baseline/analysis.h"
#include "merlon/wasm/binary/instruction.h"
#include "merlon/wasm/exec/bounds.h"

namespace merlon::wasm::baseline {

class ComparedLocals {
 public:
  /// local + constant, modulo 2^32.
  struct Sum {
    LocalIndex local = no_local;
    std::uint32_t constant = 0;
  };
  /// Loads one after the other whose addresses are near each other.
  struct Row {
    Sum lowest;
    std::uint32_t below = 0;  ///< by so much the lowest address is less than the first load's
  };

  /// Begins with a function, of which nothing is known. Buffers are kept between calls.
  void start(std::span<const Instruction> instructions, std::size_t locals);

  /// Goes on to the instruction at `at`, that one included; never backwards.
  void follow(std::size_t at);

  /// Do the `end` bytes from the local's value on lie in the memory and the guard behind it?
  [[nodiscard]] bool covers(LocalIndex local, std::uint64_t end) const noexcept;

  /// The same for the address that the instruction at `at` takes off the stack, if it was just made
  /// as local + constant.
  [[nodiscard]] bool covers_sum(std::size_t at, std::uint64_t end) const noexcept;

  /// Of the load at `at`, of `end` bytes from its address on, and the loads by the same local that
  /// surely follow: what code had best compare. A compiler has often put the highest first. If the
  /// lowest lies outside, there is a trap in any case, of the same kind, and nothing happens in
  /// between that anybody could see. No local if the address is no such sum.
  [[nodiscard]] Row row_of(std::size_t at, std::uint64_t end) const noexcept;

  /// From the instruction at hand on that sum is below the memory's size: code compares it.
  void add(Sum sum);

 private:
  /// The local's value + `first` is less than the memory's size and `behind` more bytes.
  struct Known {
    std::uint32_t from = 0;  ///< the first instruction before which it holds
    std::uint32_t first = 0;
    std::uint32_t behind = nothing;
    static constexpr std::uint32_t nothing = 0xffff'ffff;
  };

  void learn(LocalIndex local, const Known& known);
  [[nodiscard]] bool covers(Sum sum, std::uint64_t end) const noexcept;
  void set(LocalIndex local, std::uint32_t at);
  void forget_since(std::size_t mark);
  [[nodiscard]] bool knows(LocalIndex local) const noexcept;
  /// The local and constant whose sum is on top of the stack before the instruction at `at`.
  [[nodiscard]] Sum sum_before(std::size_t at) const noexcept;

  std::span<const Instruction> instructions_;
  std::vector<Known> known_;             ///< by local
  std::vector<std::uint32_t> last_set_;  ///< by local: where it is set for the last time
  std::vector<LocalIndex> learnt_;       ///< in order, as often as it was
  std::vector<std::size_t> blocks_;      ///< for each that is open: how many were learnt before it
  std::uint32_t followed_ = 0;           ///< instructions
  std::uint32_t newest_loop_ = 0;        ///< where the last loop that was entered begins
};

}  // namespace merlon::wasm::baseline
