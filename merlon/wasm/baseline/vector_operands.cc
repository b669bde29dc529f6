#include "merlon/wasm/baseline/function_compiler.h"
#include "merlon/wasm/baseline/vector_table.h"

// What the vector instructions have in common, and those that are one instruction of the machine.
//
// A result's register may be that of any operand. So in a sequence all instructions but the last
// write to temporaries, or write the result where no operand is wanted any more.

namespace merlon::wasm::baseline {

RegisterId FunctionCompiler::vector_result(const Operand& first, const Operand& second) {
  return result_register(Kind::V128, first.place == Place::Register ? &first : &second);
}

void FunctionCompiler::push_vector(RegisterId reg, std::initializer_list<const Operand*> operands) {
  for (const Operand* operand : operands) release(*operand);
  push_result(Kind::V128, reg);
}

void FunctionCompiler::emit_vector(const VectorRule& rule, RegisterId to, RegisterId first,
                                   const asmjit::Operand& last) {
  const asmjit::Imm immediate(rule.immediate);
  if (rule.shape == VectorRule::Shape::Unary) {
    if (rule.immediate < 0) a_.emit(rule.id, xmm(to), last);
    else a_.emit(rule.id, xmm(to), last, immediate);
  } else {
    if (rule.immediate < 0) a_.emit(rule.id, xmm(to), xmm(first), last);
    else a_.emit(rule.id, xmm(to), xmm(first), last, immediate);
  }
}

void FunctionCompiler::vector_simple(Opcode op) {
  const VectorRule& rule = vector_rule(op);
  MERLON_CHECK(rule.shape != VectorRule::Shape::None);
  Operand right = pop();
  if (rule.shape == VectorRule::Shape::Unary) {
    const asmjit::Operand source = vector_or_memory(right, rule.width);
    const RegisterId reg = result_register(Kind::V128, &right);
    emit_vector(rule, reg, no_register, source);
    push_vector(reg, {&right});
    return;
  }
  Operand left = pop();
  const bool commutes = rule.shape == VectorRule::Shape::Commutative && !in_register(left);
  if (rule.shape == VectorRule::Shape::Swapped || commutes) std::swap(left, right);
  const RegisterId first = to_register(left);
  const asmjit::Operand second = vector_or_memory(right, rule.width);
  const RegisterId reg = vector_result(left, right);
  emit_vector(rule, reg, first, second);
  push_vector(reg, {&left, &right});
}

bool FunctionCompiler::next_takes_memory() const {
  const VectorRule& rule = vector_rule(next().op);
  return rule.shape != VectorRule::Shape::None && rule.shape != VectorRule::Shape::Swapped &&
         rule.width == 16;
}

void FunctionCompiler::fold_into_next(const x86::Mem& memory, bool may_fault) {
  ++at_;
  const VectorRule& rule = vector_rule(analysis_.instructions[at_].op);
  Operand left;
  RegisterId first = no_register;
  if (rule.shape != VectorRule::Shape::Unary) {
    left = pop();
    first = to_register(left);
  }
  const RegisterId reg = result_register(Kind::V128, &left);
  if (may_fault) note_fault();
  emit_vector(rule, reg, first, memory);
  push_vector(reg, {&left});
}

void FunctionCompiler::vector_constant(std::uint64_t low, std::uint64_t high) {
  if (next().op == Opcode::I8x16Swizzle || next().op == Opcode::I8x16RelaxedSwizzle) {
    ++at_;
    swizzle_by(low, high);
    return;
  }
  if (low == 0 && high == 0 && next().op == Opcode::I8x16Shuffle) {
    ++at_;
    shuffle_with_zero(analysis_.instructions[at_]);
    return;
  }
  if (next_takes_memory()) {
    fold_into_next(constant128(low, high), false);
    return;
  }
  const RegisterId reg = result_register(Kind::V128);
  if (low == 0 && high == 0) a_.vpxor(xmm(reg), xmm(reg), xmm(reg));
  else if (low == ~0ULL && high == ~0ULL) a_.vpcmpeqd(xmm(reg), xmm(reg), xmm(reg));
  else a_.vmovups(xmm(reg), constant128(low, high));
  push_result(Kind::V128, reg);
}

}  // namespace merlon::wasm::baseline
