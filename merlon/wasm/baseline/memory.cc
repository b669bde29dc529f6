#include <algorithm>
#include <array>

#include "merlon/wasm/baseline/function_compiler.h"

// Loads, stores and whole-memory operations.

namespace merlon::wasm::baseline {

x86::Mem FunctionCompiler::memory_base(MemoryIndex memory) {
  a_.mov(scratch, x86::ptr(context_register,
                           static_cast<std::int32_t>(environment_->layout.memories + 8 * memory)));
  return x86::ptr(scratch);
}

FunctionCompiler::Address FunctionCompiler::address(const Instruction& instruction,
                                                    std::uint32_t size) {
  Operand index = pop();
  const Limits& limits = module().memories[instruction.memory].limits;
  const bool wide = limits.address == AddressType::I64;
  const bool compares = environment_->bounds == Bounds::Checks;
  Address result = wide       ? checked_address(instruction, index, size)
                   : compares ? compared_address(instruction, index, size)
                              : guarded_address(instruction, index);
  result.memory.setSize(size);
  return result;
}

/// A 32-bit index and a 32-bit offset cannot leave the memory's reservation.
FunctionCompiler::Address FunctionCompiler::guarded_address(const Instruction& instruction,
                                                            Operand& index) {
  constexpr std::uint64_t max_displacement = 0x7fff'ffff;
  Address result;
  std::uint64_t offset = instruction.value;
  RegisterId reg = no_register;
  if (index.place == Place::Constant) {
    offset += static_cast<std::uint32_t>(index.bits);
  } else {
    reg = to_register(index);
    if (index.place == Place::Register) result.held = index.reg;
  }
  x86::Gp base = memory_register;
  if (instruction.memory != 0) {
    (void)memory_base(instruction.memory);
    a_.mov(scratch, x86::ptr(scratch, offsetof(VmMemory, base)));
    base = scratch;
  }
  if (offset <= max_displacement) {
    const auto displacement = static_cast<std::int32_t>(offset);
    result.memory = reg == no_register ? x86::ptr(base, displacement)
                                       : x86::ptr(base, gp64(reg), 0, displacement);
    return result;
  }
  // Too far for a displacement.
  const RegisterId sum = allocate_general();
  result.held2 = sum;
  a_.mov(gp64(sum), offset);
  if (reg != no_register) a_.add(gp64(sum), gp64(reg));
  result.memory = x86::ptr(base, gp64(sum));
  return result;
}

void FunctionCompiler::follow_comparisons() {
  constexpr std::array ways_in{Opcode::Loop,  Opcode::Else,     Opcode::End,
                               Opcode::Catch, Opcode::CatchAll, Opcode::Delegate};
  for (; followed_ <= at_; ++followed_) {
    const Instruction& instruction = analysis_.instructions[followed_];
    if (instruction.op == Opcode::LocalSet || instruction.op == Opcode::LocalTee) {
      compared_in_[instruction.low()] = 0;
    } else if (std::ranges::find(ways_in, instruction.op) != ways_in.end()) {
      ++straight_;
    }
  }
}

void FunctionCompiler::trap_beyond(MemoryIndex memory, std::uint64_t end, RegisterId reg) {
  (void)memory_base(memory);
  const x86::Mem bytes = x86::ptr(scratch, offsetof(VmMemory, bytes), 8);
  if (reg == no_register) {
    a_.cmp(bytes, static_cast<std::int32_t>(end));
    a_.jb(trap_label(TrapKind::MemoryOutOfBounds));
  } else {
    a_.cmp(gp64(reg), bytes);
    a_.ja(trap_label(TrapKind::MemoryOutOfBounds));
  }
}

/// Where nothing is reserved behind the memory. Index, offset and size are below 2^34 together, so
/// that the sum needs no look at a carry.
FunctionCompiler::Address FunctionCompiler::compared_address(const Instruction& instruction,
                                                             Operand& index, std::uint32_t size) {
  constexpr std::uint64_t max_displacement = 0x7fff'ffff;
  Address result;
  std::uint64_t offset = instruction.value;
  RegisterId reg = no_register;
  const LocalIndex local = index.place == Place::Local ? index.local : no_local;
  if (index.place == Place::Constant) {
    offset += static_cast<std::uint32_t>(index.bits);
  } else {
    reg = to_register(index);
    if (index.place == Place::Register) result.held = index.reg;
  }
  const std::uint64_t end = offset + size;
  const bool in_local = local != no_local && instruction.memory == 0 && end <= max_displacement;
  if (in_local && was_compared(local, end)) {
    result.memory = x86::ptr(memory_register, gp64(reg), 0, static_cast<std::int32_t>(offset));
    return result;
  }
  RegisterId sum = no_register;
  if (reg != no_register || end > max_displacement) {
    sum = allocate_general();
    if (end <= max_displacement) {
      a_.lea(gp64(sum), x86::ptr(gp64(reg), static_cast<std::int32_t>(end)));
    } else {
      a_.mov(gp64(sum), end);
      if (reg != no_register) a_.add(gp64(sum), gp64(reg));
    }
  }
  trap_beyond(instruction.memory, end, sum);
  if (in_local) {
    compared_to_[local] = end;
    compared_in_[local] = straight_;
  }
  x86::Gp base = memory_register;
  if (instruction.memory != 0) {
    a_.mov(scratch, x86::ptr(scratch, offsetof(VmMemory, base)));
    base = scratch;
  }
  if (end > max_displacement) {
    result.held2 = sum;
    result.memory = x86::ptr(base, gp64(sum), 0, -static_cast<std::int32_t>(size));
    return result;
  }
  if (sum != no_register) release(sum);
  const auto displacement = static_cast<std::int32_t>(offset);
  result.memory = reg == no_register ? x86::ptr(base, displacement)
                                     : x86::ptr(base, gp64(reg), 0, displacement);
  return result;
}

/// A 64-bit index is held against the memory's size.
FunctionCompiler::Address FunctionCompiler::checked_address(const Instruction& instruction,
                                                            Operand& index, std::uint32_t size) {
  Address result;
  const std::uint64_t offset = instruction.value;
  const RegisterId end = allocate_general();
  result.held2 = end;
  load(end, index);
  release(index);
  const std::uint64_t add = offset + size;
  if (add < offset) {
    a_.jmp(trap_label(TrapKind::MemoryOutOfBounds));
  } else if (add <= 0x7fff'ffff) {
    a_.add(gp64(end), static_cast<std::int32_t>(add));
  } else {
    a_.mov(scratch, add);
    a_.add(gp64(end), scratch);
  }
  a_.jc(trap_label(TrapKind::MemoryOutOfBounds));
  (void)memory_base(instruction.memory);
  a_.cmp(gp64(end), x86::ptr(scratch, offsetof(VmMemory, bytes)));
  a_.ja(trap_label(TrapKind::MemoryOutOfBounds));
  a_.mov(scratch, x86::ptr(scratch, offsetof(VmMemory, base)));
  result.memory = x86::ptr(scratch, gp64(end), 0, -static_cast<std::int32_t>(size));
  return result;
}

void FunctionCompiler::release(const Address& address) {
  release(address.held);
  release(address.held2);
}

void FunctionCompiler::memory_load(const Instruction& instruction, Kind type, bool is_signed) {
  const std::uint32_t size = access_size(instruction.op);
  const Address from = address(instruction, size);
  Operand reusable;
  if (from.held != no_register) {
    reusable.place = Place::Register;
    reusable.reg = from.held;
  }
  const bool vector = type == Kind::F32 || type == Kind::F64;
  const RegisterId reg = result_register(type, vector ? nullptr : &reusable);
  note_fault();
  if (vector) {
    load_register(type, reg, from.memory);
  } else {
    // Numbers of 32 bits are kept with their upper half zero, which extends unsigned ones.
    const x86::Gp to = type == Kind::I64 && (is_signed || size == 8) ? gp64(reg) : gp32(reg);
    if (size >= 4 && is_signed) a_.movsxd(to, from.memory);
    else if (size >= 4) a_.mov(to, from.memory);
    else if (is_signed) a_.movsx(to, from.memory);
    else a_.movzx(to, from.memory);
  }
  if (from.held != reg) release(from.held);
  if (from.held2 != reg) release(from.held2);
  push_result(type, reg);
}

void FunctionCompiler::memory_store(const Instruction& instruction) {
  const std::uint32_t size = access_size(instruction.op);
  Operand value = pop();
  const bool encodable =
      value.place == Place::Constant &&
      (size <= 4 || static_cast<std::int64_t>(value.bits) == static_cast<std::int32_t>(value.bits));
  if (!encodable) to_register(value);
  const Address to = address(instruction, size);
  note_fault();
  store_value(size, value, to.memory);
  release(value);
  release(to);
}

void FunctionCompiler::store_value(std::uint32_t size, const Operand& value, const x86::Mem& to) {
  if (value.place == Place::Constant) {
    const auto bits = static_cast<std::int64_t>(value.bits);
    switch (size) {
      case 1: a_.mov(to, static_cast<std::int8_t>(bits)); return;
      case 2: a_.mov(to, static_cast<std::int16_t>(bits)); return;
      default: a_.mov(to, static_cast<std::int32_t>(bits)); return;
    }
  }
  const RegisterId reg = register_of(value);
  if (is_vector(reg)) {
    if (size == 4) a_.vmovss(to, xmm(reg));
    else a_.vmovsd(to, xmm(reg));
    return;
  }
  switch (size) {
    case 1: a_.mov(to, x86::gpb(reg)); return;
    case 2: a_.mov(to, x86::gpw(reg)); return;
    case 4: a_.mov(to, gp32(reg)); return;
    default: a_.mov(to, gp64(reg)); return;
  }
}

void FunctionCompiler::memory_size(MemoryIndex memory) {
  const bool wide = module().memories[memory].limits.address == AddressType::I64;
  const RegisterId reg = allocate_general();
  (void)memory_base(memory);
  a_.mov(gp64(reg), x86::ptr(scratch, offsetof(VmMemory, bytes)));
  a_.shr(gp64(reg), 16);
  push_register(wide ? Kind::I64 : Kind::I32, reg);
}

void FunctionCompiler::memory_grow(MemoryIndex memory) {
  const bool wide = module().memories[memory].limits.address == AddressType::I64;
  const Operand delta = pop();
  call_builtin(Builtin::MemoryGrow, {immediate(memory), delta});
  if (!wide) a_.mov(x86::eax, x86::eax);
  push_register(wide ? Kind::I64 : Kind::I32, rax);
}

/// Fills, copies or initialises a stretch of a memory or table; `which` are their indices.
void FunctionCompiler::bulk(Builtin builtin, std::uint64_t which) {
  const Operand count = pop();
  const Operand second = pop();
  const Operand to = pop();
  call_builtin(builtin, {immediate(which), to, second, count});
  trap_unless_rax();
}

}  // namespace merlon::wasm::baseline
