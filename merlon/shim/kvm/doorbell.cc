#include "merlon/shim/kvm/doorbell.h"

#include "merlon/sallyport/guest/attention.h"
#include "merlon/shim/kvm/encrypted.h"
#include "merlon/shim/x86/machine.h"

namespace merlon::shim::kvm {
namespace {

/// Machines that do not stop at `out` answer later. Whatever else stands there than that nothing
/// was answered yet is for the port to judge.
void ring(void* /*self*/, std::uint32_t sequence) noexcept {
  const sallyport::Block block = block_of(x86::boot_info());
  if (sallyport::is_answered_unasked(block, sequence)) return;
  if (guest().is_active()) {
    if (const snp::Trouble trouble = snp::ring_port(sallyport::doorbell_port))
      end_machine(*trouble);
  } else {
    // SAFETY: the port belongs to the launcher, who answers in the block: all memory may change.
    asm volatile("outb %b0, %w1" : : "a"(0), "d"(sallyport::doorbell_port) : "memory");
  }
  while (block.load(&sallyport::Header::answered) == sequence - 1) {
    // SAFETY: a hint to the processor; nothing is read or written.
    asm volatile("pause");
  }
}

}  // namespace

sallyport::Block block_of(const sallyport::BootInfo& boot) noexcept {
  // SAFETY: the launcher wrote the boot page and maps the block where it says.
  return sallyport::Block({reinterpret_cast<std::uint8_t*>(boot.block_address), boot.block_size});
}

sallyport::Doorbell doorbell() noexcept { return {&ring, nullptr}; }

void finish_asking() noexcept {
  const sallyport::Block block = block_of(x86::boot_info());
  const std::uint32_t sequence = block.load(&sallyport::Header::sequence);
  // It may have been rung for or not: a host that is rung for twice answers once.
  if (block.load(&sallyport::Header::answered) != sequence) ring(nullptr, sequence);
}

}  // namespace merlon::shim::kvm
