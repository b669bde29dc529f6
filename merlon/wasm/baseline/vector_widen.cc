#include "merlon/wasm/baseline/function_compiler.h"

// Integer vector instructions whose results have wider lanes: extend, extmul, extadd_pairwise.

namespace merlon::wasm::baseline {

namespace {

namespace I = x86::Inst;
using Id = x86::Inst::Id;

constexpr std::uint64_t bytes = 0x0101'0101'0101'0101;
constexpr std::uint64_t words = 0x0001'0001'0001'0001;

}  // namespace

void FunctionCompiler::extend_high(std::uint32_t size, bool is_signed) {
  constexpr std::array<Id, 3> unpack = {I::kIdVpunpckhbw, I::kIdVpunpckhwd, I::kIdVpunpckhdq};
  constexpr std::array<Id, 3> load = {I::kIdVpmovsxbw, I::kIdVpmovsxwd, I::kIdVpmovsxdq};
  const auto which = static_cast<std::size_t>(std::countr_zero(size));
  Operand value = pop();
  if (is_signed && !in_register(value)) {
    const RegisterId reg = result_register(Kind::V128);
    a_.emit(load[which], xmm(reg), lane_memory(value, 1, 8));
    push_vector(reg, {&value});
    return;
  }
  const x86::Xmm source = xmm(to_register(value));
  const RegisterId reg = result_register(Kind::V128, &value);
  const x86::Xmm to = xmm(reg);
  if (!is_signed) {
    a_.emit(unpack[which], to, source, constant_lanes(0));
  } else if (size == 4) {
    a_.vpsrad(vector_scratch, source, 31);
    a_.vpunpckhdq(to, source, vector_scratch);
  } else {
    // Each lane twice, then the upper copy shifted down with its sign.
    a_.emit(unpack[which], to, source, source);
    if (size == 1) a_.vpsraw(to, to, 8);
    else a_.vpsrad(to, to, 16);
  }
  push_vector(reg, {&value});
}

void FunctionCompiler::multiply_low_bytes(x86::Inst::Id extend) {
  Operand right = pop();
  Operand left = pop();
  const asmjit::Operand first = vector_or_memory(left, 8);
  const asmjit::Operand second = vector_or_memory(right, 8);
  const RegisterId reg = vector_result(left, right);
  a_.emit(extend, vector_scratch, first);
  a_.emit(extend, vector_scratch2, second);
  a_.vpmullw(xmm(reg), vector_scratch, vector_scratch2);
  push_vector(reg, {&left, &right});
}

void FunctionCompiler::multiply_high_bytes(bool is_signed) {
  Operand right = pop();
  Operand left = pop();
  const x86::Xmm first = xmm(to_register(left));
  const x86::Xmm second = xmm(to_register(right));
  const RegisterId reg = vector_result(left, right);
  if (is_signed) {
    // 256 a times 256 b has a times b as its upper half.
    a_.vpxor(vector_scratch, vector_scratch, vector_scratch);
    a_.vpunpckhbw(vector_scratch2, vector_scratch, first);
    a_.vpunpckhbw(vector_scratch, vector_scratch, second);
    a_.vpmulhw(xmm(reg), vector_scratch, vector_scratch2);
  } else {
    a_.vpunpckhbw(vector_scratch, first, constant_lanes(0));
    a_.vpunpckhbw(vector_scratch2, second, constant_lanes(0));
    a_.vpmullw(xmm(reg), vector_scratch, vector_scratch2);
  }
  push_vector(reg, {&left, &right});
}

void FunctionCompiler::multiply_words(bool is_signed, bool high) {
  Operand right = pop();
  Operand left = pop();
  const x86::Xmm first = xmm(to_register(left));
  const x86::Xmm second = xmm(to_register(right));
  const RegisterId reg = vector_result(left, right);
  a_.vpmullw(vector_scratch, first, second);
  if (is_signed) a_.vpmulhw(vector_scratch2, first, second);
  else a_.vpmulhuw(vector_scratch2, first, second);
  if (high) a_.vpunpckhwd(xmm(reg), vector_scratch, vector_scratch2);
  else a_.vpunpcklwd(xmm(reg), vector_scratch, vector_scratch2);
  push_vector(reg, {&left, &right});
}

void FunctionCompiler::multiply_dwords(bool is_signed, bool high) {
  Operand right = pop();
  Operand left = pop();
  const asmjit::Operand first = vector_or_memory(left, 16);
  const asmjit::Operand second = vector_or_memory(right, 16);
  const RegisterId reg = vector_result(left, right);
  // Lanes 0 0 1 1 or 2 2 3 3: the multiplication takes the even ones.
  const asmjit::Imm lanes(high ? 0xfa : 0x50);
  a_.emit(I::kIdVpshufd, vector_scratch, first, lanes);
  a_.emit(I::kIdVpshufd, vector_scratch2, second, lanes);
  if (is_signed) a_.vpmuldq(xmm(reg), vector_scratch, vector_scratch2);
  else a_.vpmuludq(xmm(reg), vector_scratch, vector_scratch2);
  push_vector(reg, {&left, &right});
}

void FunctionCompiler::add_pairs(Opcode op) {
  Operand value = pop();
  const x86::Xmm source = xmm(to_register(value));
  const RegisterId reg = result_register(Kind::V128, &value);
  const x86::Xmm to = xmm(reg);
  if (op == Opcode::I16x8ExtaddPairwiseI8x16S) {
    // Unsigned by signed bytes: the ones come first.
    a_.vmovups(vector_scratch, constant_lanes(bytes));
    a_.vpmaddubsw(to, vector_scratch, source);
  } else if (op == Opcode::I16x8ExtaddPairwiseI8x16U) {
    a_.vpmaddubsw(to, source, constant_lanes(bytes));
  } else if (op == Opcode::I32x4ExtaddPairwiseI16x8S) {
    a_.vpmaddwd(to, source, constant_lanes(words));
  } else {
    constexpr std::uint64_t low_words = 0x0000'ffff'0000'ffff;
    a_.vpsrld(vector_scratch, source, 16);
    a_.vpand(to, source, constant_lanes(low_words));
    a_.vpaddd(to, to, vector_scratch);
  }
  push_vector(reg, {&value});
}

}  // namespace merlon::wasm::baseline
