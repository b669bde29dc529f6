#include "merlon/shim/x86/tables.h"

namespace merlon::shim::x86 {
namespace {

constexpr std::uint32_t msr_star = 0xc000'0081;
constexpr std::uint32_t msr_lstar = 0xc000'0082;
constexpr std::uint32_t msr_fmask = 0xc000'0084;
/// Trap, interrupt, direction, I/O privilege, nested task, alignment check.
constexpr std::uint64_t cleared_flags = 0x4'7700;

struct [[gnu::packed]] TableRegister {
  std::uint16_t limit;
  std::uint64_t base;
};

void write_msr(std::uint32_t number, std::uint64_t value) noexcept {
  // SAFETY: callers name registers that every x86-64 processor has; the shim runs in ring 0.
  asm volatile("wrmsr"
               :
               : "c"(number), "a"(static_cast<std::uint32_t>(value)),
                 "d"(static_cast<std::uint32_t>(value >> 32U))
               : "memory");
}

}  // namespace

void begin_task(Tables& tables, const void* stack_end, bool has_port) noexcept {
  const std::uint64_t base = address_of(&tables.task);
  tables.segments[SELECTOR_TASK / 8] |= ((base & 0xff'ffff) << 16U) | (base >> 24U << 56U);
  tables.task.stack0 = address_of(stack_end);
  tables.task.interrupt_stacks[STACK_FAULT - 1] = stack_end;
  // Without a bitmap ring 3 has no port.
  if (!has_port) tables.task.ports_offset = sizeof(TaskState);
}

void load(const Tables& tables, const void* gates) noexcept {
  const TableRegister segments{sizeof(tables.segments) - 1, address_of(tables.segments.data())};
  const TableRegister interrupts{16 * GATE_COUNT - 1, address_of(gates)};
  // SAFETY: the tables are static and whole; the processor keeps their addresses for ever.
  asm volatile("lgdt %0" : : "m"(segments));
  asm volatile("lidt %0" : : "m"(interrupts));
  asm volatile("ltr %w0" : : "r"(SELECTOR_TASK));
}

void begin_system_calls(void (*entry)() noexcept) noexcept {
  write_msr(msr_star, system_call_segments);
  // SAFETY: the processor takes the address of the entry, code that returns by iretq.
  write_msr(msr_lstar, reinterpret_cast<std::uint64_t>(entry));
  write_msr(msr_fmask, cleared_flags);
}

}  // namespace merlon::shim::x86
