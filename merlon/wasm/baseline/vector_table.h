#pragma once

// Which vector instructions are a single instruction of the machine, and which.

#include "merlon/wasm/baseline/registers.h"
#include "merlon/wasm/binary/opcode.h"

namespace merlon::wasm::baseline {

struct VectorRule {
  enum class Shape : std::uint8_t {
    None,         ///< takes several
    Unary,        ///< result ← x
    Binary,       ///< result ← left, right
    Commutative,  ///< result ← either, other
    Swapped,      ///< result ← right, left
  };

  x86::Inst::Id id = x86::Inst::kIdNone;
  Shape shape = Shape::None;
  std::uint8_t width = 16;     ///< bytes of the last operand that are used
  std::int8_t immediate = -1;  ///< none if negative
};

[[nodiscard]] const VectorRule& vector_rule(Opcode op) noexcept;

}  // namespace merlon::wasm::baseline
