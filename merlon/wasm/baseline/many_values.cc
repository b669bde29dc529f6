#include "merlon/wasm/baseline/function_compiler.h"

// Lists of more values than many_values. Moved one by one they would make code that grows with the
// length of the list at each place; here such a place costs the same however long the list is.

namespace merlon::wasm::baseline {

void FunctionCompiler::flush_values(std::size_t count) {
  flush(stack_.size());
  spill_constants(stack_.size() - count);
}

void FunctionCompiler::pass_values(Builtin builtin, ValueList list, std::uint32_t slot) {
  a_.lea(x86::rdx, slot_memory(slot));
  a_.mov(x86::esi, static_cast<std::uint32_t>(list.bits()));
  a_.mov(x86::rdi, context_register);
  a_.call(
      x86::ptr(context_register, static_cast<std::int32_t>(offsetof(VmContext, builtins) +
                                                           8 * static_cast<std::size_t>(builtin))));
  note_call();
}

void FunctionCompiler::pass_many_arguments(TypeIndex type) {
  const std::vector<ValueType>& params = module().types[type].function.params;
  const std::size_t first = stack_.size() - params.size();
  flush_values(params.size());
  save_lost_homes();
  // The function to be called may be in rax.
  const std::uint32_t aside = slot_at(stack_.size());
  operands_end_ = std::max(operands_end_, aside + 8);
  a_.mov(slot_memory(aside), x86::rax);
  pass_values(Builtin::PassValues, ValueList::params(type), stack_[first].slot);
  a_.mov(x86::rax, slot_memory(aside));
  std::size_t general = 0;
  std::size_t vector = 0;
  for (std::size_t i = first; i < stack_.size(); ++i) {
    if (stack_[i].in_vector()) {
      if (vector < argument_vector.size()) load(argument_vector[vector++], stack_[i]);
    } else if (general < argument_general.size()) {
      load(argument_general[general++], stack_[i]);
    }
  }
  truncate_stack(first);
}

void FunctionCompiler::receive_many_results(TypeIndex type) {
  const std::vector<ValueType>& results = module().types[type].function.results;
  const std::size_t first = stack_.size();
  for (const ValueType result : results) push_slot(result.kind());
  const Operand& top = stack_[first];
  store_register(top.type, slot_memory(top.slot), top.in_vector() ? result_vector : result_general);
  pass_values(Builtin::TakeValues, ValueList::results(type), top.slot);
  restore_lost_homes();
}

/// From the slots where the function's label expects its values.
void FunctionCompiler::return_many_values() {
  const ValueType first = type_->results.front();
  pass_values(Builtin::PassValues, ValueList::results(module().functions[function_]),
              operands_offset_);
  load_register(first.kind(),
                first.is_float() || first.is_vector() ? result_vector : result_general,
                slot_memory(operands_offset_));
}

/// What a handler gets: an exception's values and perhaps the exception, in the label's slots.
void FunctionCompiler::take_many_caught(TypeIndex type, bool with_reference, std::uint32_t slot) {
  const std::vector<ValueType>& params = module().types[type].function.params;
  std::uint32_t end = slot;
  for (const ValueType param : params) end += slot_size(param.kind());
  pass_values(Builtin::TakeValues, ValueList::params(type), slot);
  if (with_reference) {
    a_.mov(scratch, x86::ptr(context_register, offsetof(VmContext, arguments)));
    a_.mov(scratch, x86::ptr(scratch, static_cast<std::int32_t>(params.size() * sizeof(Slot))));
    a_.mov(slot_memory(end), scratch);
    end += slot_size(Kind::Ref);
  }
  operands_end_ = std::max(operands_end_, end);
}

/// Both ranges are in the frame, and `to` does not lie above `from`.
void FunctionCompiler::move_down(std::uint32_t to, std::uint32_t from, std::uint32_t bytes) {
  if (to == from) return;
  const asmjit::Label again = a_.newLabel();
  // No operand is in a register here, and these two are never a local's home.
  a_.xor_(x86::ecx, x86::ecx);
  a_.bind(again);
  a_.mov(x86::rax, x86::ptr(x86::rsp, x86::rcx, 3, static_cast<std::int32_t>(from)));
  a_.mov(x86::ptr(x86::rsp, x86::rcx, 3, static_cast<std::int32_t>(to)), x86::rax);
  a_.inc(x86::ecx);
  a_.cmp(x86::ecx, bytes / 8);
  a_.jb(again);
}

}  // namespace merlon::wasm::baseline
