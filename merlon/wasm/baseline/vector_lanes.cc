#include <cstring>

#include "merlon/wasm/baseline/function_compiler.h"
#include "merlon/wasm/baseline/vector_shuffle.h"

// Constants, and what moves lanes: splat, extract, replace, shuffle, swizzle.

namespace merlon::wasm::baseline {

namespace {

namespace I = x86::Inst;

constexpr std::uint64_t bytes = 0x0101'0101'0101'0101;

std::uint64_t word_at(core::ByteView view) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, view.data(), sizeof(word));
  return word;
}

}  // namespace

void FunctionCompiler::vector_constant(const Instruction& instruction) {
  const core::ByteView value = module().bytes.subspan(instruction.value, 16);
  vector_constant(word_at(value), word_at(value.subspan(8)));
}

void FunctionCompiler::splat(Kind from, std::uint32_t size) {
  Operand value = pop();
  if (value.place == Place::Constant) {
    constexpr std::array<std::uint64_t, 4> factors = {bytes, 0x0001'0001'0001'0001,
                                                      0x0000'0001'0000'0001, 1};
    const std::uint32_t log = static_cast<std::uint32_t>(std::countr_zero(size));
    const std::uint64_t mask = size == 8 ? ~0ULL : (1ULL << (8 * size)) - 1;
    const std::uint64_t lanes = (value.bits & mask) * factors[log];
    vector_constant(lanes, lanes);
    return;
  }
  constexpr std::array<x86::Inst::Id, 4> from_memory = {I::kIdVpbroadcastb, I::kIdVpbroadcastw,
                                                        I::kIdVbroadcastss, I::kIdVmovddup};
  const bool is_vector_register = from == Kind::F32 || from == Kind::F64;
  const RegisterId source = register_of(value);
  const RegisterId reg =
      is_vector_register ? result_register(Kind::V128, &value) : result_register(Kind::V128);
  const x86::Xmm to = xmm(reg);
  if (source == no_register) {
    x86::Mem memory = memory_of(value);
    memory.setSize(size);
    a_.emit(from_memory[static_cast<std::size_t>(std::countr_zero(size))], to, memory);
  } else if (is_vector_register) {
    if (size == 4) a_.vbroadcastss(to, xmm(source));
    else a_.vmovddup(to, xmm(source));
  } else {
    if (size == 8) a_.vmovq(to, gp64(source));
    else a_.vmovd(to, gp32(source));
    if (size == 1) a_.vpbroadcastb(to, to);
    else if (size == 2) a_.vpbroadcastw(to, to);
    else if (size == 4) a_.vpshufd(to, to, 0);
    else a_.vpunpcklqdq(to, to, to);
  }
  push_vector(reg, {&value});
}

x86::Mem FunctionCompiler::lane_memory(const Operand& vector, std::uint32_t lane,
                                       std::uint32_t size) const {
  x86::Mem memory = memory_of(vector);
  memory.addOffset(static_cast<std::int64_t>(lane) * size);
  memory.setSize(size);
  return memory;
}

void FunctionCompiler::extract_narrow(std::uint32_t lane, std::uint32_t size, bool is_signed) {
  const Operand vector = pop();
  const RegisterId source = register_of(vector);
  const RegisterId reg = result_register(Kind::I32);
  if (source == no_register) {
    const x86::Mem memory = lane_memory(vector, lane, size);
    if (is_signed) a_.movsx(gp32(reg), memory);
    else a_.movzx(gp32(reg), memory);
  } else {
    if (size == 1) a_.vpextrb(gp32(reg), xmm(source), lane);
    else a_.vpextrw(gp32(reg), xmm(source), lane);
    if (is_signed && size == 1) a_.movsx(gp32(reg), x86::gpb(reg));
    else if (is_signed) a_.movsx(gp32(reg), x86::gpw(reg));
  }
  release(vector);
  push_result(Kind::I32, reg);
}

void FunctionCompiler::extract_integer(std::uint32_t lane, Kind type) {
  const Operand vector = pop();
  const RegisterId source = register_of(vector);
  const bool wide = type == Kind::I64;
  const RegisterId reg = result_register(type);
  if (source == no_register) load_register(type, reg, lane_memory(vector, lane, wide ? 8 : 4));
  else if (wide && lane == 0) a_.vmovq(gp64(reg), xmm(source));
  else if (wide) a_.vpextrq(gp64(reg), xmm(source), lane);
  else if (lane == 0) a_.vmovd(gp32(reg), xmm(source));
  else a_.vpextrd(gp32(reg), xmm(source), lane);
  release(vector);
  push_result(type, reg);
}

void FunctionCompiler::extract_float(std::uint32_t lane, Kind type) {
  Operand vector = pop();
  const RegisterId source = register_of(vector);
  const bool is_double = type == Kind::F64;
  if (lane == 0) {
    // A number is the lowest lane of wherever it is.
    vector.type = type;
    push(vector);
    return;
  }
  const RegisterId reg = result_register(type, &vector);
  const x86::Xmm to = xmm(reg);
  if (source == no_register) {
    load_register(type, reg, lane_memory(vector, lane, is_double ? 8 : 4));
  } else if (is_double) {
    a_.vunpckhpd(to, xmm(source), xmm(source));
  } else if (lane == 1) {
    a_.vmovshdup(to, xmm(source));
  } else if (lane == 2) {
    a_.vunpckhps(to, xmm(source), xmm(source));
  } else {
    a_.vpermilps(to, xmm(source), lane);
  }
  if (vector.place == Place::Register && vector.reg != reg) release(vector);
  push_result(type, reg);
}

void FunctionCompiler::replace_integer(x86::Inst::Id insert, std::uint32_t lane,
                                       std::uint32_t size) {
  Operand value = pop();
  Operand vector = pop();
  const RegisterId source = to_register(vector);
  asmjit::Operand lane_value;
  if (value.place == Place::Constant) {
    load(r11, value);
    lane_value = size == 8 ? gp64(r11) : gp32(r11);
  } else if (const RegisterId reg = register_of(value); reg != no_register) {
    lane_value = size == 8 ? gp64(reg) : gp32(reg);
  } else {
    x86::Mem memory = memory_of(value);
    memory.setSize(size);
    lane_value = memory;
  }
  const RegisterId reg = result_register(Kind::V128, &vector);
  a_.emit(insert, xmm(reg), xmm(source), lane_value, asmjit::Imm(lane));
  release(value);
  push_vector(reg, {&vector});
}

void FunctionCompiler::replace_float(std::uint32_t lane, Kind type) {
  const bool is_double = type == Kind::F64;
  Operand value = pop();
  Operand vector = pop();
  const RegisterId source = to_register(vector);
  const asmjit::Operand number = vector_or_memory(value, is_double ? 8 : 4);
  const RegisterId reg = result_register(Kind::V128, &vector);
  if (!is_double) {
    const bool blends = lane == 0 && number.isReg();
    if (blends) a_.emit(I::kIdVblendps, xmm(reg), xmm(source), number, asmjit::Imm(1));
    else a_.emit(I::kIdVinsertps, xmm(reg), xmm(source), number, asmjit::Imm(lane << 4U));
  } else if (number.isReg()) {
    if (lane == 0) a_.emit(I::kIdVblendpd, xmm(reg), xmm(source), number, asmjit::Imm(1));
    else a_.emit(I::kIdVunpcklpd, xmm(reg), xmm(source), number);
  } else {
    a_.emit(lane == 0 ? I::kIdVmovlpd : I::kIdVmovhpd, xmm(reg), xmm(source), number);
  }
  push_vector(reg, {&vector, &value});
}

/// Indices of 16 and more select zero; the machine wants their top bit set for that.
void FunctionCompiler::swizzle() {
  Operand indices = pop();
  Operand vector = pop();
  const RegisterId selected = to_register(indices);
  const RegisterId source = to_register(vector);
  const RegisterId reg = vector_result(vector, indices);
  a_.vpaddusb(vector_scratch, xmm(selected), constant_lanes(0x70 * bytes));
  a_.vpshufb(xmm(reg), xmm(source), vector_scratch);
  push_vector(reg, {&vector, &indices});
}

void FunctionCompiler::shuffle_bytes(const ShuffleLanes& lanes) {
  Operand vector = pop();
  const RegisterId source = to_register(vector);
  const RegisterId reg = result_register(Kind::V128, &vector);
  const core::ByteView view(lanes);
  a_.vpshufb(xmm(reg), xmm(source), constant128(word_at(view), word_at(view.subspan(8))));
  push_vector(reg, {&vector});
}

void FunctionCompiler::swizzle_by(std::uint64_t low, std::uint64_t high) {
  ShuffleLanes lanes{};
  std::memcpy(lanes.data(), &low, 8);
  std::memcpy(lanes.data() + 8, &high, 8);
  for (std::uint8_t& lane : lanes) {
    if (lane >= 16) lane = 0x80;
  }
  shuffle_bytes(lanes);
}

void FunctionCompiler::shuffle_with_zero(const Instruction& instruction) {
  ShuffleLanes lanes{};
  std::memcpy(lanes.data(), module().bytes.data() + instruction.value, lanes.size());
  for (std::uint8_t& lane : lanes) {
    if (lane >= 16) lane = 0x80;
  }
  shuffle_bytes(lanes);
}

void FunctionCompiler::shuffle(const Instruction& instruction) {
  Operand right = pop();
  Operand left = pop();
  const auto lanes = module().bytes.subspan(instruction.value).first<16>();
  const bool same =
      left.place == Place::Local && right.place == Place::Local && left.local == right.local;
  const ShufflePlan plan = plan_shuffle(lanes, same);
  if (plan.is_left || plan.is_right) {
    release(plan.is_left ? right : left);
    // The right operand's slot is not the one that the result would have.
    if (plan.is_right && right.place == Place::Slot) to_register(right);
    push(plan.is_left ? left : right);
    return;
  }
  emit_shuffle(plan, left, right);
}

void FunctionCompiler::emit_shuffle(const ShufflePlan& plan, Operand& left, Operand& right) {
  using Part = ShuffleStep::Part;
  // An operand may stay in memory if it is wanted once, and there.
  const auto placed = [&](Part part, Operand& operand) {
    int in_registers = 0;
    int in_memory = 0;
    for (std::size_t i = 0; i < plan.count; ++i) {
      const ShuffleStep& step = plan.steps[i];
      if (step.first == part) ++in_registers;
      // vinsertps selects a lane of a register only.
      if (step.second == part) ++(step.id == I::kIdVinsertps ? in_registers : in_memory);
    }
    if (in_registers == 0 && in_memory == 0) return asmjit::Operand();
    if (in_registers != 0) return asmjit::Operand(xmm(to_register(operand)));
    return vector_or_memory(operand, 16);
  };
  const asmjit::Operand left_source = placed(Part::Left, left);
  const asmjit::Operand right_source = placed(Part::Right, right);
  const RegisterId reg = vector_result(left, right);
  const auto operand_for = [&](Part part) -> asmjit::Operand {
    const auto mask = [&](std::size_t i) {
      const core::ByteView view(plan.masks[i]);
      return constant128(word_at(view), word_at(view.subspan(8)));
    };
    switch (part) {
      case Part::None: return {};
      case Part::Left: return left_source;
      case Part::Right: return right_source;
      case Part::Temporary: return vector_scratch;
      case Part::Temporary2: return vector_scratch2;
      case Part::Result: return xmm(reg);
      case Part::Mask: return mask(0);
      case Part::Mask2: return mask(1);
    }
    return {};
  };
  for (std::size_t i = 0; i < plan.count; ++i) {
    const ShuffleStep& step = plan.steps[i];
    std::array<asmjit::Operand_, 6> operands{};
    std::size_t count = 0;
    operands[count++] = operand_for(step.to);
    if (step.first != Part::None) operands[count++] = operand_for(step.first);
    operands[count++] = operand_for(step.second);
    if (step.third != Part::None) operands[count++] = operand_for(step.third);
    if (step.immediate >= 0) operands[count++] = asmjit::Imm(step.immediate);
    a_.emitOpArray(step.id, operands.data(), count);
  }
  push_vector(reg, {&left, &right});
}

}  // namespace merlon::wasm::baseline
