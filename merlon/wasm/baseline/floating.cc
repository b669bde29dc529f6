#include "merlon/wasm/baseline/function_compiler.h"

namespace merlon::wasm::baseline {

namespace {

constexpr std::uint64_t sign32 = 0x8000'0000'8000'0000;
constexpr std::uint64_t sign64 = 0x8000'0000'0000'0000;

}  // namespace

asmjit::Operand FunctionCompiler::vector_or_memory(Operand& operand, std::uint32_t size) {
  if (const RegisterId reg = register_of(operand); reg != no_register) return xmm(reg);
  if (operand.place == Place::Constant) {
    if (operand.bits == 0) return xmm(to_own_register(operand));
    return size == 4 ? constant32(static_cast<std::uint32_t>(operand.bits))
                     : constant64(operand.bits);
  }
  x86::Mem memory = memory_of(operand);
  memory.setSize(size);
  return memory;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"

void FunctionCompiler::float_binary(Opcode op, bool is_double) {
  x86::Inst::Id id = x86::Inst::kIdNone;
  switch (op) {
    case Opcode::F32Min:
    case Opcode::F64Min: float_min_max(is_double, false); return;
    case Opcode::F32Max:
    case Opcode::F64Max: float_min_max(is_double, true); return;
    case Opcode::F32Copysign:
    case Opcode::F64Copysign: float_copysign(is_double); return;
    case Opcode::F32Add: id = x86::Inst::kIdVaddss; break;
    case Opcode::F64Add: id = x86::Inst::kIdVaddsd; break;
    case Opcode::F32Sub: id = x86::Inst::kIdVsubss; break;
    case Opcode::F64Sub: id = x86::Inst::kIdVsubsd; break;
    case Opcode::F32Mul: id = x86::Inst::kIdVmulss; break;
    case Opcode::F64Mul: id = x86::Inst::kIdVmulsd; break;
    case Opcode::F32Div: id = x86::Inst::kIdVdivss; break;
    default: id = x86::Inst::kIdVdivsd; break;
  }
  Operand right = pop();
  Operand left = pop();
  const RegisterId first = to_register(left);
  const asmjit::Operand second = vector_or_memory(right, is_double ? 8 : 4);
  const Kind type = is_double ? Kind::F64 : Kind::F32;
  const RegisterId reg = result_register(type, &left);
  a_.emit(id, xmm(reg), xmm(first), second);
  release(right);
  if (left.place == Place::Register && left.reg != reg) release(left);
  push_result(type, reg);
}

void FunctionCompiler::float_unary(Opcode op, bool is_double) {
  constexpr std::uint32_t exact = 8;  // no inexact exception
  std::uint32_t rounding = exact;
  switch (op) {
    case Opcode::F32Abs:
    case Opcode::F64Abs: float_sign(is_double, true); return;
    case Opcode::F32Neg:
    case Opcode::F64Neg: float_sign(is_double, false); return;
    case Opcode::F32Ceil:
    case Opcode::F64Ceil: rounding |= 2; break;
    case Opcode::F32Floor:
    case Opcode::F64Floor: rounding |= 1; break;
    case Opcode::F32Trunc:
    case Opcode::F64Trunc: rounding |= 3; break;
    default: break;
  }
  Operand value = pop();
  const RegisterId source = to_register(value);
  const Kind type = is_double ? Kind::F64 : Kind::F32;
  const RegisterId reg = result_register(type, &value);
  if (op == Opcode::F32Sqrt) a_.vsqrtss(xmm(reg), xmm(source), xmm(source));
  else if (op == Opcode::F64Sqrt) a_.vsqrtsd(xmm(reg), xmm(source), xmm(source));
  else if (is_double) a_.vroundsd(xmm(reg), xmm(source), xmm(source), rounding);
  else a_.vroundss(xmm(reg), xmm(source), xmm(source), rounding);
  if (value.place == Place::Register && value.reg != reg) release(value);
  push_result(type, reg);
}

void FunctionCompiler::float_compare(Opcode op, bool is_double) {
  Operand right = pop();
  Operand left = pop();
  // a < b is b > a: the flags then tell it from unordered.
  Condition condition = Condition::Above;
  switch (op) {
    case Opcode::F32Lt:
    case Opcode::F64Lt: std::swap(left, right); break;
    case Opcode::F32Le:
    case Opcode::F64Le:
      std::swap(left, right);
      condition = Condition::AboveEqual;
      break;
    case Opcode::F32Ge:
    case Opcode::F64Ge: condition = Condition::AboveEqual; break;
    case Opcode::F32Eq:
    case Opcode::F64Eq: condition = Condition::FloatEqual; break;
    case Opcode::F32Ne:
    case Opcode::F64Ne: condition = Condition::FloatNotEqual; break;
    default: break;
  }
  const RegisterId first = to_register(left);
  const asmjit::Operand second = vector_or_memory(right, is_double ? 8 : 4);
  a_.emit(is_double ? x86::Inst::kIdVucomisd : x86::Inst::kIdVucomiss, xmm(first), second);
  release(left);
  release(right);
  use_flags(condition);
}

#pragma GCC diagnostic pop

void FunctionCompiler::float_sign(bool is_double, bool clear) {
  Operand value = pop();
  const RegisterId source = to_register(value);
  const Kind type = is_double ? Kind::F64 : Kind::F32;
  const RegisterId reg = result_register(type, &value);
  const std::uint64_t sign = is_double ? sign64 : sign32;
  const std::uint64_t mask = clear ? ~sign : sign;
  const x86::Mem memory = constant128(mask, mask);
  if (clear) a_.vandps(xmm(reg), xmm(source), memory);
  else a_.vxorps(xmm(reg), xmm(source), memory);
  if (value.place == Place::Register && value.reg != reg) release(value);
  push_result(type, reg);
}

void FunctionCompiler::float_copysign(bool is_double) {
  Operand sign = pop();
  Operand value = pop();
  const std::uint64_t mask = is_double ? sign64 : sign32;
  const RegisterId sign_source = to_register(sign);
  a_.vandps(vector_scratch, xmm(sign_source), constant128(mask, mask));
  const RegisterId source = to_register(value);
  const Kind type = is_double ? Kind::F64 : Kind::F32;
  const RegisterId reg = result_register(type, &value);
  a_.vandps(xmm(reg), xmm(source), constant128(~mask, ~mask));
  a_.vorps(xmm(reg), xmm(reg), vector_scratch);
  release(sign);
  if (value.place == Place::Register && value.reg != reg) release(value);
  push_result(type, reg);
}

/// minss and maxss give their second operand for NaNs and zeros. Ordered and different operands,
/// the common case, need no more; equal ones differ in sign at most; of NaNs the sum is one.
void FunctionCompiler::float_min_max(bool is_double, bool is_max) {
  Operand right = pop();
  Operand left = pop();
  const Kind type = is_double ? Kind::F64 : Kind::F32;
  const RegisterId first = to_register(left);
  const RegisterId second = to_register(right);
  const RegisterId reg = result_register(type, &left);
  const asmjit::Label special = a_.newLabel();
  const asmjit::Label done = a_.newLabel();
  if (is_double) a_.vucomisd(xmm(first), xmm(second));
  else a_.vucomiss(xmm(first), xmm(second));
  a_.je(special);  // equal or unordered
  const auto id = is_double ? (is_max ? x86::Inst::kIdVmaxsd : x86::Inst::kIdVminsd)
                            : (is_max ? x86::Inst::kIdVmaxss : x86::Inst::kIdVminss);
  a_.emit(id, xmm(reg), xmm(first), xmm(second));
  a_.bind(done);
  defer([=, this] {
    const asmjit::Label equal = a_.newLabel();
    a_.bind(special);
    a_.jnp(equal);
    if (is_double) a_.vaddsd(xmm(reg), xmm(first), xmm(second));
    else a_.vaddss(xmm(reg), xmm(first), xmm(second));
    a_.jmp(done);
    a_.bind(equal);
    if (is_max) a_.vandps(xmm(reg), xmm(first), xmm(second));
    else a_.vorps(xmm(reg), xmm(first), xmm(second));
    a_.jmp(done);
  });
  release(right);
  if (left.place == Place::Register && left.reg != reg) release(left);
  push_result(type, reg);
}

}  // namespace merlon::wasm::baseline
