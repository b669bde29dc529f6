// What linux/machine.h and x86/machine.h ask of this machine, but for what boot.cc owns.

#include "merlon/shim/linux/machine.h"

#include <optional>

#include "merlon/shim/kvm/encrypted.h"
#include "merlon/shim/linux/host.h"
#include "merlon/shim/x86/machine.h"

namespace merlon::shim {

extern "C" void flush_by_exception() noexcept;
extern "C" void flush_page_by_exception(std::uint64_t page) noexcept;

void x86::flush_translations() noexcept {
  if (boot_info().world == sallyport::World::Collapsed) {
    flush_by_exception();
    return;
  }
  std::uint64_t table = 0;
  // SAFETY: the same tables again, which only drops translations.
  asm volatile("mov %%cr3, %0; mov %0, %%cr3" : "=r"(table) : : "memory");
}

void x86::flush_translation(std::uint64_t page) noexcept {
  if (boot_info().world == sallyport::World::Collapsed) {
    flush_page_by_exception(page);
    return;
  }
  // SAFETY: drops one translation; the page need not be mapped.
  asm volatile("invlpg (%0)" : : "r"(page) : "memory");
}

bool linux::reach_pages(std::uint64_t /*address*/, std::uint64_t /*size*/) noexcept { return true; }

std::optional<std::uint64_t> linux::random_number() noexcept {
  std::uint64_t value = 0;
  bool good = false;
  // SAFETY: the launcher refuses a processor without rdrand; the value counts only if `good`.
  asm volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(good) : : "cc");
  return good ? std::optional(value) : std::nullopt;
}

void linux::set_thread_pointer(std::uint64_t address) noexcept {
  // SAFETY: the base is the keep's own; an address of the shim has been refused.
  asm volatile("wrfsbase %0" : : "r"(address) : "memory");
}

std::uint64_t x86::private_bit() noexcept { return kvm::guest().private_bit(); }

void x86::accept_memory(std::uint64_t base, std::uint64_t size) noexcept {
  if (!kvm::guest().is_active()) return;
  const std::uint64_t address = base + boot_info().direct_offset;
  if (const snp::Trouble trouble = kvm::guest().take(base, size, address)) {
    linux::crash("the shim failed: ", snp::text_of(*trouble));
  }
}

std::optional<linux::abi::SystemResult> linux::ask_processor(std::uint64_t kind,
                                                             core::ByteView sent,
                                                             core::ByteSpan room) noexcept {
  if (!kvm::guest().is_active()) return std::nullopt;
  snp::Guest::Answer answer;
  if (const snp::Trouble trouble = kvm::guest().attest(kind, sent, room, answer)) {
    crash("the shim failed: ", snp::text_of(*trouble));
  }
  return answer;
}

}  // namespace merlon::shim
