#include "merlon/wasm/baseline/function_compiler.h"

// Loads and stores of vectors and of their lanes.

namespace merlon::wasm::baseline {

namespace {

namespace I = x86::Inst;

struct LoadRule {
  x86::Inst::Id id = I::kIdNone;
  std::uint32_t size = 0;
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"

LoadRule load_rule(Opcode op) noexcept {
  switch (op) {
    case Opcode::V128Load: return {I::kIdVmovups, 16};
    case Opcode::V128Load8x8S: return {I::kIdVpmovsxbw, 8};
    case Opcode::V128Load8x8U: return {I::kIdVpmovzxbw, 8};
    case Opcode::V128Load16x4S: return {I::kIdVpmovsxwd, 8};
    case Opcode::V128Load16x4U: return {I::kIdVpmovzxwd, 8};
    case Opcode::V128Load32x2S: return {I::kIdVpmovsxdq, 8};
    case Opcode::V128Load32x2U: return {I::kIdVpmovzxdq, 8};
    case Opcode::V128Load8Splat: return {I::kIdVpbroadcastb, 1};
    case Opcode::V128Load16Splat: return {I::kIdVpbroadcastw, 2};
    case Opcode::V128Load32Splat: return {I::kIdVbroadcastss, 4};
    case Opcode::V128Load64Splat: return {I::kIdVmovddup, 8};
    case Opcode::V128Load32Zero: return {I::kIdVmovss, 4};
    case Opcode::V128Load64Zero: return {I::kIdVmovsd, 8};
    default: return {};
  }
}

}  // namespace

bool FunctionCompiler::vector_memory(const Instruction& instruction) {
  switch (instruction.op) {
    case Opcode::V128Store: vector_store(instruction); return true;
    case Opcode::V128Load8Lane: vector_load_lane(instruction, I::kIdVpinsrb, 1); return true;
    case Opcode::V128Load16Lane: vector_load_lane(instruction, I::kIdVpinsrw, 2); return true;
    case Opcode::V128Load32Lane: vector_load_lane(instruction, I::kIdVpinsrd, 4); return true;
    case Opcode::V128Load64Lane: vector_load_lane(instruction, I::kIdVpinsrq, 8); return true;
    case Opcode::V128Store8Lane: vector_store_lane(instruction, I::kIdVpextrb, 1); return true;
    case Opcode::V128Store16Lane: vector_store_lane(instruction, I::kIdVpextrw, 2); return true;
    case Opcode::V128Store32Lane: vector_store_lane(instruction, I::kIdVpextrd, 4); return true;
    case Opcode::V128Store64Lane: vector_store_lane(instruction, I::kIdVpextrq, 8); return true;
    default: return vector_load(instruction);
  }
}

#pragma GCC diagnostic pop

bool FunctionCompiler::vector_load(const Instruction& instruction) {
  const LoadRule rule = load_rule(instruction.op);
  if (rule.size == 0) return false;
  const Address from = address(instruction, rule.size);
  if (rule.size == 16 && next_takes_memory()) {
    fold_into_next(from.memory, true);
    release(from);
    return true;
  }
  const RegisterId reg = result_register(Kind::V128);
  note_fault();
  a_.emit(rule.id, xmm(reg), from.memory);
  release(from);
  push_result(Kind::V128, reg);
  return true;
}

void FunctionCompiler::vector_store(const Instruction& instruction) {
  Operand value = pop();
  const RegisterId source = to_register(value);
  const Address to = address(instruction, 16);
  note_fault();
  a_.vmovups(to.memory, xmm(source));
  release(value);
  release(to);
}

void FunctionCompiler::vector_load_lane(const Instruction& instruction, x86::Inst::Id insert,
                                        std::uint32_t size) {
  Operand vector = pop();
  const RegisterId source = to_register(vector);
  const Address from = address(instruction, size);
  const RegisterId reg = result_register(Kind::V128, &vector);
  note_fault();
  a_.emit(insert, xmm(reg), xmm(source), from.memory, asmjit::Imm(instruction.lane));
  release(from);
  push_vector(reg, {&vector});
}

void FunctionCompiler::vector_store_lane(const Instruction& instruction, x86::Inst::Id extract,
                                         std::uint32_t size) {
  Operand vector = pop();
  const x86::Xmm source = xmm(to_register(vector));
  const Address to = address(instruction, size);
  note_fault();
  // A whole half or the lowest lane has a plain store.
  if (size == 4 && instruction.lane == 0) a_.vmovss(to.memory, source);
  else if (size == 8 && instruction.lane == 0) a_.vmovsd(to.memory, source);
  else if (size == 8) a_.vmovhps(to.memory, source);
  else a_.emit(extract, to.memory, source, asmjit::Imm(instruction.lane));
  release(vector);
  release(to);
}

}  // namespace merlon::wasm::baseline
