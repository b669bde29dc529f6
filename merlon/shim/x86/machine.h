#pragma once

// All that the machinery of ring 0 needs of the machine around it, beyond linux/machine.h. Each
// shim that has a ring 0 defines these functions, and so does a test.

#include <cstdint>

#include "merlon/sallyport/boot.h"

namespace merlon::shim::x86 {

inline constexpr std::uint64_t block_size = std::uint64_t{2} << 20U;

/// What the launcher said; does not change.
[[nodiscard]] const sallyport::BootInfo& boot_info() noexcept;

/// The bit of an entry that says private (sallyport::private_bit) where memory is encrypted, else
/// 0.
[[nodiscard]] std::uint64_t private_bit() noexcept;

/// Memory that nobody has used is about to be, for the first time and as the keep's own: a machine
/// whose memory is encrypted makes sure that it is there, and its host out of it. Mapped at
/// physical(); holds anything. Does not come back if it is not.
void accept_memory(std::uint64_t base, std::uint64_t size) noexcept;

/// Has the processor forget all that it remembers of pages and tables.
void flush_translations() noexcept;
/// Has the processor forget what it remembers of one page, small or large.
void flush_translation(std::uint64_t page) noexcept;

/// The memory at a physical address, as this shim sees it.
[[nodiscard]] inline std::uint8_t* physical(std::uint64_t address) noexcept {
  // SAFETY: the launcher maps all physical memory there; callers pass what they were given.
  return reinterpret_cast<std::uint8_t*>(address + boot_info().direct_offset);
}

}  // namespace merlon::shim::x86
