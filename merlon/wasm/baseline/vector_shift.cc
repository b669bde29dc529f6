#include "merlon/wasm/baseline/function_compiler.h"

// Shifts of lanes. The machine has none of bytes and no signed one of 64-bit lanes, and it does
// not take counts modulo the lane's width.

namespace merlon::wasm::baseline {

namespace {

namespace I = x86::Inst;
using Id = x86::Inst::Id;

constexpr std::uint64_t bytes = 0x0101'0101'0101'0101;
constexpr std::uint64_t low_bytes = 0x00ff'00ff'00ff'00ff;

enum class Direction : std::uint8_t { Left, Signed, Unsigned };

struct Shift {
  Direction direction;
  std::uint32_t width = 0;
  Id id = I::kIdNone;
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"

Shift shift_of(Opcode op) noexcept {
  using enum Direction;
  switch (op) {
    case Opcode::I8x16Shl: return {Left, 8, I::kIdVpsllw};
    case Opcode::I8x16ShrS: return {Signed, 8, I::kIdVpsraw};
    case Opcode::I8x16ShrU: return {Unsigned, 8, I::kIdVpsrlw};
    case Opcode::I16x8Shl: return {Left, 16, I::kIdVpsllw};
    case Opcode::I16x8ShrS: return {Signed, 16, I::kIdVpsraw};
    case Opcode::I16x8ShrU: return {Unsigned, 16, I::kIdVpsrlw};
    case Opcode::I32x4Shl: return {Left, 32, I::kIdVpslld};
    case Opcode::I32x4ShrS: return {Signed, 32, I::kIdVpsrad};
    case Opcode::I32x4ShrU: return {Unsigned, 32, I::kIdVpsrld};
    case Opcode::I64x2Shl: return {Left, 64, I::kIdVpsllq};
    case Opcode::I64x2ShrS: return {Signed, 64, I::kIdVpsrlq};
    case Opcode::I64x2ShrU: return {Unsigned, 64, I::kIdVpsrlq};
    default: core::invariant_broken();
  }
}

#pragma GCC diagnostic pop

}  // namespace

void FunctionCompiler::vector_shift(Opcode op) {
  const Shift shift = shift_of(op);
  const Operand count = pop();
  Operand value = pop();
  const bool is_signed = shift.direction == Direction::Signed;
  if (count.place == Place::Constant) {
    const std::uint32_t by = static_cast<std::uint32_t>(count.bits) & (shift.width - 1);
    if (by == 0) {
      push(value);
      return;
    }
    const x86::Xmm source = xmm(to_register(value));
    const RegisterId reg = result_register(Kind::V128, &value);
    if (shift.width == 8 && is_signed) shift_bytes_signed(xmm(reg), source, by);
    else if (shift.width == 8) shift_bytes(xmm(reg), source, by, shift.id);
    else if (shift.width == 64 && is_signed) shift_quads_signed(xmm(reg), source, by);
    else a_.emit(shift.id, xmm(reg), source, asmjit::Imm(by));
    push_vector(reg, {&value});
    return;
  }
  load_shift_count(count, shift.width);
  const x86::Xmm source = xmm(to_register(value));
  const RegisterId reg = result_register(Kind::V128, &value);
  if (shift.width == 8 && is_signed) shift_bytes_signed(xmm(reg), source);
  else if (shift.width == 8) shift_bytes(xmm(reg), source, shift.id);
  else if (shift.width == 64 && is_signed) shift_quads_signed(xmm(reg), source);
  else a_.emit(shift.id, xmm(reg), source, vector_scratch);
  release(count);
  push_vector(reg, {&value});
}

/// Into vector_scratch, modulo `width`.
void FunctionCompiler::load_shift_count(const Operand& count, std::uint32_t width) {
  if (const RegisterId reg = register_of(count); reg != no_register) {
    a_.vmovd(vector_scratch, gp32(reg));
  } else {
    x86::Mem memory = memory_of(count);
    memory.setSize(4);
    a_.vmovd(vector_scratch, memory);
  }
  a_.vpand(vector_scratch, vector_scratch, constant128(width - 1, 0));
}

/// As 16-bit lanes, less the bits that came over from the neighbour.
void FunctionCompiler::shift_bytes(const x86::Xmm& to, const x86::Xmm& from, std::uint32_t by,
                                   x86::Inst::Id id) {
  if (id == I::kIdVpsllw && by == 1) {
    a_.vpaddb(to, from, from);
    return;
  }
  const std::uint64_t own = id == I::kIdVpsllw ? (0xffU << by) & 0xffU : 0xffU >> by;
  a_.emit(id, vector_scratch, from, asmjit::Imm(by));
  a_.vpand(to, vector_scratch, constant_lanes(own * bytes));
}

void FunctionCompiler::shift_bytes(const x86::Xmm& to, const x86::Xmm& from, x86::Inst::Id id) {
  // 0x00ff shifted either way has the bits to be kept as its lower byte.
  a_.vmovups(vector_scratch2, constant_lanes(low_bytes));
  a_.emit(id, vector_scratch2, vector_scratch2, vector_scratch);
  a_.vpbroadcastb(vector_scratch2, vector_scratch2);
  a_.emit(id, vector_scratch, from, vector_scratch);
  a_.vpand(to, vector_scratch, vector_scratch2);
}

void FunctionCompiler::shift_bytes_signed(const x86::Xmm& to, const x86::Xmm& from,
                                          std::uint32_t by) {
  if (by == 7) {
    a_.vpxor(vector_scratch, vector_scratch, vector_scratch);
    a_.vpcmpgtb(to, vector_scratch, from);
    return;
  }
  // Unsigned; then (x ^ sign) - sign extends the sign from where it has got to.
  const std::uint64_t sign = (0x80U >> by) * bytes;
  shift_bytes(vector_scratch, from, by, I::kIdVpsrlw);
  a_.vpxor(vector_scratch, vector_scratch, constant_lanes(sign));
  a_.vpsubb(to, vector_scratch, constant_lanes(sign));
}

/// As the upper halves of 16-bit lanes.
void FunctionCompiler::shift_bytes_signed(const x86::Xmm& to, const x86::Xmm& from) {
  a_.vpor(vector_scratch, vector_scratch, constant128(8, 0));
  a_.vpunpckhbw(vector_scratch2, from, from);
  a_.vpsraw(vector_scratch2, vector_scratch2, vector_scratch);
  a_.vpunpcklbw(to, from, from);
  a_.vpsraw(to, to, vector_scratch);
  a_.vpacksswb(to, to, vector_scratch2);
}

void FunctionCompiler::shift_quads_signed(const x86::Xmm& to, const x86::Xmm& from,
                                          std::uint32_t by) {
  if (by == 63) {
    a_.vpxor(vector_scratch, vector_scratch, vector_scratch);
    a_.vpcmpgtq(to, vector_scratch, from);
  } else if (by <= 32) {
    // The upper halves from a shift of 32-bit lanes.
    a_.vpsrlq(vector_scratch, from, by);
    a_.vpsrad(vector_scratch2, from, by);
    a_.vpblendd(to, vector_scratch, vector_scratch2, 0b1010);
  } else {
    const std::uint64_t sign = 1ULL << (63 - by);
    a_.vpsrlq(to, from, by);
    a_.vpxor(to, to, constant_lanes(sign));
    a_.vpsubq(to, to, constant_lanes(sign));
  }
}

void FunctionCompiler::shift_quads_signed(const x86::Xmm& to, const x86::Xmm& from) {
  constexpr std::uint64_t sign = 1ULL << 63U;
  a_.vmovups(vector_scratch2, constant_lanes(sign));
  a_.vpsrlq(vector_scratch2, vector_scratch2, vector_scratch);
  a_.vpsrlq(to, from, vector_scratch);
  a_.vpxor(to, to, vector_scratch2);
  a_.vpsubq(to, to, vector_scratch2);
}

}  // namespace merlon::wasm::baseline
