#include <algorithm>

#include "merlon/wasm/validate/function_validator.h"

// The instructions whose types depend on their immediates or on the operand stack.

namespace merlon::wasm {

// GCC's -Wswitch-enum would want all 500 opcodes here; those with fixed signatures never come.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"

void FunctionValidator::special(const Instruction& instruction) {
  const std::uint32_t index = instruction.low();
  switch (instruction.op) {
    case Opcode::Unreachable: set_unreachable(); return;
    case Opcode::Block:
    case Opcode::Loop:
    case Opcode::Try:
    case Opcode::If: begin(instruction.op, BlockType::from_bits(instruction.value)); return;
    case Opcode::TryTable: try_table(instruction); return;
    case Opcode::Catch:
    case Opcode::CatchAll: catch_clause(instruction); return;
    case Opcode::Rethrow: rethrow(index); return;
    case Opcode::Delegate: delegate(index); return;
    case Opcode::Else: else_branch(); return;
    case Opcode::End: end_block(); return;
    case Opcode::Br:
      pop(label_types(index));
      set_unreachable();
      return;
    case Opcode::BrIf: branch_if(index); return;
    case Opcode::BrTable: branch_table(instruction); return;
    case Opcode::BrOnNull: branch_on_null(instruction, true); return;
    case Opcode::BrOnNonNull: branch_on_null(instruction, false); return;
    case Opcode::Return:
      pop(controls_.front().results);
      set_unreachable();
      return;
    case Opcode::Throw: throw_tag(instruction); return;
    case Opcode::ThrowRef:
      pop(ValueType::exnref);
      set_unreachable();
      return;
    case Opcode::Call:
    case Opcode::ReturnCall: call_function(instruction); return;
    case Opcode::CallIndirect:
    case Opcode::ReturnCallIndirect:
    case Opcode::CallRef:
    case Opcode::ReturnCallRef: call_unknown(instruction); return;
    case Opcode::Drop: pop(); return;
    case Opcode::Select: select(); return;
    case Opcode::SelectTyped: select_typed(instruction); return;
    case Opcode::LocalGet: get_local(index); return;
    case Opcode::LocalSet:
    case Opcode::LocalTee: write_local(instruction); return;
    default: access(instruction); return;
  }
}

/// Globals, tables, memories and references.
void FunctionValidator::access(const Instruction& instruction) {
  switch (instruction.op) {
    case Opcode::GlobalGet:
    case Opcode::GlobalSet: access_global(instruction); return;
    case Opcode::TableGet:
    case Opcode::TableSet:
    case Opcode::TableGrow:
    case Opcode::TableSize:
    case Opcode::TableFill: access_table(instruction); return;
    case Opcode::TableCopy: copy_table(instruction); return;
    case Opcode::TableInit: init_table(instruction); return;
    case Opcode::MemorySize:
    case Opcode::MemoryGrow:
    case Opcode::MemoryFill: access_memory(instruction); return;
    case Opcode::MemoryCopy: copy_memory(instruction); return;
    case Opcode::MemoryInit: init_memory(instruction); return;
    case Opcode::RefNull:
    case Opcode::RefIsNull:
    case Opcode::RefFunc:
    case Opcode::RefAsNonNull: reference(instruction); return;
    default: cursor_.fail("illegal opcode", core::ErrorCode::Internal); return;
  }
}

#pragma GCC diagnostic pop

void FunctionValidator::branch_if(std::uint32_t depth) {
  pop(ValueType::i32);
  const TypeList types = label_types(depth);
  pop(types);
  push(types);
}

void FunctionValidator::write_local(const Instruction& instruction) {
  const ValueType type = local(instruction.low());
  pop(type);
  set_local(instruction.low(), type);
  if (instruction.op == Opcode::LocalTee) push(type);
}

void FunctionValidator::call_function(const Instruction& instruction) {
  const std::uint32_t index = instruction.low();
  if (index >= module_.functions.size()) {
    cursor_.fail("unknown function");
  } else if (instruction.op == Opcode::Call) {
    call(module_.functions[index]);
  } else {
    return_call(module_.functions[index]);
  }
}

void FunctionValidator::call_unknown(const Instruction& instruction) {
  const Opcode op = instruction.op;
  const bool by_table = op == Opcode::CallIndirect || op == Opcode::ReturnCallIndirect;
  const TypeIndex type = by_table ? indirect_type(instruction) : reference_type(instruction);
  if (!cursor_.ok()) return;
  if (op == Opcode::CallIndirect || op == Opcode::CallRef) call(type);
  else return_call(type);
}

void FunctionValidator::call(TypeIndex type) {
  const FuncType& function = module_.types[type].function;
  pop(list(function.params));
  push(list(function.results));
}

void FunctionValidator::return_call(TypeIndex type) {
  const FuncType& function = module_.types[type].function;
  pop(list(function.params));
  const TypeList& results = controls_.front().results;
  bool same = function.results.size() == results.count;
  for (std::uint32_t i = 0; same && i < results.count; ++i) {
    same = context_.is_subtype(function.results[i], results[i]);
  }
  if (!same) mismatch();
  set_unreachable();
}

TypeIndex FunctionValidator::indirect_type(const Instruction& instruction) {
  const TypeIndex type = instruction.low();
  if (type >= module_.types.size()) cursor_.fail("unknown type");
  if (instruction.high() >= module_.tables.size()) cursor_.fail("unknown table");
  if (!cursor_.ok()) return 0;
  if (!context_.is_subtype(module_.tables[instruction.high()].type.element, ValueType::funcref)) {
    mismatch();
  }
  pop(table_address(instruction.high()));
  return type;
}

TypeIndex FunctionValidator::reference_type(const Instruction& instruction) {
  const TypeIndex type = instruction.low();
  if (type >= module_.types.size()) {
    cursor_.fail("unknown type");
    return 0;
  }
  pop(ValueType::reference(HeapType::defined(context_.representative(type)), true));
  return type;
}

void FunctionValidator::throw_tag(const Instruction& instruction) {
  if (instruction.low() >= module_.tags.size()) {
    cursor_.fail("unknown tag");
    return;
  }
  pop(list(module_.types[module_.tags[instruction.low()].type].function.params));
  set_unreachable();
}

void FunctionValidator::select() {
  pop(ValueType::i32);
  const ValueType first = pop();
  const ValueType second = pop();
  if (first.is_reference() || second.is_reference()) mismatch();
  if (first != second && first != ValueType::bottom && second != ValueType::bottom) mismatch();
  push(first == ValueType::bottom ? second : first);
}

void FunctionValidator::select_typed(const Instruction& instruction) {
  const ValueType type = context_.normalized(ValueType::from_bits(instruction.low()));
  pop(ValueType::i32);
  pop(type);
  pop(type);
  push(type);
}

ValueType FunctionValidator::local(std::uint32_t index) {
  if (index < locals_.size()) [[likely]]
    return locals_[index];
  if (index >= local_count_) {
    cursor_.fail("unknown local");
    return ValueType::i32;
  }
  if (index < type_->params.size()) return type_->params[index];
  return std::ranges::upper_bound(groups_, index, {}, &LocalGroup::end)->type;
}

void FunctionValidator::get_local(std::uint32_t index) {
  const ValueType type = local(index);
  if (cursor_.ok() && !starts_set(index, type)) {
    if (index >= local_set_.size() || !local_set_[index]) cursor_.fail("uninitialized local");
  }
  push(type);
}

void FunctionValidator::set_local(std::uint32_t index, ValueType type) {
  if (starts_set(index, type) || !cursor_.ok()) return;
  if (index >= local_set_.size()) local_set_.resize(local_count_);
  if (local_set_[index]) return;
  local_set_[index] = true;
  set_stack_.push_back(index);
}

void FunctionValidator::access_global(const Instruction& instruction) {
  if (instruction.low() >= module_.globals.size()) {
    cursor_.fail("unknown global");
    return;
  }
  const GlobalType& type = module_.globals[instruction.low()].type;
  if (instruction.op == Opcode::GlobalGet) {
    push(type.value);
    return;
  }
  if (!type.is_mutable) cursor_.fail("global is immutable");
  pop(type.value);
}

ValueType FunctionValidator::table_address(std::uint32_t table) {
  return address_value_type(module_.tables[table].type.limits.address);
}

ValueType FunctionValidator::memory_address(std::uint32_t memory) {
  return address_value_type(module_.memories[memory].limits.address);
}

void FunctionValidator::access_table(const Instruction& instruction) {
  const std::uint32_t table = instruction.low();
  if (table >= module_.tables.size()) {
    cursor_.fail("unknown table");
    return;
  }
  const ValueType element = module_.tables[table].type.element;
  const ValueType address = table_address(table);
  if (instruction.op == Opcode::TableGet) {
    pop(address);
    push(element);
  } else if (instruction.op == Opcode::TableSet) {
    pop(element);
    pop(address);
  } else if (instruction.op == Opcode::TableGrow) {
    pop(address);
    pop(element);
    push(address);
  } else if (instruction.op == Opcode::TableSize) {
    push(address);
  } else {
    pop(address);
    pop(element);
    pop(address);
  }
}

void FunctionValidator::copy_table(const Instruction& instruction) {
  const std::uint32_t to = instruction.low();
  const std::uint32_t from = instruction.high();
  if (to >= module_.tables.size() || from >= module_.tables.size()) {
    cursor_.fail("unknown table");
    return;
  }
  if (!context_.is_subtype(module_.tables[from].type.element, module_.tables[to].type.element)) {
    mismatch();
  }
  const bool both_wide =
      table_address(to) == ValueType::i64 && table_address(from) == ValueType::i64;
  pop(both_wide ? ValueType::i64 : ValueType::i32);
  pop(table_address(from));
  pop(table_address(to));
}

void FunctionValidator::init_table(const Instruction& instruction) {
  const std::uint32_t segment = instruction.low();
  const std::uint32_t table = instruction.high();
  if (table >= module_.tables.size() || segment >= module_.elements.size()) {
    cursor_.fail(table >= module_.tables.size() ? "unknown table" : "unknown element segment");
    return;
  }
  if (!context_.is_subtype(module_.elements[segment].type, module_.tables[table].type.element)) {
    mismatch();
  }
  pop(ValueType::i32);
  pop(ValueType::i32);
  pop(table_address(table));
}

void FunctionValidator::access_memory(const Instruction& instruction) {
  const std::uint32_t memory = instruction.low();
  if (memory >= module_.memories.size()) {
    cursor_.fail("unknown memory");
    return;
  }
  if (memory != 0) features_.add(Feature::MultiMemory);
  const ValueType address = memory_address(memory);
  if (instruction.op == Opcode::MemorySize) {
    push(address);
  } else if (instruction.op == Opcode::MemoryGrow) {
    pop(address);
    push(address);
  } else {
    pop(address);
    pop(ValueType::i32);
    pop(address);
  }
}

void FunctionValidator::copy_memory(const Instruction& instruction) {
  const std::uint32_t to = instruction.low();
  const std::uint32_t from = instruction.high();
  if (to >= module_.memories.size() || from >= module_.memories.size()) {
    cursor_.fail("unknown memory");
    return;
  }
  const bool both_wide =
      memory_address(to) == ValueType::i64 && memory_address(from) == ValueType::i64;
  pop(both_wide ? ValueType::i64 : ValueType::i32);
  pop(memory_address(from));
  pop(memory_address(to));
}

void FunctionValidator::init_memory(const Instruction& instruction) {
  const std::uint32_t segment = instruction.low();
  const std::uint32_t memory = instruction.high();
  if (memory >= module_.memories.size()) {
    cursor_.fail("unknown memory");
    return;
  }
  drop_segment(instruction);
  if (!cursor_.ok() || segment >= module_.data.size()) return;
  pop(ValueType::i32);
  pop(ValueType::i32);
  pop(memory_address(memory));
}

void FunctionValidator::drop_segment(const Instruction& instruction) {
  if (instruction.op == Opcode::ElemDrop) {
    if (instruction.low() >= module_.elements.size()) cursor_.fail("unknown element segment");
    return;
  }
  if (!module_.data_count) cursor_.fail("data count section required");
  if (instruction.low() >= module_.data.size()) cursor_.fail("unknown data segment");
}

void FunctionValidator::reference(const Instruction& instruction) {
  if (instruction.op == Opcode::RefNull) {
    push(context_.normalized(ValueType::from_bits(instruction.low())));
  } else if (instruction.op == Opcode::RefIsNull) {
    pop_reference();
    push(ValueType::i32);
  } else if (instruction.op == Opcode::RefAsNonNull) {
    const ValueType type = pop_reference();
    push(type == ValueType::bottom ? type : ValueType::reference(type.heap(), false));
  } else if (instruction.low() >= module_.functions.size()) {
    cursor_.fail("unknown function");
  } else {
    if (!context_.is_declared(instruction.low())) cursor_.fail("undeclared function reference");
    const TypeIndex type = context_.representative(module_.functions[instruction.low()]);
    push(ValueType::reference(HeapType::defined(type), false));
  }
}

}  // namespace merlon::wasm
