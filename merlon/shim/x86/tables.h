#pragma once

// The tables that the processor reads by itself: segments, the task's state, the registers that
// say where `syscall` goes. Made when the shim is built, as far as that can be: at ring 0, which
// may be emulated, each instruction counts.

#include <array>
#include <cstddef>
#include <cstdint>

#include "merlon/shim/x86/layout.h"

namespace merlon::shim::x86 {

/// The ports up to 255, and the byte of ones that is to stand behind them.
inline constexpr std::size_t port_bytes = 33;

/// What a task's segment says in 64-bit mode [INTEL SDM 3A].
struct [[gnu::packed]] TaskState {
  std::uint32_t reserved0;
  std::uint64_t stack0;
  std::uint64_t unused[3];
  const void* interrupt_stacks[INTERRUPT_STACK_COUNT];  ///< their ends; gates name them from 1 on
  std::uint64_t unused_too[2];
  std::uint16_t reserved1;
  std::uint16_t ports_offset;
  std::array<std::uint8_t, port_bytes> ports;
};
static_assert(offsetof(TaskState, interrupt_stacks) == 0x24);
static_assert(offsetof(TaskState, ports) == 0x68);

/// Room for the stacks that gates name.
using InterruptStacks = std::uint8_t[INTERRUPT_STACK_COUNT * INTERRUPT_STACK_SIZE];

/// One, since there is one thread. It stays where it is while the processor runs.
struct Tables {
  std::array<std::uint64_t, 10> segments;
  TaskState task;
};

/// Ring 3's and ring 0's segments [INTEL SDM 3A §3.4.5]; the last two words are the task's, of
/// which begin_task() adds the base.
constexpr std::array<std::uint64_t, 10> make_segments() noexcept {
  constexpr std::uint64_t task_type = 0x89;  // available task state, present
  std::array<std::uint64_t, 10> made{};
  made[SELECTOR_KERNEL_CODE / 8] = 0x00af'9b00'0000'ffff;
  made[SELECTOR_KERNEL_DATA / 8] = 0x00cf'9300'0000'ffff;
  made[SELECTOR_USER_DATA / 8] = 0x00cf'f300'0000'ffff;
  made[SELECTOR_USER_CODE / 8] = 0x00af'fb00'0000'ffff;
  made[SELECTOR_TASK / 8] = (sizeof(TaskState) - 1) | (task_type << 40U);
  return made;
}

/// All ports but `port`, below 256, are closed to ring 3.
constexpr std::array<std::uint8_t, port_bytes> only_port(unsigned port) noexcept {
  std::array<std::uint8_t, port_bytes> ports{};
  ports.fill(0xff);
  ports[port / 8] = static_cast<std::uint8_t>(~(1U << (port % 8)));
  return ports;
}

/// `port`: the one that ring 3 has, if it is given any; see begin_task().
constexpr Tables make_tables(unsigned port, InterruptStacks& stacks) noexcept {
  Tables made{make_segments(),
              {.reserved0 = 0,
               .stack0 = 0,
               .unused = {},
               .interrupt_stacks = {},
               .unused_too = {},
               .reserved1 = 0,
               .ports_offset = offsetof(TaskState, ports),
               .ports = only_port(port)}};
  for (std::size_t i = 0; i < INTERRUPT_STACK_COUNT; ++i) {
    made.task.interrupt_stacks[i] = &stacks[i * INTERRUPT_STACK_SIZE] + INTERRUPT_STACK_SIZE;
  }
  return made;
}

/// What MSR STAR holds: the segments that `syscall` takes, and from where `sysret` would count,
/// which is never used.
inline constexpr std::uint64_t system_call_segments =
    (std::uint64_t{SELECTOR_USER_DATA - 8} << 48U) | (std::uint64_t{SELECTOR_KERNEL_CODE} << 32U);

[[nodiscard]] inline std::uint64_t address_of(const void* pointer) noexcept {
  // SAFETY: the processor takes addresses as numbers; all of a shim is mapped one to one.
  return reinterpret_cast<std::uint64_t>(pointer);
}

/// Where faults find their stack, from its end downwards; and whether ring 3 has its one port, or
/// none.
void begin_task(Tables& tables, const void* stack_end, bool has_port) noexcept;

/// Has the processor use `tables` and the GATE_COUNT entries of `gates` from now on. Ring 0.
void load(const Tables& tables, const void* gates) noexcept;

/// `syscall` goes to `entry`, without the flags that would matter there. Ring 0.
void begin_system_calls(void (*entry)() noexcept) noexcept;

}  // namespace merlon::shim::x86
