#include "merlon/wasm/baseline/function_compiler.h"

// Loads, stores and whole-memory operations.

namespace merlon::wasm::baseline {

namespace {

constexpr std::uint64_t max_displacement = 0x7fff'ffff;

/// Is the address the only operand? Then it is on top of the stack.
bool takes_address_alone(Opcode op) { return info(op).signature.starts_with("a:"); }

}  // namespace

x86::Mem FunctionCompiler::memory_base(MemoryIndex memory) {
  a_.mov(scratch, x86::ptr(context_register,
                           static_cast<std::int32_t>(environment_->layout.memories + 8 * memory)));
  return x86::ptr(scratch);
}

x86::Gp FunctionCompiler::base_of(MemoryIndex memory) {
  if (memory == 0) return memory_register;
  (void)memory_base(memory);
  a_.mov(scratch, x86::ptr(scratch, offsetof(VmMemory, base)));
  return scratch;
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
  Address result;
  std::uint64_t offset = instruction.value;
  RegisterId reg = no_register;
  if (index.place == Place::Constant) {
    offset += static_cast<std::uint32_t>(index.bits);
  } else {
    reg = to_register(index);
    if (index.place == Place::Register) result.held = index.reg;
  }
  const x86::Gp base = base_of(instruction.memory);
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

/// Where little is reserved behind the memory. Index, offset and size are below 2^34 together, so
/// that a sum needs no look at a carry.
FunctionCompiler::Address FunctionCompiler::compared_address(const Instruction& instruction,
                                                             Operand& index, std::uint32_t size) {
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
  const x86::Gp base = base_of(instruction.memory);
  RegisterId sum = no_register;
  if (!needs_no_comparison(instruction, reg, local, end)) {
    if (reg != no_register && end <= small_guard) {
      compare_index(base, instruction, reg, local, end);
    } else {
      sum = compare_end(base, reg, end);
    }
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

/// A memory never gets smaller than its type says, nor than it was.
bool FunctionCompiler::needs_no_comparison(const Instruction& instruction, RegisterId index,
                                           LocalIndex local, std::uint64_t end) const {
  if (end > max_displacement) return false;
  if (index == no_register) {
    return end <= module().memories[instruction.memory].limits.min * page_size;
  }
  if (instruction.memory != 0) return false;
  return local != no_local ? compared_.covers(local, end)
                           : takes_address_alone(instruction.op) && compared_.covers_sum(at_, end);
}

/// Traps if `index` lies behind the memory, or what a row of loads begins with; then that much is
/// known of the local that it came from.
void FunctionCompiler::compare_index(x86::Gp base, const Instruction& instruction, RegisterId index,
                                     LocalIndex local, std::uint64_t end) {
  ComparedLocals::Row row;
  if (instruction.memory == 0) {
    if (takes_address_alone(instruction.op)) row = compared_.row_of(at_, end);
    if (row.lowest.local == no_local) row.lowest.local = local;
  }
  const x86::Mem size = x86::ptr(base, size_from_base, 8);
  if (row.below == 0) {
    a_.cmp(gp64(index), size);
  } else {
    const RegisterId lowest = allocate_general();
    a_.lea(gp32(lowest), x86::ptr(gp64(index), -static_cast<std::int32_t>(row.below)));
    a_.cmp(gp64(lowest), size);
    release(lowest);
  }
  a_.jae(trap_label(TrapKind::MemoryOutOfBounds));
  if (row.lowest.local != no_local) compared_.add(row.lowest);
}

/// Traps if `index` + `end` lies behind the memory; gives the sum in a register to be released.
RegisterId FunctionCompiler::compare_end(x86::Gp base, RegisterId index, std::uint64_t end) {
  const RegisterId sum = allocate_general();
  if (index != no_register && end <= max_displacement) {
    a_.lea(gp64(sum), x86::ptr(gp64(index), static_cast<std::int32_t>(end)));
  } else {
    a_.mov(gp64(sum), end);
    if (index != no_register) a_.add(gp64(sum), gp64(index));
  }
  a_.cmp(gp64(sum), x86::ptr(base, size_from_base));
  a_.ja(trap_label(TrapKind::MemoryOutOfBounds));
  return sum;
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
  } else if (add <= max_displacement) {
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
