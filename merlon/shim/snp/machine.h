#pragma once

// The few things that only a processor with SEV-SNP can do for its guest, and the pages that it
// shares with its host. The shim has them in assembly (processor.S), and so does a test. All of
// these answer what a host may have chosen, but for validations and permissions, which are the
// processor's own [AMD-APM2 §15.36].

#include <cstdint>

#include "merlon/sallyport/boot.h"

namespace merlon::shim::snp {

inline constexpr std::uint32_t ghcb_register = 0xc001'0130;    ///< to the host and back
inline constexpr std::uint32_t status_register = 0xc001'0131;  ///< what the processor protects

/// An answer of PVALIDATE: its code, and whether the page was as wanted before.
inline constexpr std::uint64_t unchanged = std::uint64_t{1} << 32U;
inline constexpr std::uint64_t size_mismatch = 6;

extern "C" {
/// A register of the two above.
[[nodiscard]] std::uint64_t snp_read_register(std::uint32_t number) noexcept;
void snp_write_register(std::uint32_t number, std::uint64_t value) noexcept;
/// VMGEXIT: the host has the processor until it answers.
void snp_exit() noexcept;
/// PVALIDATE of the page at a virtual address, of 2 MiB or 4 KiB: its code, or-ed with `unchanged`.
[[nodiscard]] std::uint64_t snp_validate(std::uint64_t address, std::uint32_t is_large,
                                         std::uint32_t valid) noexcept;
/// RMPADJUST of the page of 4 KiB at a virtual address: its code.
[[nodiscard]] std::uint64_t snp_adjust(std::uint64_t address, std::uint64_t attributes) noexcept;
/// Reads one byte of private memory, so that the processor does.
void snp_touch(std::uint64_t address) noexcept;
/// XCR0, and bits for CR4 beside those that the processor started with.
void snp_begin_states(std::uint64_t xcr0, std::uint64_t cr4) noexcept;
/// CR2, which the processor sets at a page fault and no host can.
void snp_set_fault_address(std::uint64_t address) noexcept;
/// The page that is shared with the host, at its physical address.
[[nodiscard]] std::uint64_t* snp_shared(std::uint64_t physical) noexcept;
}

}  // namespace merlon::shim::snp
