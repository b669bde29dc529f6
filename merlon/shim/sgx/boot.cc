// From the first entry of the enclave to the keep's first instruction, and what of linux/machine.h
// an enclave has.

#include <array>
#include <new>

#include "merlon/sallyport/enclave.h"
#include "merlon/sallyport/guest/attention.h"
#include "merlon/sallyport/guest/host_time.h"
#include "merlon/shim/linux/host.h"
#include "merlon/shim/linux/keep.h"
#include "merlon/shim/linux/randomness.h"
#include "merlon/shim/sgx/attest.h"
#include "merlon/shim/sgx/interruption.h"
#include "merlon/shim/sgx/layout.h"
#include "merlon/shim/sgx/pages.h"

namespace merlon::shim::sgx {

using linux::give_up;
using linux::Keep;
using linux::Registers;
using sallyport::BootInfo;
using sallyport::Violation;

extern "C" {
void sgx_ask() noexcept;
void system_call_lent() noexcept;
Registers* sgx_start() noexcept;
}

namespace {

static_assert(SHIM_START == sallyport::shim_start);
static_assert(EXIT_ASKS == static_cast<std::uint64_t>(sallyport::EnclaveExit::Asks));
static_assert(EXTENDED_STATE == sallyport::enclave_extended_state);
static_assert(offsetof(Registers, rdi) == REGISTER_RDI &&
              offsetof(Registers, rip) == REGISTER_RIP &&
              offsetof(Registers, rflags) == REGISTER_RFLAGS &&
              offsetof(Registers, rsp) == REGISTER_RSP);

constinit Keep the_keep{};
constinit Pages the_pages{};
alignas(sallyport::Port) constinit std::array<std::uint8_t, sizeof(sallyport::Port)> port_storage{};

const BootInfo& boot_info() noexcept {
  // SAFETY: measured, read-only, where it lies.
  return *reinterpret_cast<const BootInfo*>(sallyport::enclave_boot_page);
}

sallyport::Block block() noexcept {
  // SAFETY: outside of the enclave, at an address that is measured; nothing in there is believed.
  return sallyport::Block(
      {reinterpret_cast<std::uint8_t*>(sallyport::enclave_block), sallyport::enclave_block_size});
}

/// The host comes back when it has answered; one that comes back before is asked once more by
/// nobody: the port finds that nothing was answered.
void ring(void* /*self*/, std::uint64_t sequence) noexcept {
  if (sallyport::is_answered_unasked(block(), sequence)) return;
  sgx_ask();
}

}  // namespace

Registers* sgx_start() noexcept {
  const BootInfo& boot = boot_info();
  auto* const made = new (port_storage.data()) sallyport::Port(block(), {&ring, nullptr});
  constexpr std::uint64_t given = 4;  // three streams and the launch channel
  for (std::uint64_t fd = 0; fd < given; ++fd) made->descriptors().add(fd);
  const auto time = sallyport::take_host_time(block());
  if (!time) give_up("the host ", describe(time.error().violation));
  the_keep.clock.begin(*time);
  the_keep.memory.begin(boot);
  the_pages.begin(boot, the_keep.memory.ledger());
  // SAFETY: only the address, which the keep calls.
  const auto entry = reinterpret_cast<std::uint64_t>(&system_call_lent);
  if (!the_keep.clock.lend(boot.clock_address, entry)) {
    give_up("the launcher's address to lend at is not the keep's");
  }
  constexpr std::uint64_t random_size = 16;
  if (!linux::write_random(boot.random_address, random_size)) {
    give_up("the launcher's random address is not the keep's");
  }
  sgx_registers = {};
  sgx_registers.rip = boot.entry;
  sgx_registers.rflags = linux::fixed_flags;
  sgx_registers.rsp = boot.stack_pointer;
  return &sgx_registers;
}

Pages& pages() noexcept { return the_pages; }

}  // namespace merlon::shim::sgx

namespace merlon::shim {

linux::Keep& linux::keep() noexcept { return sgx::the_keep; }

sallyport::Port& linux::port() noexcept {
  // SAFETY: sgx_start() made the Port there before anything could ask for it.
  return *std::launder(reinterpret_cast<sallyport::Port*>(sgx::port_storage.data()));
}

bool linux::give_pages(Range range, Access access) noexcept {
  return sgx::the_pages.give(range, access);
}
void linux::take_pages(Range range) noexcept { sgx::the_pages.take(range); }
bool linux::reach_pages(std::uint64_t address, std::uint64_t size) noexcept {
  return sgx::the_pages.reach(address, size);
}

std::optional<std::uint64_t> linux::random_number() noexcept {
  std::uint64_t value = 0;
  bool good = false;
  // SAFETY: every processor with SGX has it; the value counts only if `good`.
  asm volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(good) : : "cc");
  return good ? std::optional(value) : std::nullopt;
}

void linux::set_thread_pointer(std::uint64_t address) noexcept {
  // SAFETY: the base is the keep's own.
  asm volatile("wrfsbase %0" : : "r"(address) : "memory");
}

std::optional<linux::abi::SystemResult> linux::ask_processor(std::uint64_t kind,
                                                             core::ByteView sent,
                                                             core::ByteSpan room) noexcept {
  return sgx::ask_processor(kind, sent, room);
}

}  // namespace merlon::shim
