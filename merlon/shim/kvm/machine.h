#pragma once

// The processor and the launcher, as this shim meets them.

#include <cstdint>

#include "merlon/core/bytes.h"
#include "merlon/sallyport/boot.h"
#include "merlon/sallyport/guest/port.h"
#include "merlon/shim/kvm/layout.h"

namespace merlon::shim {

inline constexpr std::uint64_t page_size = 4096;
inline constexpr std::uint64_t block_size = std::uint64_t{2} << 20U;

/// Ends the keep after an error of the host or of our own; `what` is told to the user if the host
/// still listens.
[[noreturn]] void give_up(const char* what, const char* about = "") noexcept;

/// Ends the keep as one that crashed.
[[noreturn]] void crash(const char* what, const char* about = "") noexcept;

/// Ends the keep with `status`, as exit_group() does.
[[noreturn]] void end_keep(std::uint64_t status) noexcept;

/// The door to the host.
[[nodiscard]] sallyport::Port& port() noexcept;

/// What the launcher said; does not change.
[[nodiscard]] const sallyport::BootInfo& boot_info() noexcept;

/// Forgets translations whose permissions were reduced.
void flush_translations() noexcept;
/// Has the processor forget what it remembers of one page, small or large.
void flush_translation(std::uint64_t page) noexcept;

/// The memory at a physical address, as this shim sees it.
[[nodiscard]] inline std::uint8_t* physical(std::uint64_t address) noexcept {
  // SAFETY: the launcher maps all physical memory there; callers pass what they were given.
  return reinterpret_cast<std::uint8_t*>(address + boot_info().direct_offset);
}

/// A random number of the processor's own generator.
[[nodiscard]] std::uint64_t hardware_random() noexcept;

/// An answer of the host, or the end of the keep if the host broke the rules. A number below zero
/// is minus an errno.
[[nodiscard]] std::int64_t answer_of(sallyport::Call call,
                                     sallyport::Answer<std::uint64_t> answer) noexcept;

/// Asks without bytes in either direction.
[[nodiscard]] std::int64_t ask(sallyport::Call call, sallyport::Arguments arguments) noexcept;
/// Sends bytes; they fit into the block.
[[nodiscard]] std::int64_t ask_sending(sallyport::Call call, sallyport::Arguments arguments,
                                       core::ByteView bytes) noexcept;
/// Receives bytes; they fit into the block.
[[nodiscard]] std::int64_t ask_receiving(sallyport::Call call, sallyport::Arguments arguments,
                                         core::ByteSpan into) noexcept;

}  // namespace merlon::shim
