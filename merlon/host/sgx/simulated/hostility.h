#pragma once

// A processor's owner who does what he may, and more than is decent, for tests: he interrupts an
// enclave at any instruction, enters it again while it is interrupted, and leaves in the registers
// and flags whatever he likes. Which of it, follows from a seed.

#include <cstdint>

#include "merlon/host/sgx/simulated/context.h"

namespace merlon::host::sgx::simulated {

class Hostility {
 public:
  explicit Hostility(std::uint64_t seed) noexcept : state_(seed) {}

  /// On the way in: whether the thread is looked at after each instruction for a while.
  [[nodiscard]] bool begins_to_step() noexcept;
  /// After an instruction: whether it is interrupted here, and whether he goes on looking.
  [[nodiscard]] bool interrupts() noexcept { return next() % interrupted_of == 0; }
  [[nodiscard]] bool goes_on_stepping() noexcept { return --steps_ != 0; }

  /// What an enclave finds in registers that nobody promises anything about.
  void spoil(Context& context) noexcept;

 private:
  static constexpr std::uint64_t interrupted_of = 16;
  static constexpr std::uint64_t most_steps = 4000;

  [[nodiscard]] std::uint64_t next() noexcept;

  std::uint64_t state_;
  std::uint64_t steps_ = 1;
};

}  // namespace merlon::host::sgx::simulated
