#include "merlon/wasm/baseline/function_compiler.h"

namespace merlon::wasm::baseline {

namespace {

bool fits_signed32(std::uint64_t bits) noexcept {
  const auto value = static_cast<std::int64_t>(bits);
  return value == static_cast<std::int32_t>(value);
}

x86::Gp gp(RegisterId reg, bool wide) noexcept { return wide ? gp64(reg) : gp32(reg); }

bool is_wide(ValueType::Kind type) noexcept { return type != ValueType::Kind::I32; }

std::int64_t immediate_of(std::uint64_t bits, bool wide) noexcept {
  return wide ? static_cast<std::int64_t>(bits)
              : static_cast<std::int64_t>(static_cast<std::int32_t>(bits));
}

Condition mirrored(Condition condition) noexcept {
  switch (condition) {
    case Condition::Less: return Condition::Greater;
    case Condition::LessEqual: return Condition::GreaterEqual;
    case Condition::Greater: return Condition::Less;
    case Condition::GreaterEqual: return Condition::LessEqual;
    case Condition::Below: return Condition::Above;
    case Condition::BelowEqual: return Condition::AboveEqual;
    case Condition::Above: return Condition::Below;
    case Condition::AboveEqual: return Condition::BelowEqual;
    case Condition::Equal:
    case Condition::NotEqual:
    case Condition::FloatEqual:
    case Condition::FloatNotEqual: return condition;
  }
  return condition;
}

}  // namespace

void FunctionCompiler::integer_arithmetic(x86::Inst::Id id, Kind type) {
  Operand right = pop();
  Operand left = pop();
  const bool wide = is_wide(type);
  const bool commutative = id != x86::Inst::kIdSub;
  if (commutative && left.place == Place::Constant) std::swap(left, right);
  const bool multiply = id == x86::Inst::kIdImul;
  const RegisterId home = foreseen_home(type);
  if (commutative && home != no_register
          ? register_of(right) == home
          : commutative && left.place != Place::Register && right.place == Place::Register) {
    std::swap(left, right);
  }
  if (multiply && right.place == Place::Constant && fits_signed32(right.bits)) {
    const RegisterId reg = home != no_register ? home : result_register(type, &left);
    const std::int64_t value = immediate_of(right.bits, wide);
    if (in_register(left)) a_.imul(gp(reg, wide), gp(register_of(left), wide), value);
    else if (left.place == Place::Constant) {
      load(reg, left);
      a_.imul(gp(reg, wide), gp(reg, wide), value);
    } else a_.imul(gp(reg, wide), memory_of(left), value);
    if (left.place == Place::Register && left.reg != reg) release(left);
    push_result(type, reg);
    return;
  }
  const RegisterId reg = home != no_register             ? home
                         : left.place == Place::Register ? left.reg
                                                         : allocate(type);
  if (reg == register_of(right) && reg != register_of(left)) {
    a_.mov(gp(r11, wide), gp(reg, wide));
    if (right.place == Place::Register) release(right);
    right.place = Place::Register;
    right.reg = r11;
  }
  load(reg, left);
  if (right.place == Place::Constant && wide && !fits_signed32(right.bits)) {
    a_.mov(scratch, right.bits);
    right.place = Place::Register;
    right.reg = r11;
  }
  const RegisterId source = register_of(right);
  if (multiply && right.place == Place::Constant) {
    a_.imul(gp(reg, wide), gp(reg, wide), immediate_of(right.bits, wide));
  } else if (multiply) {
    if (source != no_register) a_.imul(gp(reg, wide), gp(source, wide));
    else a_.imul(gp(reg, wide), memory_of(right));
  } else if (right.place == Place::Constant) {
    a_.emit(id, gp(reg, wide), asmjit::Imm(immediate_of(right.bits, wide)));
  } else if (source != no_register) {
    a_.emit(id, gp(reg, wide), gp(source, wide));
  } else {
    a_.emit(id, gp(reg, wide), memory_of(right));
  }
  if (right.reg != r11) release(right);
  if (left.place == Place::Register && left.reg != reg) release(left);
  push_result(type, reg);
}

/// Addition has lea: three operands.
void FunctionCompiler::integer_add(Kind type) {
  Operand right = pop();
  Operand left = pop();
  const bool wide = is_wide(type);
  if (left.place == Place::Constant) std::swap(left, right);
  const RegisterId home = foreseen_home(type);
  const bool swaps = home != no_register
                         ? register_of(right) == home
                         : left.place != Place::Register && right.place == Place::Register;
  if (swaps) std::swap(left, right);
  const RegisterId reg = home != no_register             ? home
                         : left.place == Place::Register ? left.reg
                                                         : allocate(type);
  const RegisterId from = register_of(left);
  if (right.place == Place::Constant && wide && !fits_signed32(right.bits)) {
    a_.mov(scratch, right.bits);
    right.place = Place::Register;
    right.reg = r11;
  }
  const RegisterId other = register_of(right);
  if (from != no_register && from != reg && right.place == Place::Constant) {
    a_.lea(gp(reg, wide), x86::ptr(gp64(from), static_cast<std::int32_t>(right.bits)));
  } else if (from != no_register && from != reg && other != no_register) {
    a_.lea(gp(reg, wide), x86::ptr(gp64(from), gp64(other)));
  } else {
    // `reg` is not `other` here unless both are `left`: swapped above.
    if (reg == other && from != reg) {
      a_.mov(gp(r11, wide), gp(other, wide));
      load(reg, left);
      a_.add(gp(reg, wide), gp(r11, wide));
    } else {
      load(reg, left);
      if (right.place == Place::Constant) a_.add(gp(reg, wide), immediate_of(right.bits, wide));
      else if (other != no_register) a_.add(gp(reg, wide), gp(other, wide));
      else a_.add(gp(reg, wide), memory_of(right));
    }
  }
  if (right.place == Place::Register && right.reg != r11 && right.reg != reg) release(right);
  if (left.place == Place::Register && left.reg != reg) release(left);
  push_result(type, reg);
}

/// a + (b << k) for k up to 3 is one lea: indexing into arrays.
bool FunctionCompiler::fuse_shifted_add(const Instruction& instruction) {
  if (instruction.value == 0 || instruction.value > 3) return false;
  if (at_ + 2 >= analysis_.instructions.size()) return false;
  if (next().op != Opcode::I32Shl || next(2).op != Opcode::I32Add) return false;
  const std::size_t own = stack_.size() - controls_.back().height;
  if (own < 2) return false;
  at_ += 2;
  Operand index = pop();
  Operand base = pop();
  const RegisterId index_reg = to_register(index);
  const auto shift = static_cast<std::uint32_t>(instruction.value);
  if (base.place == Place::Constant) {
    const RegisterId reg = result_register(Kind::I32, &index);
    a_.lea(gp32(reg), x86::ptr(0, gp64(index_reg), shift));
    a_.add(gp32(reg), static_cast<std::int32_t>(base.bits));
    if (index.place == Place::Register && index.reg != reg) release(index);
    push_result(Kind::I32, reg);
    return true;
  }
  const RegisterId base_reg = to_register(base);
  const RegisterId reg = result_register(Kind::I32, base.place == Place::Register ? &base : &index);
  a_.lea(gp32(reg), x86::ptr(gp64(base_reg), gp64(index_reg), shift));
  if (index.place == Place::Register && index.reg != reg) release(index);
  if (base.place == Place::Register && base.reg != reg) release(base);
  push_result(Kind::I32, reg);
  return true;
}

void FunctionCompiler::integer_shift(x86::Inst::Id id, Kind type) {
  Operand count = pop();
  Operand value = pop();
  const bool wide = is_wide(type);
  const bool rotate_left = id == x86::Inst::kIdRol;
  const bool rotate = rotate_left || id == x86::Inst::kIdRor;
  if (count.place == Place::Constant) {
    const std::uint32_t bits = wide ? 64 : 32;
    std::uint32_t by = static_cast<std::uint32_t>(count.bits) & (bits - 1);
    const RegisterId reg = result_register(type, &value);
    if (rotate) {
      if (rotate_left) by = (bits - by) & (bits - 1);
      if (value.place == Place::Constant) to_own_register(value);
      const RegisterId source = register_of(value);
      if (source != no_register) a_.rorx(gp(reg, wide), gp(source, wide), by);
      else a_.rorx(gp(reg, wide), memory_of(value), by);
    } else {
      load(reg, value);
      a_.emit(id, gp(reg, wide), asmjit::Imm(by));
    }
    if (value.place == Place::Register && value.reg != reg) release(value);
    push_result(type, reg);
    return;
  }
  const RegisterId by = to_register(count);
  if (!rotate) {
    if (value.place == Place::Constant) to_own_register(value);
    const RegisterId reg = result_register(type, &value);
    const auto by_register = id == x86::Inst::kIdShl   ? x86::Inst::kIdShlx
                             : id == x86::Inst::kIdSar ? x86::Inst::kIdSarx
                                                       : x86::Inst::kIdShrx;
    const RegisterId source = register_of(value);
    if (source != no_register) a_.emit(by_register, gp(reg, wide), gp(source, wide), gp(by, wide));
    else a_.emit(by_register, gp(reg, wide), memory_of(value), gp(by, wide));
    release(count);
    if (value.place == Place::Register && value.reg != reg) release(value);
    push_result(type, reg);
    return;
  }
  // Rotations by a variable want it in cl.
  a_.mov(scratch.r32(), gp32(by));
  release(count);
  RegisterId held = to_own_register(value);
  if (held == rcx) {
    held = allocate_general();
    move(type, held, rcx);
  } else {
    take(rcx);
  }
  a_.mov(x86::ecx, scratch.r32());
  a_.emit(id, gp(held, wide), x86::cl);
  release(rcx);
  push_register(type, held);
}

void FunctionCompiler::integer_unary(x86::Inst::Id id, Kind type) {
  Operand value = pop();
  const bool wide = is_wide(type);
  if (value.place == Place::Constant) to_own_register(value);
  const RegisterId reg = result_register(type, &value);
  const RegisterId source = register_of(value);
  if (source != no_register) a_.emit(id, gp(reg, wide), gp(source, wide));
  else a_.emit(id, gp(reg, wide), memory_of(value));
  if (value.place == Place::Register && value.reg != reg) release(value);
  push_result(type, reg);
}

void FunctionCompiler::emit_compare(Operand& left, Operand& right, bool wide,
                                    Condition& condition) {
  if (left.place == Place::Constant) {
    std::swap(left, right);
    condition = mirrored(condition);
  }
  if (left.place == Place::Constant) to_own_register(left);
  if (right.place == Place::Constant && wide && !fits_signed32(right.bits)) to_own_register(right);
  const RegisterId first = register_of(left);
  if (right.place == Place::Constant) {
    const std::int64_t value = immediate_of(right.bits, wide);
    if (first == no_register) {
      x86::Mem memory = memory_of(left);
      memory.setSize(wide ? 8 : 4);
      a_.cmp(memory, value);
    } else if (value == 0) {
      a_.test(gp(first, wide), gp(first, wide));
    } else {
      a_.cmp(gp(first, wide), value);
    }
    return;
  }
  const RegisterId second = register_of(right);
  if (first != no_register && second != no_register) {
    a_.cmp(gp(first, wide), gp(second, wide));
  } else if (first != no_register) {
    a_.cmp(gp(first, wide), memory_of(right));
  } else if (second != no_register) {
    a_.cmp(memory_of(left), gp(second, wide));
  } else {
    a_.cmp(gp(to_own_register(left), wide), memory_of(right));
  }
}

void FunctionCompiler::integer_compare(Condition condition, Kind type) {
  Operand right = pop();
  Operand left = pop();
  emit_compare(left, right, is_wide(type), condition);
  release(left);
  release(right);
  use_flags(condition);
}

void FunctionCompiler::integer_eqz(Kind type) {
  Operand value = pop();
  value.type = type;
  // `and` feeding a test of its result sets the flags by itself, but then it has done so already.
  test_zero(value);
  release(value);
  use_flags(Condition::Equal);
}

void FunctionCompiler::integer_extend(const Extension& extension) {
  Operand value = pop();
  if (value.place == Place::Constant) to_own_register(value);
  // A value in memory is read at its own width.
  const RegisterId reg = result_register(extension.to, &value);
  RegisterId source = register_of(value);
  if (source == no_register) {
    load_register(value.type, reg, memory_of(value));
    source = reg;
  }
  const bool wide = is_wide(extension.to);
  if (extension.is_signed) {
    if (extension.bytes == 1) a_.movsx(gp(reg, wide), x86::gpb(source));
    else if (extension.bytes == 2) a_.movsx(gp(reg, wide), x86::gpw(source));
    else a_.movsxd(gp64(reg), gp32(source));
  } else if (wide) {
    // Numbers of 32 bits are kept with their upper half zero.
    move(Kind::I32, reg, source);
  } else {
    a_.mov(gp32(reg), gp32(source));
  }
  if (value.place == Place::Register && value.reg != reg) release(value);
  push_result(extension.to, reg);
}

void FunctionCompiler::integer_divide(const Division& division) {
  const Operand right = pop();
  const Operand left = pop();
  const bool wide = is_wide(division.type);
  const bool constant = right.place == Place::Constant && right.bits != 0;
  if (constant && !division.is_signed && std::has_single_bit(right.bits)) {
    divide_by_constant(division, left, right.bits);
    return;
  }
  const x86::Gp divisor = gp(r11, wide);
  load(r11, right);
  release(right);
  if (!constant) {
    a_.test(divisor, divisor);
    a_.je(trap_label(TrapKind::IntegerDivideByZero));
  }
  load_dividend(left);
  const asmjit::Label done = a_.newLabel();
  if (!division.is_signed) {
    a_.xor_(x86::edx, x86::edx);
    a_.div(divisor);
  } else {
    if (!constant || immediate_of(right.bits, wide) == -1) divide_by_minus_one(division, done);
    if (wide) a_.cqo();
    else a_.cdq();
    a_.idiv(divisor);
  }
  a_.bind(done);
  const RegisterId result = division.remainder ? rdx : rax;
  release(division.remainder ? rax : rdx);
  const RegisterId home = foreseen_home(division.type);
  if (home != no_register) {
    move(division.type, home, result);
    release(result);
    push_result(division.type, home);
  } else {
    push_register(division.type, result);
  }
}

/// The dividend goes to rdx:rax, the quotient comes back in rax, the remainder in rdx: takes both.
void FunctionCompiler::load_dividend(const Operand& dividend) {
  const bool owns = dividend.place == Place::Register;
  if (owns && dividend.reg == rax) {
    take(rdx);
    return;
  }
  if (!(owns && dividend.reg == rdx)) take(rdx);
  take(rax);
  load(rax, dividend);
  if (owns && dividend.reg != rdx) release(dividend);
}

/// The machine faults where the smallest number is divided by -1. Goes to `done` with a remainder,
/// and on where there is anything to divide.
void FunctionCompiler::divide_by_minus_one(const Division& division, const asmjit::Label& done) {
  const bool wide = is_wide(division.type);
  const asmjit::Label ordinary = a_.newLabel();
  a_.cmp(gp(r11, wide), -1);
  a_.jne(ordinary);
  if (division.remainder) {
    a_.xor_(x86::edx, x86::edx);
    a_.jmp(done);
  } else {
    // The smallest number has no negative; all others divide as usual.
    a_.cmp(gp(rax, wide), 1);
    a_.jo(trap_label(TrapKind::IntegerOverflow));
  }
  a_.bind(ordinary);
}

/// Unsigned division by a power of two.
void FunctionCompiler::divide_by_constant(const Division& division, const Operand& left,
                                          std::uint64_t divisor) {
  const bool wide = is_wide(division.type);
  const RegisterId reg = result_register(division.type, &left);
  load(reg, left);
  if (!division.remainder) {
    a_.shr(gp(reg, wide), static_cast<std::uint32_t>(std::countr_zero(divisor)));
  } else if (fits_signed32(divisor - 1)) {
    a_.and_(gp(reg, wide), static_cast<std::int64_t>(divisor - 1));
  } else {
    a_.mov(scratch, divisor - 1);
    a_.and_(gp(reg, wide), gp(r11, wide));
  }
  if (left.place == Place::Register && left.reg != reg) release(left);
  push_result(division.type, reg);
}

}  // namespace merlon::wasm::baseline
