#include "merlon/wasm/baseline/function_compiler.h"

// Loads and stores of vectors and of their lanes.

namespace merlon::wasm::baseline {

void FunctionCompiler::vector_load(const Instruction& instruction, x86::Inst::Id id) {
  const std::uint32_t size = access_size(instruction.op);
  const Address from = address(instruction, size);
  if (size == 16 && next_takes_memory()) {
    fold_into_next(from.memory, true);
    release(from);
    return;
  }
  const RegisterId reg = result_register(Kind::V128);
  note_fault();
  a_.emit(id, xmm(reg), from.memory);
  release(from);
  push_result(Kind::V128, reg);
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

void FunctionCompiler::vector_load_lane(const Instruction& instruction, x86::Inst::Id insert) {
  Operand vector = pop();
  const RegisterId source = to_register(vector);
  const Address from = address(instruction, access_size(instruction.op));
  const RegisterId reg = result_register(Kind::V128, &vector);
  note_fault();
  a_.emit(insert, xmm(reg), xmm(source), from.memory, asmjit::Imm(instruction.lane));
  release(from);
  push_vector(reg, {&vector});
}

void FunctionCompiler::vector_store_lane(const Instruction& instruction, x86::Inst::Id extract) {
  const std::uint32_t size = access_size(instruction.op);
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
