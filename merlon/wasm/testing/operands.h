#pragma once

// What tests of instructions have in common: values worth trying, and ways to put them on the
// operand stack.

#include <cmath>
#include <random>

#include "merlon/wasm/testing/program.h"

namespace merlon::wasm::testing {

using Random = std::mt19937_64;

inline std::size_t below(Random& random, std::size_t bound) { return random() % bound; }
inline bool chance(Random& random, std::size_t one_in) { return below(random, one_in) == 0; }

inline constexpr std::uint32_t address_limit = 60'000;

/// Limits of lanes of 8 to 64 bits, and of what converts between integers and floats.
inline constexpr std::uint32_t limits32[] = {
    0,           0x8000'0000, 0xffff'ffff, 0x7fff'ffff, 0x8080'8080, 0x7f7f'7f7f,
    0x8000'8000, 0x7fff'8000, 0x0302'0100, 0x1f0e'8d10, 0x3f80'0000, 0xbf80'0000,
    0x7fc0'0000, 0xffc0'0000, 0x7f80'0000, 0xff80'0000, 0x4f00'0000, 0x4eff'ffff,
    0x4f80'0000, 0xcf00'0000, 0x4020'0000, 0xdf00'0000, 0x5f00'0000, 0x5f80'0000};
inline constexpr std::uint64_t limits64[] = {
    0x8000'0000'0000'0000, 0x7fff'ffff'ffff'ffff, 0x7ff8'0000'0000'0000, 0xfff8'0000'0000'0000,
    0x7ff0'0000'0000'0000, 0xfff0'0000'0000'0000, 0x41ef'ffff'ffe0'0000, 0x41e0'0000'0000'0000,
    0xc1e0'0000'0000'0000, 0xc1e0'0000'0020'0000, 0x41f0'0000'0000'0000, 0xbff0'0000'0000'0000,
    0xc3e0'0000'0000'0000, 0x43e0'0000'0000'0000, 0x43f0'0000'0000'0000, 0x3fe0'0000'0000'0000,
    0xbff8'0000'0000'0000};

inline std::uint64_t interesting_bits(Random& random) {
  const auto limit = [&] { return std::uint64_t{limits32[below(random, std::size(limits32))]}; };
  switch (below(random, 4)) {
    case 0: return random();
    case 1: return limits64[below(random, std::size(limits64))];
    default: return limit() << 32U | limit();
  }
}

inline Slot interesting(Random& random, char type) {
  const std::uint64_t low = interesting_bits(random);
  switch (type) {
    case 'v': return {low, interesting_bits(random)};
    case 'a': return {below(random, address_limit), 0};
    case 'i': return {chance(random, 2) ? below(random, 70) : low & 0xffff'ffffU, 0};
    case 'f': return {low & 0xffff'ffffU, 0};
    default: return {low, 0};
  }
}

inline std::string params_of(Opcode op) {
  const std::string_view signature = info(op).signature;
  return std::string(signature.substr(0, signature.find(':')));
}

inline std::string result_of(Opcode op) {
  const std::string_view signature = info(op).signature;
  return std::string(signature.substr(signature.find(':') + 1));
}

/// Puts an operand into a register of its own.
inline void own(Bytes& body, char type) {
  switch (type) {
    case 'v': body.v128({0, 0}).op(Opcode::V128Or); break;
    case 'I': body.op(Opcode::I64Const).s64(0).op(Opcode::I64Or); break;
    case 'f': body.op(Opcode::I32ReinterpretF32).op(Opcode::F32ReinterpretI32); break;
    case 'F': body.op(Opcode::I64ReinterpretF64).op(Opcode::F64ReinterpretI64); break;
    default: body.op(Opcode::I32Const).s64(0).op(Opcode::I32Or); break;
  }
}

inline void constant(Bytes& body, char type, Slot value) {
  switch (type) {
    case 'v': body.v128(value); break;
    case 'I': body.op(Opcode::I64Const).s64(static_cast<std::int64_t>(value.low)); break;
    case 'f': body.op(Opcode::F32Const).raw(value.low, 4); break;
    case 'F': body.op(Opcode::F64Const).raw(value.low, 8); break;
    default: body.op(Opcode::I32Const).s64(static_cast<std::int32_t>(value.low)); break;
  }
}

inline bool is_nan(std::uint64_t bits, bool is_double) {
  return is_double ? std::isnan(std::bit_cast<double>(bits))
                   : std::isnan(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
}

/// The same bits, but for which NaN a lane is: the specification leaves that open.
inline bool same(Slot a, Slot b, std::size_t lane_bytes) {
  if (lane_bytes == 0) return a.low == b.low && a.high == b.high;
  const bool is_double = lane_bytes == 8;
  const auto same_lane = [is_double](std::uint64_t x, std::uint64_t y) {
    return x == y || (is_nan(x, is_double) && is_nan(y, is_double));
  };
  if (is_double) return same_lane(a.low, b.low) && same_lane(a.high, b.high);
  const auto half = [](std::uint64_t bits) { return bits & 0xffff'ffffU; };
  return same_lane(half(a.low), half(b.low)) && same_lane(a.low >> 32U, b.low >> 32U) &&
         same_lane(half(a.high), half(b.high)) && same_lane(a.high >> 32U, b.high >> 32U);
}

}  // namespace merlon::wasm::testing
