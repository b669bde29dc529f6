#include "merlon/wasm/baseline/function_compiler.h"

// Integer and bitwise vector instructions that take several instructions of the machine. Shifts
// have a file of their own.

namespace merlon::wasm::baseline {

namespace {

namespace I = x86::Inst;
using Id = x86::Inst::Id;

constexpr std::uint64_t ones = ~0ULL;
constexpr std::uint64_t bytes = 0x0101'0101'0101'0101;
constexpr std::uint64_t words = 0x0001'0001'0001'0001;

/// A comparison: of the left operand with itself or with the smaller or larger of both.
struct Comparison {
  Id select = I::kIdNone;
  Id compare = I::kIdNone;
  bool inverted = false;
  bool swapped = false;
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"

Comparison comparison_of(Opcode op) noexcept {
  switch (op) {
    case Opcode::I8x16Ne: return {I::kIdNone, I::kIdVpcmpeqb, true};
    case Opcode::I16x8Ne: return {I::kIdNone, I::kIdVpcmpeqw, true};
    case Opcode::I32x4Ne: return {I::kIdNone, I::kIdVpcmpeqd, true};
    case Opcode::I64x2Ne: return {I::kIdNone, I::kIdVpcmpeqq, true};
    case Opcode::I8x16LeS: return {I::kIdVpminsb, I::kIdVpcmpeqb};
    case Opcode::I16x8LeS: return {I::kIdVpminsw, I::kIdVpcmpeqw};
    case Opcode::I32x4LeS: return {I::kIdVpminsd, I::kIdVpcmpeqd};
    case Opcode::I64x2LeS: return {I::kIdNone, I::kIdVpcmpgtq, true};
    case Opcode::I8x16GeS: return {I::kIdVpmaxsb, I::kIdVpcmpeqb};
    case Opcode::I16x8GeS: return {I::kIdVpmaxsw, I::kIdVpcmpeqw};
    case Opcode::I32x4GeS: return {I::kIdVpmaxsd, I::kIdVpcmpeqd};
    case Opcode::I64x2GeS: return {I::kIdNone, I::kIdVpcmpgtq, true, true};
    case Opcode::I8x16LeU: return {I::kIdVpminub, I::kIdVpcmpeqb};
    case Opcode::I16x8LeU: return {I::kIdVpminuw, I::kIdVpcmpeqw};
    case Opcode::I32x4LeU: return {I::kIdVpminud, I::kIdVpcmpeqd};
    case Opcode::I8x16GeU: return {I::kIdVpmaxub, I::kIdVpcmpeqb};
    case Opcode::I16x8GeU: return {I::kIdVpmaxuw, I::kIdVpcmpeqw};
    case Opcode::I32x4GeU: return {I::kIdVpmaxud, I::kIdVpcmpeqd};
    case Opcode::I8x16GtU: return {I::kIdVpminub, I::kIdVpcmpeqb, true};
    case Opcode::I16x8GtU: return {I::kIdVpminuw, I::kIdVpcmpeqw, true};
    case Opcode::I32x4GtU: return {I::kIdVpminud, I::kIdVpcmpeqd, true};
    case Opcode::I8x16LtU: return {I::kIdVpmaxub, I::kIdVpcmpeqb, true};
    case Opcode::I16x8LtU: return {I::kIdVpmaxuw, I::kIdVpcmpeqw, true};
    case Opcode::I32x4LtU: return {I::kIdVpmaxud, I::kIdVpcmpeqd, true};
    default: core::invariant_broken();
  }
}

#pragma GCC diagnostic pop

/// The bytes of the lanes that the instruction gives all ones or all zeros, or 0.
std::uint32_t mask_lanes(Opcode op) noexcept {
  const bool compares = (op >= Opcode::I8x16Eq && op <= Opcode::F64x2Ge) ||
                        (op >= Opcode::I64x2Eq && op <= Opcode::I64x2GeS);
  if (!compares) return 0;
  if (op <= Opcode::I8x16GeU) return 1;
  if (op <= Opcode::I16x8GeU) return 2;
  return op <= Opcode::F32x4Ge ? 4 : 8;
}
// opcodes.def is in the order of the codes.
static_assert(static_cast<int>(Opcode::F64x2Ge) - static_cast<int>(Opcode::I8x16Eq) == 41 &&
              static_cast<int>(Opcode::I64x2GeS) - static_cast<int>(Opcode::I64x2Eq) == 5);

}  // namespace

void FunctionCompiler::vector_compare(Opcode op) {
  const Comparison comparison = comparison_of(op);
  Operand right = pop();
  Operand left = pop();
  if (comparison.swapped) std::swap(left, right);
  const RegisterId first = to_register(left);
  asmjit::Operand second = vector_or_memory(right, 16);
  const RegisterId reg = vector_result(left, right);
  if (comparison.select != I::kIdNone) {
    a_.emit(comparison.select, vector_scratch, xmm(first), second);
    second = vector_scratch;
  }
  a_.emit(comparison.compare, xmm(reg), xmm(first), second);
  if (comparison.inverted) a_.vpxor(xmm(reg), xmm(reg), constant_lanes(ones));
  push_vector(reg, {&left, &right});
}

void FunctionCompiler::vector_not() {
  Operand value = pop();
  const RegisterId source = to_register(value);
  const RegisterId reg = result_register(Kind::V128, &value);
  a_.vpxor(xmm(reg), xmm(source), constant_lanes(ones));
  push_vector(reg, {&value});
}

std::uint32_t FunctionCompiler::mask_on_top() const {
  std::size_t before = at_ - 1;  // never the first instruction: it has operands
  if (analysis_.instructions[before].op == Opcode::LocalTee && before > 0) --before;
  return mask_lanes(analysis_.instructions[before].op);
}

void FunctionCompiler::bitselect() {
  const bool whole_lanes = mask_on_top() != 0;
  Operand mask = pop();
  Operand otherwise = pop();
  Operand chosen = pop();
  const x86::Xmm selector = xmm(to_register(mask));
  const asmjit::Operand first = vector_or_memory(chosen, 16);
  if (whole_lanes) {
    const x86::Xmm second = xmm(to_register(otherwise));
    const RegisterId reg = vector_result(mask, otherwise);
    a_.emit(I::kIdVpblendvb, xmm(reg), second, first, selector);
    push_vector(reg, {&mask, &otherwise, &chosen});
    return;
  }
  const asmjit::Operand second = vector_or_memory(otherwise, 16);
  const RegisterId reg = vector_result(mask, otherwise);
  a_.emit(I::kIdVpand, vector_scratch, selector, first);
  a_.emit(I::kIdVpandn, vector_scratch2, selector, second);
  a_.vpor(xmm(reg), vector_scratch, vector_scratch2);
  push_vector(reg, {&mask, &otherwise, &chosen});
}

void FunctionCompiler::any_true() {
  Operand value = pop();
  const RegisterId source = to_register(value);
  a_.vptest(xmm(source), xmm(source));
  release(value);
  use_flags(Condition::NotEqual);
}

void FunctionCompiler::all_true(x86::Inst::Id equal, std::uint32_t size) {
  // Of lanes that are all ones or all zeros it is enough that no bit is missing.
  const bool whole_lanes = mask_on_top() >= size;
  Operand value = pop();
  if (whole_lanes) {
    const RegisterId source = to_register(value);
    a_.vptest(xmm(source), constant_lanes(ones));
    release(value);
    use_flags(Condition::Below);  // the carry
    return;
  }
  const asmjit::Operand source = vector_or_memory(value, 16);
  a_.vpxor(vector_scratch, vector_scratch, vector_scratch);
  a_.emit(equal, vector_scratch, vector_scratch, source);
  a_.vptest(vector_scratch, vector_scratch);
  release(value);
  use_flags(Condition::Equal);
}

void FunctionCompiler::bitmask(Opcode op) {
  Operand value = pop();
  const x86::Xmm source = xmm(to_register(value));
  const RegisterId reg = result_register(Kind::I32);
  if (op == Opcode::I8x16Bitmask) {
    a_.vpmovmskb(gp32(reg), source);
  } else if (op == Opcode::I16x8Bitmask) {
    // Saturation keeps signs; the other eight bytes are zero.
    a_.vpacksswb(vector_scratch, source, constant_lanes(0));
    a_.vpmovmskb(gp32(reg), vector_scratch);
  } else if (op == Opcode::I32x4Bitmask) {
    a_.vmovmskps(gp32(reg), source);
  } else {
    a_.vmovmskpd(gp32(reg), source);
  }
  release(value);
  push_result(Kind::I32, reg);
}

void FunctionCompiler::vector_negate(x86::Inst::Id subtract) {
  Operand value = pop();
  const asmjit::Operand source = vector_or_memory(value, 16);
  const RegisterId reg = result_register(Kind::V128, &value);
  a_.vpxor(vector_scratch, vector_scratch, vector_scratch);
  a_.emit(subtract, xmm(reg), vector_scratch, source);
  push_vector(reg, {&value});
}

void FunctionCompiler::vector_abs64() {
  Operand value = pop();
  const x86::Xmm source = xmm(to_register(value));
  const RegisterId reg = result_register(Kind::V128, &value);
  a_.vpxor(vector_scratch, vector_scratch, vector_scratch);
  a_.vpsubq(vector_scratch, vector_scratch, source);
  a_.vblendvpd(xmm(reg), source, vector_scratch, source);  // chooses by sign
  push_vector(reg, {&value});
}

/// The bits of both halves of each byte, from a table.
void FunctionCompiler::vector_popcnt() {
  Operand value = pop();
  const x86::Xmm source = xmm(to_register(value));
  const RegisterId reg = result_register(Kind::V128, &value);
  const x86::Mem low_bits = constant_lanes(0x0f * bytes);
  a_.vpand(vector_scratch, source, low_bits);
  a_.vpsrlw(vector_scratch2, source, 4);
  a_.vpand(vector_scratch2, vector_scratch2, low_bits);
  a_.vmovups(xmm(reg), constant128(0x0302'0201'0201'0100, 0x0403'0302'0302'0201));
  a_.vpshufb(vector_scratch, xmm(reg), vector_scratch);
  a_.vpshufb(vector_scratch2, xmm(reg), vector_scratch2);
  a_.vpaddb(xmm(reg), vector_scratch, vector_scratch2);
  push_vector(reg, {&value});
}

/// Three products of 32-bit halves; the fourth has no bits below 2^64.
void FunctionCompiler::vector_mul64() {
  Operand right = pop();
  Operand left = pop();
  const x86::Xmm first = xmm(to_register(left));
  const x86::Xmm second = xmm(to_register(right));
  const RegisterId reg = vector_result(left, right);
  a_.vpsrlq(vector_scratch, first, 32);
  a_.vpmuludq(vector_scratch, vector_scratch, second);
  a_.vpsrlq(vector_scratch2, second, 32);
  a_.vpmuludq(vector_scratch2, vector_scratch2, first);
  a_.vpaddq(vector_scratch, vector_scratch, vector_scratch2);
  a_.vpsllq(vector_scratch, vector_scratch, 32);
  a_.vpmuludq(vector_scratch2, first, second);
  a_.vpaddq(xmm(reg), vector_scratch, vector_scratch2);
  push_vector(reg, {&left, &right});
}

/// The machine's instruction wraps for -1 times -1, the only case that gives -1.
void FunctionCompiler::q15mulr() {
  Operand right = pop();
  Operand left = pop();
  if (!in_register(left)) std::swap(left, right);
  const x86::Xmm first = xmm(to_register(left));
  const asmjit::Operand second = vector_or_memory(right, 16);
  const RegisterId reg = vector_result(left, right);
  a_.emit(I::kIdVpmulhrsw, vector_scratch, first, second);
  a_.vpcmpeqw(vector_scratch2, vector_scratch, constant_lanes(0x8000 * words));
  a_.vpxor(xmm(reg), vector_scratch, vector_scratch2);
  push_vector(reg, {&left, &right});
}

}  // namespace merlon::wasm::baseline
