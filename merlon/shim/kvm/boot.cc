// From the launcher's first instruction to the keep's: the processor's tables, then the keep.

#include <array>
#include <new>

#include "merlon/sallyport/guest/attention.h"
#include "merlon/shim/kvm/keep.h"
#include "merlon/shim/kvm/machine.h"
#include "merlon/shim/kvm/system_call.h"
#include "merlon/shim/kvm/user.h"

namespace merlon::shim {

using sallyport::BootInfo;
using sallyport::World;

extern "C" {
extern std::uint8_t shim_stack_end[];
extern std::uint8_t exception_stack_end[];
extern void (*exception_common)() noexcept;
void exception_ring0() noexcept;
void exception_collapsed() noexcept;
void system_call_ring0() noexcept;
void system_call_collapsed() noexcept;
void system_call_lent() noexcept;
extern const std::uint8_t interrupt_gates[];
}

namespace {

// [INTEL SDM 3A §3.4.5]: 64-bit code and data of rings 0 and 3.
constexpr std::uint64_t kernel_code = 0x00af'9b00'0000'ffff;
constexpr std::uint64_t kernel_data = 0x00cf'9300'0000'ffff;
constexpr std::uint64_t user_data = 0x00cf'f300'0000'ffff;
constexpr std::uint64_t user_code = 0x00af'fb00'0000'ffff;

constexpr std::uint32_t msr_star = 0xc000'0081;
constexpr std::uint32_t msr_lstar = 0xc000'0082;
constexpr std::uint32_t msr_fmask = 0xc000'0084;
constexpr std::uint32_t msr_gs_base = 0xc000'0101;
constexpr std::uint32_t msr_kernel_gs_base = 0xc000'0102;
/// Trap, interrupt, direction, I/O privilege, nested task, alignment check.
constexpr std::uint64_t cleared_flags = 0x4'7700;

/// Ports that ring 3 may use, up to the doorbell's, and the byte of ones behind them.
constexpr std::size_t port_bytes = 33;

struct [[gnu::packed]] TaskState {
  std::uint32_t reserved0;
  std::uint64_t stack0;
  std::array<std::uint64_t, 11> unused;
  std::uint16_t reserved1;
  std::uint16_t ports_offset;
  std::array<std::uint8_t, port_bytes> ports;
};
static_assert(offsetof(TaskState, ports) == 0x68);

struct [[gnu::packed]] TableRegister {
  std::uint16_t limit;
  std::uint64_t base;
};

/// All ports but the doorbell's are closed; the byte of ones behind them too.
constexpr std::array<std::uint8_t, port_bytes> doorbell_only() noexcept {
  std::array<std::uint8_t, port_bytes> ports{};
  ports.fill(0xff);
  constexpr unsigned port = sallyport::doorbell_port;
  ports[port / 8] = static_cast<std::uint8_t>(~(1U << (port % 8)));
  return ports;
}

constexpr std::uint64_t task_type = 0x89;  // available task state, present

/// Ring 3's and ring 0's segments; the last two words are the task's, of which boot adds the base.
constexpr std::array<std::uint64_t, 10> segments() noexcept {
  std::array<std::uint64_t, 10> made{};
  made[SELECTOR_KERNEL_CODE / 8] = kernel_code;
  made[SELECTOR_KERNEL_DATA / 8] = kernel_data;
  made[SELECTOR_USER_DATA / 8] = user_data;
  made[SELECTOR_USER_CODE / 8] = user_code;
  made[SELECTOR_TASK / 8] = (sizeof(TaskState) - 1) | (task_type << 40U);
  return made;
}

/// What the processor reads; one, since there is one thread. Made when the shim is built, as far as
/// that can be: at ring 0, which may be emulated, each instruction counts.
struct Tables {
  std::array<std::uint64_t, 10> segments;
  TaskState task;
  ThreadBlock thread;
};

constinit Tables tables{segments(),
                        {.reserved0 = 0,
                         .stack0 = 0,
                         .unused = {},
                         .reserved1 = 0,
                         .ports_offset = offsetof(TaskState, ports),
                         .ports = doorbell_only()},
                        {}};
static_assert(SHIM_START == sallyport::shim_start);
constinit const BootInfo* boot_page = nullptr;
constinit Keep the_keep{};
alignas(sallyport::Port) constinit std::array<std::uint8_t, sizeof(sallyport::Port)> port_storage{};

std::uint64_t address_of(const void* pointer) noexcept {
  // SAFETY: the processor takes addresses as numbers; all of the shim is mapped one to one.
  return reinterpret_cast<std::uint64_t>(pointer);
}

void write_msr(std::uint32_t number, std::uint64_t value) noexcept {
  // SAFETY: callers name registers that every x86-64 processor has; the shim runs in ring 0.
  asm volatile("wrmsr"
               :
               : "c"(number), "a"(static_cast<std::uint32_t>(value)),
                 "d"(static_cast<std::uint32_t>(value >> 32U))
               : "memory");
}

void set_task(bool collapsed) noexcept {
  const std::uint64_t base = address_of(&tables.task);
  tables.segments[SELECTOR_TASK / 8] |= ((base & 0xff'ffff) << 16U) | (base >> 24U << 56U);
  tables.task.stack0 = address_of(collapsed ? exception_stack_end : shim_stack_end);
  // Without a bitmap ring 3 has no port.
  if (!collapsed) tables.task.ports_offset = sizeof(TaskState);
}

void load_tables() noexcept {
  const TableRegister segments{sizeof(tables.segments) - 1, address_of(tables.segments.data())};
  const TableRegister gates{16 * GATE_COUNT - 1, address_of(interrupt_gates)};
  // SAFETY: the tables are static and whole; the processor keeps their addresses for ever.
  asm volatile("lgdt %0" : : "m"(segments));
  asm volatile("lidt %0" : : "m"(gates));
  asm volatile("ltr %w0" : : "r"(SELECTOR_TASK));
}

void set_system_call(bool collapsed) noexcept {
  constexpr std::uint64_t user_base = SELECTOR_USER_DATA - 8;  // sysret's; never used
  write_msr(msr_star, (user_base << 48U) | (std::uint64_t{SELECTOR_KERNEL_CODE} << 32U));
  const auto entry = collapsed ? &system_call_collapsed : &system_call_ring0;
  // SAFETY: the processor takes the address of the entry, code that returns by sysret or iretq.
  write_msr(msr_lstar, reinterpret_cast<std::uint64_t>(entry));
  write_msr(msr_fmask, cleared_flags);
  tables.thread.stack = address_of(shim_stack_end);
  write_msr(msr_gs_base, address_of(&tables.thread));
  write_msr(msr_kernel_gs_base, 0);
}

sallyport::Block the_block() noexcept {
  // SAFETY: the launcher wrote the boot page and maps the block where it says.
  return sallyport::Block(
      {reinterpret_cast<std::uint8_t*>(boot_page->block_address), boot_page->block_size});
}

void ring(void* /*self*/, std::uint32_t sequence) noexcept {
  if (sallyport::is_answered_unasked(the_block(), sequence)) return;
  // SAFETY: the port belongs to the launcher, who answers in the block: all memory may change.
  asm volatile("outb %b0, %w1" : : "a"(0), "d"(sallyport::doorbell_port) : "memory");
}

/// Machines that do not stop at `out` answer later.
void ring_and_wait(void* self, std::uint32_t sequence) noexcept {
  ring(self, sequence);
  const sallyport::Block block = the_block();
  while (block.load(&sallyport::Header::answered) != sequence) {
    // SAFETY: a hint to the processor; nothing is read or written.
    asm volatile("pause");
  }
}

void fill_random(std::uint64_t address) noexcept {
  const auto bytes = writable_bytes(address, 2 * sizeof(std::uint64_t));
  if (!bytes) give_up("the launcher's random address is not the keep's");
  for (std::size_t half = 0; half < 2; ++half) {
    const std::uint64_t value = hardware_random();
    copy(bytes->subspan(half * sizeof(value)), bytes_of(value));
  }
}

}  // namespace

const BootInfo& boot_info() noexcept { return *boot_page; }
Keep& keep() noexcept { return the_keep; }

sallyport::Port& port() noexcept {
  // SAFETY: shim_boot() made the Port there before anything could ask for it.
  return *std::launder(reinterpret_cast<sallyport::Port*>(port_storage.data()));
}

/// Ring 0: what needs it. Says whether the rest runs at ring 3.
extern "C" std::uint64_t shim_prepare(const BootInfo* boot) noexcept {
  MERLON_CHECK(boot->magic == sallyport::boot_magic && boot->version == sallyport::version);
  boot_page = boot;
  const bool collapsed = boot->world == World::Collapsed;
  exception_common = collapsed ? &exception_collapsed : &exception_ring0;
  set_task(collapsed);
  load_tables();
  set_system_call(collapsed);
  return collapsed ? 1 : 0;
}

/// Makes the keep ready and fills in the registers it starts with.
extern "C" std::uint64_t shim_boot(const BootInfo* boot, Registers* registers) noexcept {
  const sallyport::Block block = the_block();
  const bool waits = boot->polls_for_answers != 0;
  auto* const made =
      new (port_storage.data()) sallyport::Port(block, {waits ? &ring_and_wait : &ring, nullptr});
  constexpr std::uint64_t given = 4;  // three streams and the launch channel
  for (std::uint64_t fd = 0; fd < given; ++fd) made->descriptors().add(fd);
  sallyport::HostTime time{};
  block.copy_out(writable_bytes_of(time));
  the_keep.clock.begin(time);
  the_keep.space.begin(*boot);
  // SAFETY: only the address, which the keep calls.
  const std::uint64_t entry =
      boot->world == World::Collapsed ? reinterpret_cast<std::uint64_t>(&system_call_lent) : 0;
  if (!the_keep.clock.lend(entry)) give_up("the launcher's address to lend at is not the keep's");
  fill_random(boot->random_address);
  *registers = {};
  registers->rip = boot->entry;
  registers->cs = SELECTOR_USER_CODE;
  registers->rflags = 0x202;
  registers->rsp = boot->stack_pointer;
  registers->ss = SELECTOR_USER_DATA;
  return boot->world == World::Collapsed ? 1 : 0;
}

extern "C" void shim_exception(Registers* registers, std::uint64_t fault_address) noexcept {
  // SAFETY: only compared with another address.
  const auto entry = reinterpret_cast<std::uint64_t>(&system_call_ring0);
  constexpr std::uint64_t page_fault = 14;
  if (boot_page->world == World::Isolated && registers->vector == page_fault &&
      registers->rip == entry) {
    // `syscall` went to a page that ring 3 may not read: it is one all the same.
    registers->vector = registers->rax;
    registers->rip = registers->rcx;
    registers->rflags = registers->r11;
    shim_system_call(registers);
    return;
  }
  if (registers->rip >= sallyport::shim_start && registers->rip < sallyport::shim_end) {
    crash("the shim failed: an exception of its own");
  }
  the_keep.signals.raise(*registers, fault_address);
}

extern "C" void shim_broken(Registers* /*registers*/, std::uint64_t /*fault_address*/) noexcept {
  crash("the shim failed: an exception at ring 0");
}

}  // namespace merlon::shim
