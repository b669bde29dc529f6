#pragma once

// A processor's owner who does what he may, and more than is decent, for tests: he interrupts an
// enclave at any instruction, enters it again while it is interrupted, leaves in the registers
// and flags whatever he likes, and does what else he likes between two instructions. Which of it,
// follows from a seed.

#include <cstdint>

#include "merlon/host/sgx/simulated/context.h"

namespace merlon::host::sgx::simulated {

class Hostility {
 public:
  /// What he does elsewhere between two instructions of an enclave that is looked at.
  struct Meanwhile {
    void (*act)(void* self) noexcept = nullptr;
    void* self = nullptr;
  };
  explicit Hostility(std::uint64_t seed) noexcept : Hostility(seed, {}) {}
  Hostility(std::uint64_t seed, Meanwhile meanwhile) noexcept
      : state_(seed), is_on_an_old_kernel_(seed % 2 != 0), meanwhile_(meanwhile) {}

  /// Whether his kernel is one that does not let programs set FS (thread_pointer.h).
  [[nodiscard]] bool is_on_an_old_kernel() const noexcept { return is_on_an_old_kernel_; }

  /// On the way in: whether the thread is looked at after each instruction for a while.
  [[nodiscard]] bool begins_to_step() noexcept;
  /// After an instruction: whether it is interrupted here, and whether he goes on looking.
  [[nodiscard]] bool interrupts() noexcept { return next() % interrupted_of == 0; }
  [[nodiscard]] bool goes_on_stepping() noexcept { return --steps_ != 0; }

  /// What an enclave finds in registers that nobody promises anything about.
  void spoil(Context& context) noexcept;
  /// A stack that somebody may come with: of the enclave's own addresses, at its edges, or none.
  [[nodiscard]] std::uint64_t stack() noexcept;
  void act_meanwhile() const noexcept {
    if (meanwhile_.act != nullptr) meanwhile_.act(meanwhile_.self);
  }

 private:
  static constexpr std::uint64_t interrupted_of = 16;
  static constexpr std::uint64_t most_steps = 4000;

  [[nodiscard]] std::uint64_t next() noexcept;

  std::uint64_t state_;
  bool is_on_an_old_kernel_;
  std::uint64_t steps_ = 1;
  Meanwhile meanwhile_;
};

}  // namespace merlon::host::sgx::simulated
