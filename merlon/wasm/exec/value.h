#pragma once

// Values as an embedder sees them [WASM 3.0 §4.2.1].

#include <bit>
#include <cstdint>

#include "merlon/wasm/binary/types.h"
#include "merlon/wasm/exec/vm.h"

namespace merlon::wasm {

/// A typed value. References are raw: a VmFunction* of the same store, an exception of the same
/// store, or whatever the host chose for externref (0 is null).
struct Value {
  ValueType type = ValueType::i32;
  Slot bits;

  [[nodiscard]] static Value from_i32(std::uint32_t value) { return {ValueType::i32, {value, 0}}; }
  [[nodiscard]] static Value from_i64(std::uint64_t value) { return {ValueType::i64, {value, 0}}; }
  [[nodiscard]] static Value from_f32(float value) {
    return {ValueType::f32, {std::bit_cast<std::uint32_t>(value), 0}};
  }
  [[nodiscard]] static Value from_f64(double value) {
    return {ValueType::f64, {std::bit_cast<std::uint64_t>(value), 0}};
  }
  [[nodiscard]] std::uint32_t as_i32() const { return static_cast<std::uint32_t>(bits.low); }
  [[nodiscard]] std::uint64_t as_i64() const { return bits.low; }
};

}  // namespace merlon::wasm
