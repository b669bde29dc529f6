#include "merlon/wasm/baseline/function_compiler.h"

namespace merlon::wasm::baseline {

namespace {

constexpr std::uint64_t sign32 = 0x8000'0000'8000'0000;
constexpr std::uint64_t sign64 = 0x8000'0000'0000'0000;

std::uint64_t sign_of(ValueType::Kind type) noexcept {
  return type == ValueType::Kind::F64 ? sign64 : sign32;
}

std::uint32_t size_of(ValueType::Kind type) noexcept {
  return type == ValueType::Kind::F64 ? 8 : 4;
}

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

void FunctionCompiler::float_arithmetic(x86::Inst::Id id, Kind type) {
  Operand right = pop();
  Operand left = pop();
  const RegisterId first = to_register(left);
  const asmjit::Operand second = vector_or_memory(right, size_of(type));
  const RegisterId reg = result_register(type, &left);
  a_.emit(id, xmm(reg), xmm(first), second);
  release(right);
  if (left.place == Place::Register && left.reg != reg) release(left);
  push_result(type, reg);
}

void FunctionCompiler::float_round(Rounding rounding, Kind type) {
  Operand value = pop();
  const RegisterId source = to_register(value);
  const RegisterId reg = result_register(type, &value);
  const auto id = type == Kind::F64 ? x86::Inst::kIdVroundsd : x86::Inst::kIdVroundss;
  a_.emit(id, xmm(reg), xmm(source), xmm(source), asmjit::Imm(static_cast<int>(rounding)));
  if (value.place == Place::Register && value.reg != reg) release(value);
  push_result(type, reg);
}

void FunctionCompiler::float_sqrt(Kind type) {
  Operand value = pop();
  const RegisterId source = to_register(value);
  const RegisterId reg = result_register(type, &value);
  const auto id = type == Kind::F64 ? x86::Inst::kIdVsqrtsd : x86::Inst::kIdVsqrtss;
  a_.emit(id, xmm(reg), xmm(source), xmm(source));
  if (value.place == Place::Register && value.reg != reg) release(value);
  push_result(type, reg);
}

void FunctionCompiler::float_compare(Condition condition, Kind type) {
  Operand right = pop();
  Operand left = pop();
  // a < b is b > a: the flags then tell it from unordered.
  if (condition == Condition::Below || condition == Condition::BelowEqual) {
    std::swap(left, right);
    condition = condition == Condition::Below ? Condition::Above : Condition::AboveEqual;
  }
  const RegisterId first = to_register(left);
  const asmjit::Operand second = vector_or_memory(right, size_of(type));
  const auto id = type == Kind::F64 ? x86::Inst::kIdVucomisd : x86::Inst::kIdVucomiss;
  a_.emit(id, xmm(first), second);
  release(left);
  release(right);
  use_flags(condition);
}

/// `id` is `and`, to clear the sign, or `xor`, to change it.
void FunctionCompiler::float_sign(x86::Inst::Id id, Kind type) {
  Operand value = pop();
  const RegisterId source = to_register(value);
  const RegisterId reg = result_register(type, &value);
  const std::uint64_t mask = id == x86::Inst::kIdVandps ? ~sign_of(type) : sign_of(type);
  a_.emit(id, xmm(reg), xmm(source), constant128(mask, mask));
  if (value.place == Place::Register && value.reg != reg) release(value);
  push_result(type, reg);
}

void FunctionCompiler::float_copysign(Kind type) {
  Operand sign = pop();
  Operand value = pop();
  const std::uint64_t mask = sign_of(type);
  const RegisterId sign_source = to_register(sign);
  a_.vandps(vector_scratch, xmm(sign_source), constant128(mask, mask));
  const RegisterId source = to_register(value);
  const RegisterId reg = result_register(type, &value);
  a_.vandps(xmm(reg), xmm(source), constant128(~mask, ~mask));
  a_.vorps(xmm(reg), xmm(reg), vector_scratch);
  release(sign);
  if (value.place == Place::Register && value.reg != reg) release(value);
  push_result(type, reg);
}

/// minss and maxss give their second operand for NaNs and zeros. Ordered and different operands,
/// the common case, need no more; equal ones differ in sign at most; of NaNs the sum is one.
void FunctionCompiler::float_min_max(x86::Inst::Id id, Kind type) {
  Operand right = pop();
  Operand left = pop();
  const bool is_double = type == Kind::F64;
  const bool is_max = id == x86::Inst::kIdVmaxsd || id == x86::Inst::kIdVmaxss;
  const RegisterId first = to_register(left);
  const RegisterId second = to_register(right);
  const RegisterId reg = result_register(type, &left);
  const asmjit::Label special = a_.newLabel();
  const asmjit::Label done = a_.newLabel();
  if (is_double) a_.vucomisd(xmm(first), xmm(second));
  else a_.vucomiss(xmm(first), xmm(second));
  a_.je(special);  // equal or unordered
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
