#include <utility>

#include "merlon/wasm/baseline/function_compiler.h"

// Jumps, and what is done with the flags after a comparison.

namespace merlon::wasm::baseline {

Condition negated(Condition condition) noexcept {
  switch (condition) {
    case Condition::Equal: return Condition::NotEqual;
    case Condition::NotEqual: return Condition::Equal;
    case Condition::Less: return Condition::GreaterEqual;
    case Condition::LessEqual: return Condition::Greater;
    case Condition::Greater: return Condition::LessEqual;
    case Condition::GreaterEqual: return Condition::Less;
    case Condition::Below: return Condition::AboveEqual;
    case Condition::BelowEqual: return Condition::Above;
    case Condition::Above: return Condition::BelowEqual;
    case Condition::AboveEqual: return Condition::Below;
    case Condition::FloatEqual: return Condition::FloatNotEqual;
    case Condition::FloatNotEqual: return Condition::FloatEqual;
  }
  return condition;
}

namespace {

x86::CondCode native(Condition condition) noexcept {
  switch (condition) {
    case Condition::Equal:
    case Condition::FloatEqual: return x86::CondCode::kEqual;
    case Condition::NotEqual:
    case Condition::FloatNotEqual: return x86::CondCode::kNotEqual;
    case Condition::Less: return x86::CondCode::kSignedLT;
    case Condition::LessEqual: return x86::CondCode::kSignedLE;
    case Condition::Greater: return x86::CondCode::kSignedGT;
    case Condition::GreaterEqual: return x86::CondCode::kSignedGE;
    case Condition::Below: return x86::CondCode::kUnsignedLT;
    case Condition::BelowEqual: return x86::CondCode::kUnsignedLE;
    case Condition::Above: return x86::CondCode::kUnsignedGT;
    case Condition::AboveEqual: return x86::CondCode::kUnsignedGE;
  }
  return x86::CondCode::kEqual;
}

}  // namespace

void FunctionCompiler::jump_if(Condition condition, const asmjit::Label& target) {
  if (condition == Condition::FloatEqual) {
    const asmjit::Label skip = a_.newLabel();
    a_.jp(skip);
    a_.je(target);
    a_.bind(skip);
    return;
  }
  if (condition == Condition::FloatNotEqual) a_.jp(target);
  a_.j(native(condition), target);
}

void FunctionCompiler::branch(std::uint32_t depth) {
  Control& target = label(depth);
  place_label_values(target);
  leave_for(target);
  target.reached = true;
  a_.jmp(target.label);
  mark_unreachable();
}

void FunctionCompiler::branch_if(std::uint32_t depth, Condition condition) {
  Control& target = label(depth);
  target.reached = true;
  RegisterId reg = no_register;
  const bool one = label_register(target, reg);
  if (one && register_of(stack_.back()) != reg) {
    Operand value = pop();
    take(reg);
    load(reg, value, true);
    release(value);
    push_register(value.type, reg);
  }
  const std::size_t arity = label_types(target).size();
  if (arity > many_values) flush_values(arity);
  const bool moves_values = !one && arity != 0;
  const bool moves_locals = !is_function(target) && !same_homes(label_region(target));
  if (moves_values) {
    const asmjit::Label skip = a_.newLabel();
    jump_if(negated(condition), skip);
    place_label_values(target);
    leave_for(target);
    a_.jmp(target.label);
    a_.bind(skip);
  } else if (moves_locals) {
    const asmjit::Label stub = a_.newLabel();
    jump_if(condition, stub);
    defer([this, stub, from = region_, to = label_region(target), goal = target.label] {
      a_.bind(stub);
      set_homes(from);
      leave_to(to);
      a_.jmp(goal);
    });
  } else {
    jump_if(condition, target.label);
  }
}

void FunctionCompiler::branch_table(const Instruction& instruction) {
  Operand index = pop();
  const Control& first = label([&] {
    Cursor labels(module().bytes.subspan(instruction.low()), instruction.low());
    return labels.u32();
  }());
  // A single value waits in its register while the index is looked up.
  RegisterId value_register = no_register;
  const bool waits = label_register(first, value_register) && first.op != Opcode::Loop;
  const std::size_t arity = label_types(first).size();
  if (arity > many_values) flush_values(arity);
  RegisterId reg = to_own_register(index);
  if (reg == value_register) {
    const RegisterId other = allocate_general();
    move(Kind::I32, other, reg);
    release(reg);
    reg = other;
  }
  if (waits) load(value_register, stack_.back(), true);
  JumpTable table;
  table.label = a_.newLabel();
  const std::vector<std::uint32_t> stubs = fill_jump_table(instruction, waits, table);
  jump_through(table, instruction.high(), reg);
  release(reg);
  for (const std::uint32_t depth : stubs) {
    Control& target = label(depth);
    a_.bind(std::exchange(target.table_stub, asmjit::Label()));
    // The one value, if there is one, may be in its register by now; it is at its source too.
    if (!values_in_place(target, waits)) place_label_values(target);
    leave_for(target);
    a_.jmp(target.label);
  }
  jump_tables_.push_back(std::move(table));
  mark_unreachable();
}

/// Whether a branch table's jump finds the label's values where they are: there are none, or the
/// only one waits in its register.
bool FunctionCompiler::values_in_place(const Control& target, bool waits) const {
  RegisterId reg = no_register;
  return label_types(target).empty() || (waits && label_register(target, reg));
}

/// Straight to the labels where nothing has to be moved; gives the depths of those that need a stub
/// on the way.
std::vector<std::uint32_t> FunctionCompiler::fill_jump_table(const Instruction& instruction,
                                                             bool waits, JumpTable& table) {
  std::vector<std::uint32_t> stubs;
  Cursor labels(module().bytes.subspan(instruction.low()), instruction.low());
  for (std::uint64_t i = 0; i <= instruction.high(); ++i) {
    const std::uint32_t depth = labels.u32();
    Control& target = label(depth);
    target.reached = true;
    const bool moves_locals = !is_function(target) && !same_homes(label_region(target));
    if (values_in_place(target, waits) && !moves_locals) {
      table.targets.push_back(target.label);
      continue;
    }
    if (!target.table_stub.isValid()) {
      target.table_stub = a_.newLabel();
      stubs.push_back(depth);
    }
    table.targets.push_back(target.table_stub);
  }
  return stubs;
}

/// Clamped, not compared and jumped over: nothing is fetched from beyond the table, not even
/// speculatively.
void FunctionCompiler::jump_through(const JumpTable& table, std::uint32_t last, RegisterId index) {
  a_.mov(scratch.r32(), last);
  a_.cmp(gp32(index), scratch.r32());
  a_.cmova(gp32(index), scratch.r32());
  a_.lea(scratch, x86::ptr(table.label));
  a_.movsxd(gp64(index), x86::dword_ptr(scratch, gp64(index), 2));
  a_.add(gp64(index), scratch);
  a_.jmp(gp64(index));
}

void FunctionCompiler::return_values() {
  Control& target = controls_.front();
  place_label_values(target);
  target.reached = true;
  a_.jmp(target.label);
  mark_unreachable();
}

void FunctionCompiler::test_zero(Operand& operand) {
  const bool wide = operand.is_wide();
  if (operand.place == Place::Constant) to_own_register(operand);
  if (const RegisterId reg = register_of(operand); reg != no_register) {
    if (wide) a_.test(gp64(reg), gp64(reg));
    else a_.test(gp32(reg), gp32(reg));
  } else {
    x86::Mem memory = memory_of(operand);
    memory.setSize(wide ? 8 : 4);
    a_.cmp(memory, 0);
  }
}

/// Takes a number as a condition, for br_if, if and select without a comparison before them.
void FunctionCompiler::pop_condition() {
  Operand condition = pop();
  test_zero(condition);
  release(condition);
}

void FunctionCompiler::use_flags(Condition condition) {
  while (next().op == Opcode::I32Eqz) {
    condition = negated(condition);
    ++at_;
  }
  const Instruction& following = next();
  if (following.op == Opcode::BrIf) {
    ++at_;
    branch_if(following.low(), condition);
  } else if (following.op == Opcode::If) {
    ++at_;
    begin_if(BlockType::from_bits(following.value), condition);
  } else if (following.op == Opcode::Select || following.op == Opcode::SelectTyped) {
    ++at_;
    select(condition);
  } else {
    const RegisterId reg = result_register(Kind::I32);
    if (condition == Condition::FloatEqual || condition == Condition::FloatNotEqual) {
      const bool equal = condition == Condition::FloatEqual;
      const asmjit::Label done = a_.newLabel();
      a_.mov(gp32(reg), equal ? 0 : 1);
      a_.jp(done);
      a_.set(native(condition), scratch.r8());
      a_.movzx(gp32(reg), scratch.r8());
      a_.bind(done);
    } else {
      a_.set(native(condition), scratch.r8());
      a_.movzx(gp32(reg), scratch.r8());
    }
    push_result(Kind::I32, reg);
  }
}

/// Whether what was just compared is from memory, as far as the last three instructions tell.
bool FunctionCompiler::rests_on_load() const noexcept {
  for (std::size_t i = at_ < 3 ? 0 : at_ - 3; i < at_; ++i) {
    const Opcode op = analysis_.instructions[i].op;
    if (op >= Opcode::I32Load && op <= Opcode::I64Load32U) return true;
  }
  return false;
}

void FunctionCompiler::select(Condition condition) {
  Operand otherwise = pop();
  Operand chosen = pop();
  if (condition == Condition::FloatNotEqual) {
    std::swap(otherwise, chosen);
    condition = Condition::FloatEqual;
  }
  const Kind type = chosen.type;
  const RegisterId home = foreseen_home(type);
  if (home != no_register && register_of(otherwise) == home && condition != Condition::FloatEqual) {
    std::swap(otherwise, chosen);
    condition = negated(condition);
  }
  const bool in_place = chosen.place == Place::Register && home == no_register;
  const RegisterId reg = in_place ? chosen.reg : home != no_register ? home : allocate(type);
  if (reg == register_of(otherwise) && !in_place) {
    // Only for FloatEqual into the home of `otherwise`: keep that value aside.
    const RegisterId aside = allocate(type);
    move(type, aside, reg);
    otherwise.place = Place::Register;
    otherwise.reg = aside;
  }
  load(reg, chosen, true);
  // "if (condition) local = otherwise": behind a jump that is foreseen nothing waits for a
  // condition from memory, as all that rests on the local would behind a conditional move.
  const bool replaces = home != no_register && register_of(chosen) == home && rests_on_load();
  if (is_vector(reg) || (replaces && condition != Condition::FloatEqual)) {
    const asmjit::Label done = a_.newLabel();
    jump_if(condition, done);
    load(reg, otherwise);
    a_.bind(done);
  } else {
    if (otherwise.place == Place::Constant) {
      const RegisterId constant = allocate_general();
      load(constant, otherwise, true);
      otherwise.place = Place::Register;
      otherwise.reg = constant;
    }
    const bool wide = otherwise.is_wide();
    const x86::Gp to = wide ? gp64(reg) : gp32(reg);
    const RegisterId source = register_of(otherwise);
    const auto conditional_move = [&](x86::CondCode code) {
      if (source == no_register) a_.cmov(code, to, memory_of(otherwise));
      else a_.cmov(code, to, wide ? gp64(source) : gp32(source));
    };
    conditional_move(native(negated(condition)));
    if (condition == Condition::FloatEqual) conditional_move(x86::CondCode::kParityEven);
  }
  release(otherwise);
  if (!in_place) release(chosen);
  push_result(type, reg);
}

}  // namespace merlon::wasm::baseline
