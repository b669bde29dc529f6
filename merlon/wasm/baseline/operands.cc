#include "merlon/wasm/baseline/function_compiler.h"

// The operand stack and the registers that hold parts of it.

namespace merlon::wasm::baseline {

namespace {

/// Owners that are no position on the stack.
constexpr std::uint32_t in_hand = 0xffff'ffff;

}  // namespace

std::uint32_t FunctionCompiler::slot_at(std::size_t entry) const {
  if (entry == 0) return operands_offset_;
  const Operand& below = stack_[entry - 1];
  return below.slot + slot_size(below.type);
}

/// The new top of the stack, made where it lies: to copy what was written member by member a
/// moment ago makes processors wait until it has left their store buffer.
Operand& FunctionCompiler::grow(Place place, Kind type) {
  const std::uint32_t slot = slot_at(stack_.size());
  operands_end_ = std::max(operands_end_, slot + slot_size(type));
  Operand& top = stack_.emplace_back();
  top.place = place;
  top.type = type;
  top.slot = slot;
  return top;
}

void FunctionCompiler::push(const Operand& operand) {
  Operand& top = grow(operand.place, operand.type);
  top.reg = operand.reg;
  top.local = operand.local;
  top.bits = operand.bits;
  const auto entry = static_cast<std::uint32_t>(stack_.size() - 1);
  if (operand.place == Place::Register) owner_[operand.reg] = entry;
  if (operand.place == Place::Local) ++alias_count_[operand.local];
}

void FunctionCompiler::push_register(Kind type, RegisterId reg) {
  free_.remove(reg);
  owner_[reg] = static_cast<std::uint32_t>(stack_.size());
  grow(Place::Register, type).reg = reg;
}

void FunctionCompiler::push_constant(Kind type, std::uint64_t bits) {
  grow(Place::Constant, type).bits = bits;
}

void FunctionCompiler::push_slot(Kind type) { grow(Place::Slot, type); }

void FunctionCompiler::push_local(Kind type, LocalIndex local) {
  ++alias_count_[local];
  grow(Place::Local, type).local = local;
}

Operand FunctionCompiler::pop() {
  const Operand operand = stack_.back();
  stack_.pop_back();
  flushed_ = std::min(flushed_, stack_.size());
  if (operand.place == Place::Register) owner_[operand.reg] = in_hand;
  if (operand.place == Place::Local) --alias_count_[operand.local];
  return operand;
}

void FunctionCompiler::drop() { release(pop()); }

void FunctionCompiler::release(const Operand& operand) {
  if (operand.place == Place::Register) release(operand.reg);
}

void FunctionCompiler::release(RegisterId reg) {
  if (reg != no_register) free_.add(reg);
}

RegisterId FunctionCompiler::allocate_from(RegisterSet candidates) {
  const RegisterSet free = free_ & candidates;
  if (!free.empty()) {
    const RegisterId reg = free.first();
    free_.remove(reg);
    owner_[reg] = in_hand;
    return reg;
  }
  // Give up the operand that is used last: the deepest.
  RegisterId victim = no_register;
  std::uint32_t deepest = in_hand;
  const auto& homes = analysis_.regions[static_cast<std::size_t>(region_)].homes;
  for (RegisterId reg = 0; reg < 32; ++reg) {
    if (!candidates.contains(reg) || homes[reg] != no_local || owner_[reg] >= deepest) continue;
    deepest = owner_[reg];
    victim = reg;
  }
  MERLON_CHECK(victim != no_register);
  spill(deepest);
  free_.remove(victim);
  owner_[victim] = in_hand;
  return victim;
}

RegisterId FunctionCompiler::allocate_general() { return allocate_from(general_); }
RegisterId FunctionCompiler::allocate_vector() { return allocate_from(allocatable_vector); }

RegisterId FunctionCompiler::allocate(Kind type) {
  const bool vector = type == Kind::F32 || type == Kind::F64 || type == Kind::V128;
  return vector ? allocate_vector() : allocate_general();
}

void FunctionCompiler::take(RegisterId reg) {
  if (!free_.contains(reg)) {
    MERLON_CHECK(owner_[reg] != in_hand);
    spill(owner_[reg]);
  }
  free_.remove(reg);
  owner_[reg] = in_hand;
}

void FunctionCompiler::spill(std::size_t entry) {
  Operand& operand = stack_[entry];
  store(slot_memory(operand.slot), operand);
  if (operand.place == Place::Register) free_.add(operand.reg);
  if (operand.place == Place::Local) --alias_count_[operand.local];
  operand.place = Place::Slot;
}

void FunctionCompiler::spill_registers_below(std::size_t height) {
  // Aliases of locals may stay, but not so many that each call walks a long stack.
  if (height > flushed_ + 64) {
    flush(height);
    return;
  }
  for (std::size_t i = flushed_; i < height; ++i) {
    if (stack_[i].place == Place::Register) spill(i);
  }
}

void FunctionCompiler::flush(std::size_t height) {
  for (std::size_t i = flushed_; i < height; ++i) {
    if (stack_[i].place == Place::Register || stack_[i].place == Place::Local) spill(i);
  }
  flushed_ = std::max(flushed_, height);
}

x86::Mem FunctionCompiler::local_memory(LocalIndex local) const {
  return x86::ptr(x86::rsp, static_cast<std::int32_t>(local_offsets_[local]));
}

x86::Mem FunctionCompiler::slot_memory(std::uint32_t slot) const {
  return x86::ptr(x86::rsp, static_cast<std::int32_t>(slot));
}

RegisterId FunctionCompiler::register_of(const Operand& operand) const {
  if (operand.place == Place::Register) return operand.reg;
  if (operand.place == Place::Local) return homes_[operand.local];
  return no_register;
}

x86::Mem FunctionCompiler::memory_of(const Operand& operand) const {
  return operand.place == Place::Local ? local_memory(operand.local) : slot_memory(operand.slot);
}

void FunctionCompiler::load_register(Kind type, RegisterId to, const x86::Mem& from) {
  switch (type) {
    case Kind::F32: a_.vmovss(xmm(to), from); return;
    case Kind::F64: a_.vmovsd(xmm(to), from); return;
    case Kind::V128: a_.vmovups(xmm(to), from); return;
    case Kind::I32: a_.mov(gp32(to), from); return;
    case Kind::I64:
    case Kind::Ref:
    case Kind::Bottom: a_.mov(gp64(to), from); return;
  }
}

void FunctionCompiler::store_register(Kind type, const x86::Mem& to, RegisterId from) {
  switch (type) {
    case Kind::F32: a_.vmovss(to, xmm(from)); return;
    case Kind::F64: a_.vmovsd(to, xmm(from)); return;
    case Kind::V128: a_.vmovups(to, xmm(from)); return;
    case Kind::I32: a_.mov(to, gp32(from)); return;
    case Kind::I64:
    case Kind::Ref:
    case Kind::Bottom: a_.mov(to, gp64(from)); return;
  }
}

void FunctionCompiler::move(Kind type, RegisterId to, RegisterId from) {
  if (to == from) return;
  if (is_vector(to)) {
    a_.vmovaps(xmm(to), xmm(from));
  } else if (type == Kind::I32) {
    a_.mov(gp32(to), gp32(from));
  } else {
    a_.mov(gp64(to), gp64(from));
  }
}

void FunctionCompiler::load_constant(RegisterId to, Kind type, std::uint64_t bits,
                                     bool keep_flags) {
  if (is_vector(to)) {
    if (bits == 0) {
      a_.vxorps(xmm(to), xmm(to), xmm(to));
    } else if (type == Kind::F32) {
      a_.vmovss(xmm(to), constant32(static_cast<std::uint32_t>(bits)));
    } else {
      a_.vmovsd(xmm(to), constant64(bits));
    }
    return;
  }
  if (bits == 0 && !keep_flags) {
    a_.xor_(gp32(to), gp32(to));
  } else if (bits <= 0xffff'ffffU) {
    a_.mov(gp32(to), static_cast<std::uint32_t>(bits));
  } else {
    a_.mov(gp64(to), bits);
  }
}

void FunctionCompiler::load(RegisterId to, const Operand& from, bool keep_flags) {
  if (from.place == Place::Constant) {
    load_constant(to, from.type, from.bits, keep_flags);
  } else if (const RegisterId reg = register_of(from); reg != no_register) {
    move(from.type, to, reg);
  } else {
    load_register(from.type, to, memory_of(from));
  }
}

void FunctionCompiler::store(const x86::Mem& to, const Operand& from) {
  if (from.place == Place::Constant) {
    const bool narrow = from.type == Kind::I32 || from.type == Kind::F32;
    const auto value = static_cast<std::int64_t>(from.bits);
    if (narrow) {
      x86::Mem target = to;
      target.setSize(4);
      a_.mov(target, static_cast<std::uint32_t>(from.bits));
    } else if (value == static_cast<std::int32_t>(value)) {
      x86::Mem target = to;
      target.setSize(8);
      a_.mov(target, static_cast<std::int32_t>(value));
    } else {
      a_.mov(scratch, from.bits);
      a_.mov(to, scratch);
    }
    return;
  }
  RegisterId reg = register_of(from);
  if (reg != no_register) {
    store_register(from.type, to, reg);
  } else if (from.type == Kind::V128) {
    a_.vmovups(vector_scratch, memory_of(from));
    a_.vmovups(to, vector_scratch);
  } else {
    load_register(from.is_wide() || from.type == Kind::F64 ? Kind::I64 : Kind::I32, r11,
                  memory_of(from));
    store_register(from.is_wide() || from.type == Kind::F64 ? Kind::I64 : Kind::I32, to, r11);
  }
}

RegisterId FunctionCompiler::to_register(Operand& operand) {
  const RegisterId reg = register_of(operand);
  return reg != no_register ? reg : to_own_register(operand);
}

RegisterId FunctionCompiler::to_own_register(Operand& operand) {
  if (operand.place == Place::Register) return operand.reg;
  const RegisterId reg = allocate(operand.type);
  load(reg, operand);
  operand.place = Place::Register;
  operand.reg = reg;
  return reg;
}

RegisterId FunctionCompiler::foreseen_home(Kind type) {
  const Instruction& following = next();
  if (following.op != Opcode::LocalSet && following.op != Opcode::LocalTee) return no_register;
  const LocalIndex local = following.low();
  const bool vector = type == Kind::F32 || type == Kind::F64 || type == Kind::V128;
  const RegisterId reg = homes_[local];
  if (reg == no_register || is_vector(reg) != vector) return no_register;
  if (alias_count_[local] != 0) materialize_aliases(local);
  return reg;
}

RegisterId FunctionCompiler::result_register(Kind type, const Operand* reusable) {
  const RegisterId foreseen = foreseen_home(type);
  if (foreseen != no_register) return foreseen;
  if (reusable != nullptr && reusable->place == Place::Register) return reusable->reg;
  return allocate(type);
}

void FunctionCompiler::push_result(Kind type, RegisterId reg) {
  const LocalIndex local = analysis_.regions[static_cast<std::size_t>(region_)].homes[reg];
  if (local == no_local) {
    push_register(type, reg);
    return;
  }
  // The result is where the next instruction wants it.
  ++at_;
  if (analysis_.instructions[at_].op == Opcode::LocalTee) push_local(type, local);
}

/// Between instructions: keeps what materialize_aliases() has to look through short. An operand is
/// flushed at most once, so this costs no more than the pushes did.
void FunctionCompiler::bound_unflushed() {
  constexpr std::size_t most = 128;
  if (stack_.size() > flushed_ + most) flush(stack_.size() - most / 2);
}

void FunctionCompiler::materialize_aliases(LocalIndex local) {
  // From the top; see bound_unflushed().
  for (std::size_t i = stack_.size(); alias_count_[local] != 0;) {
    Operand& operand = stack_[--i];
    if (operand.place != Place::Local || operand.local != local) continue;
    const RegisterSet all = operand.in_vector() ? allocatable_vector : general_;
    if ((free_ & all).empty()) {
      spill(i);
      continue;
    }
    const RegisterId reg = allocate_from(all);
    load(reg, operand, true);
    --alias_count_[local];
    operand.place = Place::Register;
    operand.reg = reg;
    owner_[reg] = static_cast<std::uint32_t>(i);
  }
}

void FunctionCompiler::local_get(LocalIndex local) {
  push_local(analysis_.locals[local].kind(), local);
}

void FunctionCompiler::local_set(LocalIndex local, bool keep) {
  Operand value = pop();
  if (value.place == Place::Local && value.local == local) {
    if (keep) push(value);
    return;
  }
  if (alias_count_[local] != 0) materialize_aliases(local);
  const RegisterId reg = homes_[local];
  if (reg != no_register) {
    load(reg, value);
  } else {
    // In memory twice over: through a register that the operand may then stay in.
    if (keep && value.place != Place::Constant) to_register(value);
    store(local_memory(local), value);
  }
  if (keep && reg == no_register && value.place == Place::Register) {
    push(value);
    return;
  }
  release(value);
  if (keep) local_get(local);
}

x86::Mem FunctionCompiler::global_memory(GlobalIndex index) {
  const VmLayout& layout = environment_->layout;
  if (index >= module().imported_globals) {
    const std::uint32_t own = index - module().imported_globals;
    return x86::ptr(context_register, static_cast<std::int32_t>(layout.own_globals + 16 * own));
  }
  a_.mov(scratch,
         x86::ptr(context_register, static_cast<std::int32_t>(layout.globals + 8 * index)));
  return x86::ptr(scratch);
}

void FunctionCompiler::global_get(GlobalIndex index) {
  const Kind type = module().globals[index].type.value.kind();
  const RegisterId reg = result_register(type);
  load_register(type, reg, global_memory(index));
  push_result(type, reg);
}

void FunctionCompiler::global_set(GlobalIndex index) {
  Operand value = pop();
  if (value.place != Place::Constant || index < module().imported_globals) to_register(value);
  store(global_memory(index), value);
  release(value);
}

x86::Mem FunctionCompiler::constant_memory(std::uint64_t low, std::uint64_t high,
                                           std::uint32_t size) {
  // Only the latest are searched, so that hostile code cannot make this quadratic.
  const std::size_t searched = std::min<std::size_t>(constants_.size(), 32);
  for (std::size_t i = constants_.size() - searched; i < constants_.size(); ++i) {
    const Constant& constant = constants_[i];
    if (constant.low == low && constant.high == high) return x86::ptr(constant.label, 0, size);
  }
  constants_.push_back({low, high, a_.newLabel()});
  return x86::ptr(constants_.back().label, 0, size);
}

}  // namespace merlon::wasm::baseline
