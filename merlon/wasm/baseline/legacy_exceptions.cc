#include "merlon/wasm/baseline/function_compiler.h"

// try, catch, catch_all, delegate and rethrow, as the exception proposal had them before try_table
// [LEGACY-EH]. A try is a region with handlers, as a try_table is; its clauses are the landing pads
// themselves, in the code's own order. A delegating try is a region without handlers, around which
// lies the region that it delegates to.

namespace merlon::wasm::baseline {

void FunctionCompiler::begin_try(const Instruction& instruction) {
  flush(stack_.size());
  const std::int32_t region = open_try_region();
  push_control(Opcode::Try, BlockType::from_bits(instruction.value));
  Control& control = controls_.back();
  try_region_ = control.inner_try_region = control.own_try_region = region;
}

/// Exceptions arrive as in landing_pad(): r15 is that of whoever threw.
void FunctionCompiler::catch_clause(const Instruction& instruction) {
  Control& control = controls_.back();
  if (!control.unreachable) {
    place_label_values(control);
    a_.jmp(control.label);
  }
  truncate_stack(control.height);
  control.op = instruction.op;
  control.unreachable = false;
  control.reached = true;  // what the clauses leave behind is nowhere but at the label
  try_region_ = control.inner_try_region = control.try_region;
  const bool all = instruction.op == Opcode::CatchAll;
  auto& handlers = out_->try_regions[static_cast<std::size_t>(control.own_try_region)].handlers;
  handlers.push_back({all ? CatchClause::Kind::CatchAllRef : CatchClause::Kind::CatchRef,
                      all ? 0 : instruction.low(), static_cast<std::uint32_t>(a_.offset())});
  a_.mov(context_register, x86::ptr(x86::rsp));
  a_.mov(memory_register, x86::ptr(context_register, offsetof(VmContext, memory0_base)));
  // Below the values lies the exception itself, which no instruction but rethrow can reach.
  push_slot(Kind::Ref);
  control.exception_slot = stack_.back().slot;
  const std::vector<ValueType> none;
  const std::vector<ValueType>& values =
      all ? none : module().types[module().tags[instruction.low()].type].function.params;
  for (const ValueType value : values) push_slot(value.kind());
  receive_caught(values, all ? 0 : module().tags[instruction.low()].type, control.exception_slot);
}

/// The values of an exception from VmContext::arguments to behind `slot`, the exception to `slot`.
void FunctionCompiler::receive_caught(const std::vector<ValueType>& values, TypeIndex type,
                                      std::uint32_t slot) {
  const auto argument = [](std::size_t i) {
    return x86::ptr(scratch, static_cast<std::int32_t>(i * sizeof(Slot)));
  };
  const std::uint32_t first = slot + slot_size(Kind::Ref);
  if (values.size() > many_values) {
    pass_values(Builtin::TakeValues, ValueList::params(type), first);
  }
  a_.mov(scratch, x86::ptr(context_register, offsetof(VmContext, arguments)));
  std::uint32_t at = first;
  for (std::size_t i = 0; values.size() <= many_values && i < values.size(); ++i) {
    const Kind copied = values[i].is_vector() ? Kind::V128 : Kind::F64;
    load_register(copied, 31, argument(i));
    store_register(copied, slot_memory(at), 31);
    at += slot_size(values[i].kind());
  }
  a_.mov(scratch, argument(values.size()));
  a_.mov(slot_memory(slot), scratch);
}

/// Ends a try; the label is counted from outside of it.
void FunctionCompiler::delegate(std::uint32_t depth) {
  const Control& target = controls_[controls_.size() - 2 - depth];
  TryRegion& region = out_->try_regions[static_cast<std::size_t>(controls_.back().own_try_region)];
  region.outer = target.inner_try_region;
  end();
}

void FunctionCompiler::rethrow(std::uint32_t depth) {
  a_.mov(x86::rsi, slot_memory(label(depth).exception_slot));
  raise_reference();
}

}  // namespace merlon::wasm::baseline
