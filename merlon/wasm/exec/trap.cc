#include "merlon/wasm/exec/trap.h"

#include <array>
#include <charconv>

namespace merlon::wasm {

std::string_view to_string(TrapKind kind) noexcept {
  switch (kind) {
    case TrapKind::Unreachable: return "unreachable";
    case TrapKind::MemoryOutOfBounds: return "out of bounds memory access";
    case TrapKind::TableOutOfBounds: return "out of bounds table access";
    case TrapKind::IndirectCallToNull: return "uninitialized element";
    case TrapKind::IndirectCallTypeMismatch: return "indirect call type mismatch";
    case TrapKind::NullReference: return "null reference";
    case TrapKind::IntegerDivideByZero: return "integer divide by zero";
    case TrapKind::IntegerOverflow: return "integer overflow";
    case TrapKind::InvalidConversionToInteger: return "invalid conversion to integer";
    case TrapKind::StackOverflow: return "call stack exhausted";
    case TrapKind::UncaughtException: return "uncaught exception";
    case TrapKind::Interrupted: return "interrupted";
    case TrapKind::OutOfMemory: return "out of memory";
    case TrapKind::UnalignedAtomic: return "unaligned atomic";
    case TrapKind::ExpectedSharedMemory: return "expected shared memory";
    case TrapKind::Exit: return "exit";
    case TrapKind::HostError: return "host error";
  }
  return "host error";
}

std::string Trap::describe() const {
  std::string text(to_string(kind));
  for (const Frame& frame : backtrace) {
    std::array<char, 16> hex{};
    const auto end = std::to_chars(hex.data(), hex.data() + hex.size(), frame.offset, 16);
    text += "\n    at ";
    text += frame.name.empty() ? "function " + std::to_string(frame.function) : frame.name;
    text += " (0x";
    text.append(hex.data(), end.ptr);
    text += ")";
  }
  return text;
}

}  // namespace merlon::wasm
