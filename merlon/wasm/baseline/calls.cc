#include "merlon/wasm/baseline/function_compiler.h"

// Calls, with the convention of exec/compiler.h.

namespace merlon::wasm::baseline {

void FunctionCompiler::save_lost_homes() {
  const auto& homes = analysis_.regions[static_cast<std::size_t>(region_)].homes;
  for (RegisterId reg = 0; reg < 32; ++reg) {
    if (homes[reg] == no_local || kept_in_calls.contains(reg)) continue;
    store_register(analysis_.locals[homes[reg]].kind(), local_memory(homes[reg]), reg);
  }
}

void FunctionCompiler::restore_lost_homes() {
  const auto& homes = analysis_.regions[static_cast<std::size_t>(region_)].homes;
  for (RegisterId reg = 0; reg < 32; ++reg) {
    if (homes[reg] == no_local || kept_in_calls.contains(reg)) continue;
    load_register(analysis_.locals[homes[reg]].kind(), reg, local_memory(homes[reg]));
  }
}

void FunctionCompiler::parallel_moves(std::vector<Move>& moves) {
  const auto source = [this](const Move& move) { return register_of(move.from); };
  std::size_t left = moves.size();
  // Moves between registers, each only when nobody still needs what it overwrites.
  for (bool progress = true; progress;) {
    progress = false;
    for (std::size_t i = 0; i < left; ++i) {
      const Move move = moves[i];
      if (source(move) == no_register) continue;
      bool needed = false;
      for (std::size_t k = 0; k < left; ++k) needed |= k != i && source(moves[k]) == move.to;
      if (needed && source(move) != move.to) continue;
      load(move.to, move.from);
      moves[i] = moves[--left];
      progress = true;
      --i;
    }
    if (progress) continue;
    for (std::size_t i = 0; i < left; ++i) {
      if (source(moves[i]) == no_register) continue;
      // A cycle: take one value out of it.
      const RegisterId aside = is_vector(moves[i].to) ? RegisterId{31} : r11;
      load(aside, moves[i].from);
      moves[i].from.place = Place::Register;
      moves[i].from.reg = aside;
      progress = true;
      break;
    }
  }
  for (std::size_t i = 0; i < left; ++i) load(moves[i].to, moves[i].from);
  moves.clear();
}

void FunctionCompiler::pass_arguments(TypeIndex index) {
  const FuncType& type = module().types[index].function;
  const std::size_t count = type.params.size();
  if (count > many_values) {
    pass_many_arguments(index);
    return;
  }
  const std::size_t first = stack_.size() - count;
  spill_registers_below(first);
  save_lost_homes();
  std::size_t general = 0;
  std::size_t vector = 0;
  bool has_pointer = false;
  moves_.clear();
  for (std::size_t i = 0; i < count; ++i) {
    const Operand& value = stack_[first + i];
    RegisterId reg = no_register;
    if (value.in_vector()) {
      if (vector < argument_vector.size()) reg = argument_vector[vector++];
    } else if (general < argument_general.size()) {
      reg = argument_general[general++];
    }
    if (reg != no_register) {
      moves_.push_back({reg, value});
      continue;
    }
    if (!has_pointer) {
      a_.mov(scratch, x86::ptr(context_register, offsetof(VmContext, arguments)));
      has_pointer = true;
    }
    const x86::Mem to = x86::ptr(scratch, static_cast<std::int32_t>(i * sizeof(Slot)));
    if (const RegisterId source = register_of(value); source != no_register) {
      store_register(value.type, to, source);
    } else {
      const Kind copied = value.type == Kind::V128 ? Kind::V128 : Kind::F64;
      if (value.place == Place::Constant) a_.vmovsd(vector_scratch, constant64(value.bits));
      else load_register(copied, 31, memory_of(value));
      store_register(copied, to, 31);
    }
  }
  parallel_moves(moves_);
  truncate_stack(first);
}

void FunctionCompiler::receive_results(TypeIndex index) {
  const FuncType& type = module().types[index].function;
  if (type.results.size() > many_values) {
    receive_many_results(index);
    return;
  }
  restore_lost_homes();
  bool has_pointer = false;
  for (std::size_t i = 0; i < type.results.size(); ++i) {
    const Kind kind = type.results[i].kind();
    const bool vector = type.results[i].is_float() || type.results[i].is_vector();
    if (i == 0) {
      push_register(kind, vector ? result_vector : result_general);
      continue;
    }
    if (!has_pointer) {
      a_.mov(scratch, x86::ptr(context_register, offsetof(VmContext, arguments)));
      has_pointer = true;
    }
    const RegisterId reg = allocate(kind);
    load_register(kind, reg, x86::ptr(scratch, static_cast<std::int32_t>(i * sizeof(Slot))));
    push_register(kind, reg);
  }
}

void FunctionCompiler::note_call() {
  note_site(CodeSite::Kind::Call);
  if (try_region_ < 0) return;
  out_->try_calls.push_back(
      {static_cast<std::uint32_t>(a_.offset()), static_cast<std::uint32_t>(try_region_)});
}

void FunctionCompiler::emit_direct_call(FuncIndex index, bool tail) {
  const bool bound = environment_->compiled[index - module().imported_functions];
  if (bound) {
    a_.embedUInt8(tail ? 0xe9 : 0xe8);
  } else {
    a_.mov(x86::eax, index);
    a_.embedUInt8(0xff);
    a_.embedUInt8(tail ? 0x25 : 0x15);
  }
  out_->relocations.push_back(
      {static_cast<std::uint32_t>(a_.offset()), index,
       bound ? Relocation::Kind::Function : Relocation::Kind::FunctionTable});
  a_.embedUInt32(0);
}

void FunctionCompiler::call(FuncIndex index) {
  const TypeIndex type = module().functions[index];
  if (index < module().imported_functions) {
    take(rax);
    pass_arguments(type);
    a_.mov(x86::rax, x86::ptr(context_register,
                              static_cast<std::int32_t>(environment_->layout.imports + 8 * index)));
    release(rax);
    emit_reference_call(false);
  } else {
    pass_arguments(type);
    emit_direct_call(index, false);
    note_call();
  }
  receive_results(type);
}

void FunctionCompiler::return_call(FuncIndex index) {
  const TypeIndex type = module().functions[index];
  if (index < module().imported_functions) {
    take(rax);
    pass_arguments(type);
    a_.mov(x86::rax, x86::ptr(context_register,
                              static_cast<std::int32_t>(environment_->layout.imports + 8 * index)));
    release(rax);
    emit_reference_call(true);
  } else {
    pass_arguments(type);
    leave_frame();
    emit_direct_call(index, true);
  }
  mark_unreachable();
}

void FunctionCompiler::emit_reference_call(bool tail) {
  const asmjit::Label other = a_.newLabel();
  const asmjit::Label done = a_.newLabel();
  a_.cmp(x86::ptr(x86::rax, offsetof(VmFunction, context)), context_register);
  a_.jne(other);
  if (tail) {
    leave_frame();
    a_.jmp(x86::ptr(x86::rax));
  } else {
    a_.call(x86::ptr(x86::rax));
    note_call();
    a_.bind(done);
  }
  // Into another instance. Our caller relies on r15, so this is a call even where a jump is
  // asked for: chains of tail calls between instances do take stack.
  defer([this, other, done, tail] {
    a_.bind(other);
    a_.mov(context_register, x86::ptr(x86::rax, offsetof(VmFunction, context)));
    a_.mov(memory_register, x86::ptr(context_register, offsetof(VmContext, memory0_base)));
    a_.call(x86::ptr(x86::rax));
    note_call();
    a_.mov(context_register, x86::ptr(x86::rsp));
    a_.mov(memory_register, x86::ptr(context_register, offsetof(VmContext, memory0_base)));
    if (tail) epilogue();
    else a_.jmp(done);
  });
}

/// Leaves the table's entry at the index on the stack in rax, taken.
void FunctionCompiler::load_table_entry(const Instruction& instruction) {
  Operand index = pop();
  const std::uint32_t table = instruction.high();
  const RegisterId reg = to_own_register(index);
  if (reg == rax) {
    const RegisterId other = allocate_general();
    a_.mov(gp64(other), x86::rax);
    index.reg = other;
  } else {
    take(rax);
  }
  a_.mov(scratch, x86::ptr(context_register,
                           static_cast<std::int32_t>(environment_->layout.tables + 8 * table)));
  a_.cmp(gp64(index.reg), x86::ptr(scratch, offsetof(VmTable, size)));
  a_.jae(trap_label(TrapKind::TableOutOfBounds));
  // All ones if the index is in bounds, also on a mispredicted path.
  a_.sbb(x86::rax, x86::rax);
  a_.and_(x86::rax, gp64(index.reg));
  a_.mov(scratch, x86::ptr(scratch, offsetof(VmTable, elements)));
  a_.mov(x86::rax, x86::ptr(scratch, x86::rax, 3));
  release(index.reg);
}

void FunctionCompiler::call_indirect(const Instruction& instruction, bool tail) {
  const TypeIndex type = instruction.low();
  const CanonicalType wanted = environment_->types[instruction.low()];
  load_table_entry(instruction);
  if (environment_->registry.is_final(wanted)) {
    note_site(CodeSite::Kind::NullFunction, TrapKind::IndirectCallToNull);
    a_.cmp(x86::dword_ptr(x86::rax, offsetof(VmFunction, type)), wanted);
    a_.jne(trap_label(TrapKind::IndirectCallTypeMismatch));
  } else {
    push_register(Kind::Ref, rax);
    flush(stack_.size());
    Operand reference = stack_.back();
    load(r11, reference);
    note_site(CodeSite::Kind::NullFunction, TrapKind::IndirectCallToNull);
    a_.mov(x86::eax, x86::dword_ptr(scratch, offsetof(VmFunction, type)));
    Operand actual;
    actual.place = Place::Register;
    actual.type = Kind::I32;
    actual.reg = rax;
    call_builtin(Builtin::IsSubtype, {actual, immediate(wanted)});
    a_.test(x86::al, x86::al);
    a_.je(trap_label(TrapKind::IndirectCallTypeMismatch));
    reference = pop();
    take(rax);
    load(rax, reference);
  }
  pass_arguments(type);
  release(rax);
  emit_reference_call(tail);
  if (tail) mark_unreachable();
  else receive_results(type);
}

void FunctionCompiler::call_reference(TypeIndex index, bool tail) {
  Operand reference = pop();
  if (register_of(reference) != rax) {
    take(rax);
    load(rax, reference);
    release(reference);
  }
  pass_arguments(index);
  release(rax);
  a_.test(x86::rax, x86::rax);
  a_.je(trap_label(TrapKind::NullReference));
  emit_reference_call(tail);
  if (tail) mark_unreachable();
  else receive_results(index);
}

void FunctionCompiler::call_builtin(Builtin builtin, std::vector<Operand> arguments) {
  constexpr std::array<RegisterId, 5> places = {rsi, rdx, rcx, r8, r9};
  MERLON_CHECK(arguments.size() <= places.size());
  spill_registers_below(stack_.size());
  save_lost_homes();
  moves_.clear();
  for (std::size_t i = 0; i < arguments.size(); ++i) moves_.push_back({places[i], arguments[i]});
  parallel_moves(moves_);
  for (const Operand& argument : arguments) release(argument);
  a_.mov(x86::rdi, context_register);
  a_.call(
      x86::ptr(context_register, static_cast<std::int32_t>(offsetof(VmContext, builtins) +
                                                           8 * static_cast<std::size_t>(builtin))));
  note_call();
  restore_lost_homes();
}

void FunctionCompiler::trap_unless_rax() {
  a_.test(x86::al, x86::al);
  a_.je(trap_label(TrapKind::HostError, CodeSite::Kind::Pending));
}

}  // namespace merlon::wasm::baseline
