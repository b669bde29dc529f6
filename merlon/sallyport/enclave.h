#pragma once

// What a launcher and the shim of an enclave agree on: addresses, how the enclave is entered and
// left, and what is asked of the kernel's driver for its pages. All addresses are measured with the
// shim, so that no host can choose one. Freestanding; shared by the shims, `image` and `host`.
// [SDM vol. 3D, chapters 34 to 40]

#include <cstdint>

#include "merlon/sallyport/boot.h"

namespace merlon::sallyport {

/// ELRANGE: a keep's addresses are the same in every backend, and all of them lie in the enclave,
/// address 0 among them: what a stray pointer of the keep reaches is the enclave's or nobody's.
inline constexpr std::uint64_t enclave_base = 0;
inline constexpr std::uint64_t enclave_size = std::uint64_t{1} << 46U;
static_assert(user_end <= enclave_size);

/// The thread's control structure, its two frames for interrupted state, and what the launcher told
/// (BootInfo); between pages that are not there.
inline constexpr std::uint64_t thread_control_page = 0x003f'8000;
inline constexpr std::uint64_t saved_state_pages = 0x003f'a000;
inline constexpr std::uint64_t saved_state_frames = 2;
inline constexpr std::uint32_t saved_state_frame_pages = 1;  ///< SSAFRAMESIZE
inline constexpr std::uint64_t enclave_boot_page = 0x003f'f000;
/// What the shim remembers of the keep's pages lies here; there is none at the start.
inline constexpr std::uint64_t page_book_start = 0x0800'0000;
inline constexpr std::uint64_t page_book_end = 0x1000'0000;

/// The block, outside: at an address that is measured as well.
inline constexpr std::uint64_t enclave_block = 0x5000'0000'0000;
inline constexpr std::uint64_t enclave_block_size = 4096 + (std::uint64_t{256} << 10U);
static_assert(enclave_block >= enclave_base + enclave_size);

/// ATTRIBUTES.XFRM: x87, SSE and AVX. What all processors with SGX2 have that run compiled code; a
/// keep's state is saved and cleared at each exit, and AVX-512 would make that three times as
/// large.
inline constexpr std::uint64_t enclave_extended_state = 0x7;

/// Sets of instructions that a keep finds in an enclave, by their bits of CPUID: leaf 1 ecx, leaf 7
/// ebx, leaf 80000001 ecx. CPUID cannot be asked there, and what a host would answer is its word:
/// so they are written down, and measured with the shim. Every processor with SGX2 and AVX has
/// them; not SHA and RDSEED, which machines that simulate one may lack (RDSEED was taken back on
/// AMD's Zen 5, AMD-SB-7055).
inline constexpr std::uint32_t enclave_instructions_1 = 0x7ed8'3203;
inline constexpr std::uint32_t enclave_instructions_7 = 0x0008'0329;
inline constexpr std::uint32_t enclave_instructions_extended = 0x0000'0121;

/// Why the enclave was left by EEXIT, in rdi.
enum class EnclaveExit : std::uint64_t {
  Asks = 1,    ///< a request waits in the block; EENTER when it is answered
  Resume = 2,  ///< what was interrupted goes on: ERESUME
  Stuck = 3,  ///< the shim was interrupted by what nobody in there can help: a page that is missing
};

/// What is asked of the driver for pages of the enclave (Call::ChangePages). The enclave accepts
/// each change itself, and believes none that it has not asked for.
enum class PageChange : std::uint64_t {
  Reach = 1,     ///< the process maps them with the access of the third argument; adds none
  Restrict = 2,  ///< they lose what is not in the access: SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS
  Trim = 3,      ///< they are about to go: SGX_IOC_ENCLAVE_MODIFY_TYPES
  Remove = 4,    ///< they go: SGX_IOC_ENCLAVE_REMOVE_PAGES
};

}  // namespace merlon::sallyport
