// From the launcher's first instruction to the keep's: the processor's tables, then the keep.

#include "merlon/sallyport/boot.h"

#include <array>
#include <new>

#include "merlon/sallyport/guest/host_time.h"
#include "merlon/shim/kvm/doorbell.h"
#include "merlon/shim/kvm/encrypted.h"
#include "merlon/shim/kvm/worlds.h"
#include "merlon/shim/linux/host.h"
#include "merlon/shim/linux/keep.h"
#include "merlon/shim/linux/randomness.h"
#include "merlon/shim/linux/system_call.h"
#include "merlon/shim/linux/user.h"
#include "merlon/shim/snp/machine.h"
#include "merlon/shim/snp/protocol.h"
#include "merlon/shim/x86/address_space.h"
#include "merlon/shim/x86/machine.h"
#include "merlon/shim/x86/tables.h"

namespace merlon::shim::kvm {

using linux::crash;
using linux::give_up;
using linux::Keep;
using linux::Registers;
using sallyport::BootInfo;
using sallyport::World;

extern "C" {
extern std::uint8_t shim_stack_end[];
extern std::uint8_t exception_stack_end[];
extern x86::InterruptStacks interrupt_stacks;
extern void (*exception_common)() noexcept;
void exception_ring0() noexcept;
void exception_collapsed() noexcept;
[[noreturn]] void exception_stops() noexcept;
void system_call_entry() noexcept;
void system_call_lent() noexcept;
extern const std::uint8_t interrupt_gates[];
extern std::uint64_t is_guest_of_snp;
}

namespace {

static_assert(SHIM_START == sallyport::shim_start);
constinit const BootInfo* boot_page = nullptr;
constinit x86::Tables tables = x86::make_tables(sallyport::doorbell_port, interrupt_stacks);
constinit Keep the_keep{};
constinit x86::AddressSpace the_space{};
constinit snp::Guest the_guest{};
alignas(sallyport::Port) constinit std::array<std::uint8_t, sizeof(sallyport::Port)> port_storage{};

/// Whether memory is encrypted: the tables say so that the machine was started with, and where they
/// are, by a register that is measured there and that no host can change. Nobody else is asked.
bool is_encrypted(const BootInfo& boot) noexcept {
  // Where ring 0 is emulated nothing is, and the instruction would be dear.
  if (boot.world != World::Ring0) return false;
  std::uint64_t table = 0;
  // SAFETY: only read.
  asm volatile("mov %%cr3, %0" : "=r"(table));
  return (table & sallyport::private_bit) != 0;
}

}  // namespace

void end_machine(snp::Reason reason) noexcept {
  for (;;) {
    snp::snp_write_register(snp::ghcb_register, snp::termination(reason));
    snp::snp_exit();
  }
}

snp::Guest& guest() noexcept { return the_guest; }

/// Ring 0: what needs it. Says whether the rest runs at ring 3.
extern "C" std::uint64_t shim_prepare(const BootInfo* boot) noexcept {
  MERLON_CHECK(boot->magic == sallyport::boot_magic && boot->version == sallyport::version);
  boot_page = boot;
  const bool collapsed = boot->world == World::Collapsed;
  exception_common = collapsed ? &exception_collapsed : &exception_ring0;
  x86::begin_task(tables, collapsed ? exception_stack_end : shim_stack_end, collapsed);
  x86::load(tables, interrupt_gates);
  x86::begin_system_calls(&system_call_entry);
  if (is_encrypted(*boot)) {
    // SAFETY: mapped, read-only, where it lies; private, and filled by the launch.
    const core::ByteView page(reinterpret_cast<const std::uint8_t*>(sallyport::cpuid_page),
                              snp::Cpuid::page_size);
    if (const snp::Trouble trouble = the_guest.start(*boot, page)) end_machine(*trouble);
    if (const snp::Trouble trouble = the_guest.take_missing(*boot)) end_machine(*trouble);
    is_guest_of_snp = 1;
  }
  return collapsed ? 1 : 0;
}

/// Makes the keep ready and fills in the registers it starts with.
extern "C" void shim_boot(const BootInfo* boot, Registers* registers) noexcept {
  const sallyport::Block block = block_of(*boot);
  auto* const made = new (port_storage.data()) sallyport::Port(block, doorbell());
  constexpr std::uint64_t given = 4;  // three streams and the launch channel
  for (std::uint64_t fd = 0; fd < given; ++fd) made->descriptors().add(fd);
  const auto time = sallyport::take_host_time(block);
  if (!time) give_up("the host ", describe(time.error().violation));
  the_keep.clock.begin(*time);
  the_space.begin(*boot, the_keep.memory.ledger());
  the_keep.memory.begin(*boot);
  // SAFETY: only the address, which the keep calls.
  const std::uint64_t entry =
      boot->world == World::Collapsed ? reinterpret_cast<std::uint64_t>(&system_call_lent) : 0;
  if (!the_keep.clock.lend(boot->clock_address, entry)) {
    give_up("the launcher's address to lend at is not the keep's");
  }
  constexpr std::uint64_t random_size = 16;
  if (!linux::write_random(boot->random_address, random_size)) {
    give_up("the launcher's random address is not the keep's");
  }
  *registers = {};
  registers->rip = boot->entry;
  registers->cs = SELECTOR_USER_CODE;
  registers->rflags = 0x202;
  registers->rsp = boot->stack_pointer;
  registers->ss = SELECTOR_USER_DATA;
}

/// Tells what came that nobody here can have meant, and ends the keep; at any ring. What comes
/// meanwhile ends the machine: exception_common leads to exception_stops already.
extern "C" [[noreturn]] void shim_failed(std::uint64_t vector) noexcept {
  linux::port().finish();
  crash("the shim failed: it met ", name_of_vector(vector));
}

extern "C" void shim_exception(Registers* registers, std::uint64_t fault_address) noexcept {
  // SAFETY: only compared with another address.
  const auto entry = reinterpret_cast<std::uint64_t>(&system_call_entry);
  switch (cause_of(boot_page->world, *registers, entry)) {
    case Cause::SystemCall:
      make_system_call(*registers);
      linux::shim_system_call(registers);
      return;
    case Cause::Shim: exception_common = &exception_stops; shim_failed(registers->vector);
    case Cause::Keep: break;
  }
  if (the_guest.is_active()) {
    switch (the_guest.handle(*registers, fault_address)) {
      case snp::Guest::Outcome::Served: return;
      case snp::Guest::Outcome::Keep: break;
      case snp::Guest::Outcome::Unproved:
        exception_common = &exception_stops;
        shim_failed(registers->vector);
    }
  }
  the_keep.signals.raise(*registers, fault_address);
}

}  // namespace merlon::shim::kvm

namespace merlon::shim {

// What this file owns of linux/machine.h and x86/machine.h.

linux::Keep& linux::keep() noexcept { return kvm::the_keep; }

sallyport::Port& linux::port() noexcept {
  // SAFETY: shim_boot() made the Port there before anything could ask for it.
  return *std::launder(reinterpret_cast<sallyport::Port*>(kvm::port_storage.data()));
}

bool linux::give_pages(Range range, Access access) noexcept {
  return kvm::the_space.give(range, access);
}
void linux::take_pages(Range range) noexcept { kvm::the_space.take(range); }

const sallyport::BootInfo& x86::boot_info() noexcept { return *kvm::boot_page; }

}  // namespace merlon::shim
