#include "merlon/shim/kvm/doorbell.h"

#include "merlon/sallyport/guest/attention.h"
#include "merlon/shim/kvm/encrypted.h"
#include "merlon/shim/x86/machine.h"

namespace merlon::shim::kvm {
namespace {

using sallyport::Header;
using sallyport::Violation;

/// Machines that do not stop at `out` answer later. Whatever else stands there than that nothing
/// was answered yet is for the port to judge.
void ring(void* /*self*/, std::uint64_t sequence) noexcept {
  const sallyport::Block block = block_of(x86::boot_info());
  if (sallyport::is_answered_unasked(block, sequence)) return;
  if (guest().is_active()) {
    if (const snp::Trouble trouble = snp::ring_port(sallyport::doorbell_port))
      end_machine(*trouble);
  } else {
    // SAFETY: the port belongs to the launcher, who answers in the block: all memory may change.
    asm volatile("outb %b0, %w1" : : "a"(0), "d"(sallyport::doorbell_port) : "memory");
  }
  const auto waits = [&] {
    return block.load(Header::Answered).equal_to(sequence - 1, Violation::NotAnswered).has_value();
  };
  while (waits()) {
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

}  // namespace merlon::shim::kvm
