#include "merlon/wasm/baseline/function_compiler.h"

// Relaxed vector instructions, in the deterministic profile [WASM 3.0 §A.2]: most do what the
// strict instruction does (steps.def), and multiply-add rounds twice.

namespace merlon::wasm::baseline {

namespace {

namespace I = x86::Inst;

constexpr std::uint64_t words = 0x0001'0001'0001'0001;

}  // namespace

/// c + a * b, or c - a * b.
void FunctionCompiler::multiply_add(x86::Inst::Id multiply, x86::Inst::Id add) {
  Operand addend = pop();
  Operand right = pop();
  Operand left = pop();
  const x86::Xmm first = xmm(to_register(left));
  const asmjit::Operand second = vector_or_memory(right, 16);
  const x86::Xmm third = xmm(to_register(addend));
  const RegisterId reg = vector_result(addend, left);
  a_.emit(multiply, vector_scratch, first, second);
  a_.emit(add, xmm(reg), third, vector_scratch);
  push_vector(reg, {&addend, &right, &left});
}

/// Signed products of bytes, added in pairs with saturation; with `adds` these again in pairs, and
/// a third operand to them.
void FunctionCompiler::dot_bytes(bool adds) {
  Operand addend;
  if (adds) addend = pop();
  Operand right = pop();
  Operand left = pop();
  const x86::Xmm first = xmm(to_register(left));
  const x86::Xmm second = xmm(to_register(right));
  const RegisterId temporary = allocate_vector();
  constexpr std::uint64_t upper = 0xff00 * words;
  // 256 a times 256 b has a times b as its upper half.
  a_.vpsllw(vector_scratch, first, 8);
  a_.vpsllw(vector_scratch2, second, 8);
  a_.vpmulhw(vector_scratch, vector_scratch, vector_scratch2);
  a_.vpand(vector_scratch2, first, constant_lanes(upper));
  a_.vpand(xmm(temporary), second, constant_lanes(upper));
  a_.vpmulhw(vector_scratch2, vector_scratch2, xmm(temporary));
  release(temporary);
  release(right);
  if (!adds) {
    const RegisterId reg = result_register(Kind::V128, &left);
    a_.vpaddsw(xmm(reg), vector_scratch, vector_scratch2);
    push_vector(reg, {&left});
    return;
  }
  a_.vpaddsw(vector_scratch, vector_scratch, vector_scratch2);
  a_.vpmaddwd(vector_scratch, vector_scratch, constant_lanes(words));
  const asmjit::Operand third = vector_or_memory(addend, 16);
  const RegisterId reg = vector_result(addend, left);
  a_.emit(I::kIdVpaddd, xmm(reg), vector_scratch, third);
  push_vector(reg, {&addend, &left});
}

}  // namespace merlon::wasm::baseline
