#pragma once

// Why a guest was ended, and where it was then [WASM 3.0 §4.1, traps].

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace merlon::wasm {

enum class TrapKind : std::uint8_t {
  Unreachable,
  MemoryOutOfBounds,
  TableOutOfBounds,
  IndirectCallToNull,
  IndirectCallTypeMismatch,
  NullReference,
  IntegerDivideByZero,
  IntegerOverflow,
  InvalidConversionToInteger,
  StackOverflow,
  UncaughtException,
  Interrupted,
  OutOfMemory,
  UnalignedAtomic,
  ExpectedSharedMemory,
  Exit,       ///< not a fault: a host function ended the guest with an exit code
  HostError,  ///< a host function could not go on
};

/// The specification's words, e.g. "out of bounds memory access". Static storage.
[[nodiscard]] std::string_view to_string(TrapKind kind) noexcept;

/// One activation on the guest's stack, innermost first.
struct Frame {
  std::uint32_t function = 0;
  std::uint32_t offset = 0;  ///< of the instruction, in the wasm file
  std::string name;          ///< from the name section, the exports or the import; may be empty
};

struct Trap {
  TrapKind kind = TrapKind::HostError;
  std::uint32_t exit_code = 0;  ///< Exit only
  std::vector<Frame> backtrace;

  /// The reason on one line, then one line for each frame.
  [[nodiscard]] std::string describe() const;
};

}  // namespace merlon::wasm
