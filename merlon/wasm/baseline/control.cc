#include "merlon/wasm/baseline/function_compiler.h"

// Blocks, and the regions whose loops keep locals in registers.
//
// At the start of a block all operands below it go to their slots, so that every way to its end
// agrees on where they are. A label expects its values so: one value, unless it is a loop's, in
// rax or xmm0; several in the slots that they will have as operands.

namespace merlon::wasm::baseline {

FunctionCompiler::TypeSpan FunctionCompiler::param_types(const Control& control) const {
  if (control.type.form() != BlockType::Form::Index) return {};
  return module().types[control.type.type_index()].function.params;
}

FunctionCompiler::TypeSpan FunctionCompiler::result_types(const Control& control) const {
  if (is_function(control)) return type_->results;
  if (control.type.form() == BlockType::Form::Value) return {&control.single, 1};
  if (control.type.form() == BlockType::Form::Empty) return {};
  return module().types[control.type.type_index()].function.results;
}

FunctionCompiler::TypeSpan FunctionCompiler::label_types(const Control& control) const {
  return control.op == Opcode::Loop ? param_types(control) : result_types(control);
}

void FunctionCompiler::set_homes(std::int32_t region) {
  const auto& old = analysis_.regions[static_cast<std::size_t>(region_)].homes;
  for (const LocalIndex local : old) {
    if (local != no_local) homes_[local] = no_register;
  }
  region_ = region;
  free_ = general_ | allocatable_vector;
  const auto& homes = analysis_.regions[static_cast<std::size_t>(region)].homes;
  for (RegisterId reg = 0; reg < 32; ++reg) {
    if (homes[reg] == no_local) continue;
    homes_[homes[reg]] = reg;
    free_.remove(reg);
  }
}

bool FunctionCompiler::same_homes(std::int32_t to) const {
  return region_ == to || analysis_.regions[static_cast<std::size_t>(region_)].homes ==
                              analysis_.regions[static_cast<std::size_t>(to)].homes;
}

void FunctionCompiler::enter_region(std::int32_t region) {
  const Region& from = analysis_.regions[static_cast<std::size_t>(region_)];
  const Region& to = analysis_.regions[static_cast<std::size_t>(region)];
  // First out of the registers, then between them (a register is never both), then in.
  for (RegisterId reg = 0; reg < 32; ++reg) {
    const LocalIndex local = from.homes[reg];
    if (local == no_local || to.homes[reg] == local) continue;
    store_register(analysis_.locals[local].kind(), local_memory(local), reg);
  }
  for (RegisterId reg = 0; reg < 32; ++reg) {
    const LocalIndex local = to.homes[reg];
    if (local == no_local || from.homes[reg] == local || analysis_.born_in(to, local)) continue;
    load_register(analysis_.locals[local].kind(), reg, local_memory(local));
  }
  set_homes(region);
}

void FunctionCompiler::leave_to(std::int32_t to_region) {
  if (region_ == to_region) return;
  const Region& from = analysis_.regions[static_cast<std::size_t>(region_)];
  const Region& to = analysis_.regions[static_cast<std::size_t>(to_region)];
  const Region* child = &from;
  while (child->parent != to_region) {
    child = &analysis_.regions[static_cast<std::size_t>(child->parent)];
  }
  for (RegisterId reg = 0; reg < 32; ++reg) {
    const LocalIndex local = from.homes[reg];
    if (local == no_local || to.homes[reg] == local || analysis_.dies_in(*child, local)) continue;
    store_register(analysis_.locals[local].kind(), local_memory(local), reg);
  }
  for (RegisterId reg = 0; reg < 32; ++reg) {
    const LocalIndex local = to.homes[reg];
    if (local == no_local || from.homes[reg] == local) continue;
    load_register(analysis_.locals[local].kind(), reg, local_memory(local));
  }
}

void FunctionCompiler::leave_for(const Control& target) {
  if (!is_function(target)) leave_to(label_region(target));
}

void FunctionCompiler::truncate_stack(std::size_t height) {
  while (stack_.size() > height) drop();
}

void FunctionCompiler::spill_constants(std::size_t from) {
  for (std::size_t i = from; i < stack_.size(); ++i) {
    if (stack_[i].place == Place::Constant) spill(i);
  }
}

void FunctionCompiler::push_control(Opcode op, BlockType type) {
  Control control;
  control.op = op;
  control.type = type;
  if (type.form() == BlockType::Form::Value) control.single = type.value_type();
  control.label = a_.newLabel();
  control.region = control.inner_region = region_;
  control.try_region = control.inner_try_region = try_region_;
  controls_.push_back(control);
  const std::size_t params = param_types(controls_.back()).size();
  controls_.back().height = static_cast<std::uint32_t>(stack_.size() - params);
  controls_.back().base_slot = slot_at(controls_.back().height);
}

void FunctionCompiler::block(const Instruction& instruction) {
  flush(stack_.size());
  push_control(Opcode::Block, BlockType::from_bits(instruction.value));
}

void FunctionCompiler::loop(const Instruction& instruction) {
  const std::int32_t region = analysis_.loop_regions[loops_seen_++];
  flush(stack_.size());
  push_control(Opcode::Loop, BlockType::from_bits(instruction.value));
  spill_constants(controls_.back().height);
  if (region >= 0) {
    enter_region(region);
    controls_.back().inner_region = region;
  }
  a_.align(asmjit::AlignMode::kCode, 16);
  a_.bind(controls_.back().label);
  stack_check(CodeSite::Kind::StackCheck);
}

void FunctionCompiler::begin_if(BlockType type, Condition condition) {
  flush(stack_.size());
  push_control(Opcode::If, type);
  Control& control = controls_.back();
  spill_constants(control.height);
  control.else_label = a_.newLabel();
  jump_if(negated(condition), control.else_label);
}

void FunctionCompiler::else_branch() {
  Control& control = controls_.back();
  if (!control.unreachable) {
    place_label_values(control);
    a_.jmp(control.label);
    control.reached = true;
  }
  truncate_stack(control.height);
  a_.bind(control.else_label);
  control.op = Opcode::Else;
  control.unreachable = false;
  for (const ValueType param : param_types(control)) push_slot(param.kind());
}

void FunctionCompiler::end() {
  if (controls_.size() == 1) {
    end_function();
    return;
  }
  Control& control = controls_.back();
  if (control.op == Opcode::If) {
    // The missing else hands the parameters on.
    else_branch();
  }
  const bool falls_through = !control.unreachable;
  const bool leaves_region = control.inner_region != control.region;
  const bool places = control.reached || leaves_region;
  if (falls_through && places) {
    Control target = control;
    target.op = Opcode::Block;  // a loop's end is not its label
    place_label_values(target);
    if (leaves_region) leave_to(control.region);
  }
  const Control ended = control;
  try_region_ = ended.try_region;
  if (places || !falls_through) {
    truncate_stack(ended.height);
    if (leaves_region) set_homes(ended.region);
    if (ended.reached && ended.op != Opcode::Loop) a_.bind(ended.label);
  }
  const bool reachable = falls_through || (ended.reached && ended.op != Opcode::Loop);
  if (reachable && places) {
    Control target = ended;
    target.op = Opcode::Block;
    push_label_values(target);
  }
  controls_.pop_back();
  if (!reachable) mark_unreachable();
}

void FunctionCompiler::mark_unreachable() {
  Control& control = controls_.back();
  truncate_stack(control.height);
  control.unreachable = true;
  skipped_blocks_ = 0;
}

bool FunctionCompiler::label_register(const Control& target, RegisterId& reg) const {
  const TypeSpan types = label_types(target);
  if (types.size() != 1 || target.op == Opcode::Loop) return false;
  const bool vector = types.front().is_float() || types.front().is_vector();
  reg = vector ? result_vector : result_general;
  return true;
}

void FunctionCompiler::place_label_values(const Control& target) {
  const TypeSpan types = label_types(target);
  const std::size_t first = stack_.size() - types.size();
  RegisterId reg = no_register;
  if (label_register(target, reg)) {
    load(reg, stack_.back(), true);
    return;
  }
  if (types.size() > many_values) {
    flush_values(types.size());
    const std::uint32_t begin = stack_[first].slot;
    move_down(target.base_slot, begin, slot_at(stack_.size()) - begin);
    return;
  }
  if (is_function(target)) {
    place_in_arguments(first, types.size());
    return;
  }
  // Slots only ever move down, so going upwards overwrites nothing that is still to be read.
  std::uint32_t slot = target.base_slot;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const Operand& value = stack_[first + i];
    if (value.place != Place::Slot || value.slot != slot) store(slot_memory(slot), value);
    slot += slot_size(types[i].kind());
  }
}

void FunctionCompiler::place_in_arguments(std::size_t first, std::size_t count) {
  if (count == 0) return;
  a_.mov(scratch, x86::ptr(context_register, offsetof(VmContext, arguments)));
  for (std::size_t i = 1; i < count; ++i) {
    const Operand& value = stack_[first + i];
    const x86::Mem to = x86::ptr(scratch, static_cast<std::int32_t>(i * sizeof(Slot)));
    if (const RegisterId reg = register_of(value); reg != no_register) {
      store_register(value.type, to, reg);
      continue;
    }
    Operand copy = value;
    if (copy.place == Place::Constant) {
      a_.vmovq(vector_scratch, constant64(copy.bits));
    } else {
      load_register(copy.type == Kind::V128 ? Kind::V128 : Kind::F64, 31, memory_of(copy));
    }
    store_register(copy.type == Kind::V128 ? Kind::V128 : Kind::F64, to, 31);
  }
  const Operand& value = stack_[first];
  load(value.in_vector() ? result_vector : result_general, value, true);
}

void FunctionCompiler::push_label_values(const Control& control) {
  RegisterId reg = no_register;
  if (label_register(control, reg)) {
    push_register(label_types(control).front().kind(), reg);
    return;
  }
  for (const ValueType type : label_types(control)) push_slot(type.kind());
}

void FunctionCompiler::end_function() {
  Control& control = controls_.front();
  if (!control.unreachable) place_label_values(control);
  const bool live = !control.unreachable || control.reached;
  truncate_stack(0);
  if (control.reached) a_.bind(control.label);
  if (live && type_->results.size() > many_values) return_many_values();
  if (live) epilogue();
  controls_.pop_back();
}

}  // namespace merlon::wasm::baseline
