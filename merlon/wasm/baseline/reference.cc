#include "merlon/wasm/baseline/function_compiler.h"

// References, tables and exceptions.

namespace merlon::wasm::baseline {

void FunctionCompiler::reference_to(FuncIndex function) {
  call_builtin(Builtin::RefFunc, {immediate(function)});
  push_register(Kind::Ref, rax);
}

void FunctionCompiler::trap_on_null() {
  Operand value = pop();
  const RegisterId reg = to_own_register(value);
  a_.test(gp64(reg), gp64(reg));
  a_.je(trap_label(TrapKind::NullReference));
  push_register(Kind::Ref, reg);
}

void FunctionCompiler::branch_on_null(std::uint32_t depth) {
  Operand value = pop();
  if (value.place == Place::Constant) to_own_register(value);
  test_zero(value);
  // A label value may want the register that the reference is in.
  const RegisterId aside = to_register(value);
  if (value.place == Place::Register && aside == rax) {
    const RegisterId other = allocate_general();
    a_.mov(gp64(other), x86::rax);
    release(rax);
    value.reg = other;
  }
  branch_if(depth, Condition::Equal);
  push(value);
}

void FunctionCompiler::branch_on_non_null(std::uint32_t depth) {
  Operand value = pop();
  if (value.place == Place::Constant) to_own_register(value);
  push(value);
  test_zero(stack_.back());
  branch_if(depth, Condition::NotEqual);
  drop();
}

FunctionCompiler::Kind FunctionCompiler::index_type(TableIndex table) const {
  const bool wide = module().tables[table].type.limits.address == AddressType::I64;
  return wide ? Kind::I64 : Kind::I32;
}

void FunctionCompiler::table_size(TableIndex table) {
  const RegisterId reg = allocate_general();
  a_.mov(scratch, x86::ptr(context_register,
                           static_cast<std::int32_t>(environment_->layout.tables + 8 * table)));
  a_.mov(gp64(reg), x86::ptr(scratch, offsetof(VmTable, size)));
  push_register(index_type(table), reg);
}

void FunctionCompiler::table_get(TableIndex table) {
  const Operand index = pop();
  call_builtin(Builtin::TableGet, {immediate(table), index});
  trap_unless_rax();
  take(rax);
  a_.mov(scratch, x86::ptr(context_register, offsetof(VmContext, arguments)));
  a_.mov(x86::rax, x86::ptr(scratch));
  push_register(Kind::Ref, rax);
}

void FunctionCompiler::table_set(TableIndex table) {
  const Operand value = pop();
  const Operand index = pop();
  call_builtin(Builtin::TableSet, {immediate(table), index, value});
  trap_unless_rax();
}

void FunctionCompiler::table_grow(TableIndex table) {
  const Operand delta = pop();
  const Operand value = pop();
  call_builtin(Builtin::TableGrow, {immediate(table), delta, value});
  const Kind type = index_type(table);
  if (type == Kind::I32) a_.mov(x86::eax, x86::eax);
  push_register(type, rax);
}

/// After Throw and ThrowRef: to the handler in rax, if there is one.
void FunctionCompiler::resume_after_throw() {
  a_.test(x86::rax, x86::rax);
  a_.je(trap_label(TrapKind::HostError, CodeSite::Kind::Pending));
  a_.mov(x86::rsp, x86::ptr(context_register, offsetof(VmContext, resume_sp)));
  a_.mov(scratch, x86::ptr(context_register, offsetof(VmContext, arguments)));
  a_.jmp(x86::rax);
  mark_unreachable();
}

void FunctionCompiler::throw_tag(TagIndex tag) {
  const FuncType& type = module().types[module().tags[tag].type].function;
  const std::size_t count = type.params.size();
  const std::size_t first = stack_.size() - count;
  flush_values(count);
  if (count > many_values) {
    pass_values(Builtin::PassValues, ValueList::params(module().tags[tag].type),
                stack_[first].slot);
  } else {
    a_.mov(scratch, x86::ptr(context_register, offsetof(VmContext, arguments)));
    for (std::size_t i = 0; i < count; ++i) {
      const Operand& value = stack_[first + i];
      const Kind copied = value.type == Kind::V128 ? Kind::V128 : Kind::F64;
      load_register(copied, 31, slot_memory(value.slot));
      store_register(copied, x86::ptr(scratch, static_cast<std::int32_t>(i * sizeof(Slot))), 31);
    }
  }
  const asmjit::Label here = a_.newLabel();
  a_.mov(x86::esi, tag);
  a_.lea(x86::rdx, x86::ptr(here));
  a_.mov(x86::rcx, x86::rsp);
  a_.mov(x86::rdi, context_register);
  a_.call(x86::ptr(context_register,
                   static_cast<std::int32_t>(offsetof(VmContext, builtins) +
                                             8 * static_cast<std::size_t>(Builtin::Throw))));
  a_.bind(here);
  note_call();
  resume_after_throw();
}

void FunctionCompiler::throw_reference() {
  Operand value = pop();
  load(rsi, value);
  release(value);
  raise_reference();
}

/// Throws the exception that rsi refers to.
void FunctionCompiler::raise_reference() {
  const asmjit::Label here = a_.newLabel();
  a_.lea(x86::rdx, x86::ptr(here));
  a_.mov(x86::rcx, x86::rsp);
  a_.mov(x86::rdi, context_register);
  a_.call(x86::ptr(context_register,
                   static_cast<std::int32_t>(offsetof(VmContext, builtins) +
                                             8 * static_cast<std::size_t>(Builtin::ThrowRef))));
  a_.bind(here);
  note_call();
  resume_after_throw();
}

void FunctionCompiler::try_table(const Instruction& instruction) {
  flush(stack_.size());
  const std::int32_t region = open_try_region();
  Cursor clauses(module().bytes.subspan(instruction.low()), instruction.low());
  for (std::uint32_t i = 0; i < instruction.high(); ++i) {
    const CatchClause clause = read_catch_clause(clauses);
    // Labels are counted from outside of the try_table.
    const std::size_t target = controls_.size() - 1 - clause.label;
    controls_[target].reached = true;
    out_->try_regions.back().handlers.push_back({clause.kind, clause.tag, 0});
    const std::size_t handler = out_->try_regions.back().handlers.size() - 1;
    const Control control = controls_[target];
    const bool function = target == 0;
    defer([this, clause, control, function, region, handler] {
      auto& entry = out_->try_regions[static_cast<std::size_t>(region)].handlers[handler];
      landing_pad(clause, control, function, entry);
    });
  }
  push_control(Opcode::TryTable, BlockType::from_bits(instruction.block));
  try_region_ = controls_.back().inner_try_region = region;
}

/// A region in the present one; nothing is in it yet.
std::int32_t FunctionCompiler::open_try_region() {
  out_->try_regions.push_back({{}, try_region_});
  return static_cast<std::int32_t>(out_->try_regions.size() - 1);
}

/// Where an exception arrives: r15 is that of whoever threw, scratch points to the values, and rsp
/// is this frame's again.
void FunctionCompiler::landing_pad(const CatchClause& clause, const Control& target, bool function,
                                   Handler& handler) {
  handler.landing = static_cast<std::uint32_t>(a_.offset());
  a_.mov(context_register, x86::ptr(x86::rsp));
  a_.mov(memory_register, x86::ptr(context_register, offsetof(VmContext, memory0_base)));
  std::vector<ValueType> values;
  if (clause.kind == CatchClause::Kind::Catch || clause.kind == CatchClause::Kind::CatchRef) {
    values = module().types[module().tags[clause.tag].type].function.params;
  }
  if (clause.kind == CatchClause::Kind::CatchRef || clause.kind == CatchClause::Kind::CatchAllRef) {
    values.push_back(ValueType::exnref);
  }
  if (values.size() > many_values) {
    const bool tagged = clause.kind == CatchClause::Kind::Catch;
    take_many_caught(module().tags[clause.tag].type, !tagged, target.base_slot);
    a_.jmp(target.label);
    return;
  }
  const bool in_register = values.size() == 1 && target.op != Opcode::Loop;
  std::uint32_t slot = target.base_slot;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Kind type = values[i].kind();
    const x86::Mem from = x86::ptr(scratch, static_cast<std::int32_t>(i * sizeof(Slot)));
    const bool vector = values[i].is_float() || values[i].is_vector();
    if (in_register || (function && i == 0)) {
      load_register(type, vector ? result_vector : result_general, from);
    } else if (!function) {
      // A function's other results are expected right where the values are.
      const Kind copied = type == Kind::V128 ? Kind::V128 : Kind::F64;
      load_register(copied, 31, from);
      store_register(copied, slot_memory(slot), 31);
    }
    slot += slot_size(type);
  }
  a_.jmp(target.label);
}

}  // namespace merlon::wasm::baseline
