#pragma once

// One stay in guest code, from invoke() to its return, and how faults in it become traps.

#include <array>
#include <cstdint>

#include "merlon/core/result.h"
#include "merlon/wasm/exec/trap.h"

namespace merlon::wasm {

class CompiledModule;
class Store;

/// A return address or faulting instruction, and the module it belongs to.
struct RawFrame {
  const CompiledModule* module = nullptr;
  std::uint32_t function = 0;
  std::uint32_t offset = 0;
};

inline constexpr std::size_t max_backtrace = 64;

/// Lives on the host's stack while the guest runs. The entry trampoline writes `entry_sp`.
struct Activation {
  std::uintptr_t entry_sp = 0;  ///< where trap_exit resumes
  Store* store = nullptr;
  Activation* previous = nullptr;
  TrapKind kind = TrapKind::HostError;  ///< why it ended; for builtins: why it shall end
  std::uint32_t exit_code = 0;
  std::uint32_t frame_count = 0;
  std::array<RawFrame, max_backtrace> frames{};
};

/// Makes `activation` the thread's innermost for as long as this lives.
class ActivationScope {
 public:
  explicit ActivationScope(Activation& activation) noexcept;
  ~ActivationScope();
  ActivationScope(const ActivationScope&) = delete;
  ActivationScope& operator=(const ActivationScope&) = delete;
};

/// The thread's innermost activation, or null.
[[nodiscard]] Activation* current_activation() noexcept;

/// Takes the process's SIGSEGV, SIGBUS and SIGILL for as long as it lives and turns those that
/// compiled code caused into traps; all others go to whoever had the signals before.
///
/// Signals belong to the process, so this is the one thing that engines share: it counts its
/// users and may be had any number of times.
class FaultHandler {
 public:
  [[nodiscard]] static core::Result<FaultHandler> install();
  FaultHandler(FaultHandler&& other) noexcept;
  FaultHandler& operator=(FaultHandler&&) = delete;
  FaultHandler(const FaultHandler&) = delete;
  FaultHandler& operator=(const FaultHandler&) = delete;
  ~FaultHandler();

 private:
  FaultHandler() = default;
  bool active_ = true;
};

/// Walks the guest's frames from `pc` and `sp` and notes them in `activation`. `has_frame` is false
/// if the innermost function has not made its frame yet. Allocates nothing.
void note_backtrace(Activation& activation, const std::uint8_t* pc, const std::uint8_t* sp,
                    bool has_frame) noexcept;

}  // namespace merlon::wasm
