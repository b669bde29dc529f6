#pragma once

// What a launcher tells a shim at its start: one page that is loaded, and measured, with the shim.
// Freestanding; shared by the shims and `host`.

#include <cstddef>
#include <cstdint>

namespace merlon::sallyport {

/// How much of the processor a shim has for itself. docs/sallyport.md draws the three.
enum class World : std::uint32_t {
  Ring0 = 0,      ///< the shim at ring 0, the keep at ring 3: ordinary KVM, SEV-SNP, emulators
  Collapsed = 1,  ///< both at ring 3, where `syscall` stays there (PVM): nothing divides them
  Isolated = 2,   ///< as Ring0 on such a host, entered by page faults: faithful and slow
  Enclave = 3,    ///< both in one enclave of SGX: nothing divides them, and no host looks in
};

enum class Access : std::uint64_t { None = 0, Read = 1, ReadWrite = 3, ReadExecute = 5 };

/// Addresses that the keep starts with.
struct BootRegion {
  std::uint64_t start;
  std::uint64_t end;
  Access access;
};
inline constexpr std::size_t max_boot_regions = 13;

inline constexpr std::uint64_t boot_magic = 0x30544f4f424e4c4dU;  // "MLNBOOT0"

struct BootInfo {
  std::uint64_t magic;
  std::uint32_t version;  ///< of the block and of this page
  World world;
  std::uint64_t block_address;  ///< virtual
  std::uint64_t block_size;
  std::uint64_t page_table;     ///< physical
  std::uint64_t direct_offset;  ///< virtual address of physical address 0, for all memory
  std::uint64_t pool_base;      ///< physical; 2 MiB blocks that are zero and in nobody's use;
                                ///< in an enclave the keep's addresses that have no pages yet
  std::uint64_t pool_size;
  std::uint64_t table_base;  ///< physical; pages that are zero, for page tables
  std::uint64_t table_size;
  std::uint64_t entry;
  std::uint64_t stack_pointer;
  std::uint64_t random_address;  ///< 16 bytes of AT_RANDOM, for the shim to fill
  std::uint64_t clock_address;   ///< of a keep's page for the shim to tell the time in; 0: none
  std::uint64_t break_start;
  std::uint64_t region_count;
  BootRegion regions[max_boot_regions];
};
static_assert(sizeof(BootInfo) <= 4096);

/// What time it is, by the host: in the block when the shim starts. Not measured, and believed only
/// as far as any answer of the host.
struct HostTime {
  std::uint64_t tsc_khz;  ///< 0: ask each time
  std::uint64_t tsc_base;
  std::uint64_t monotonic_base;  ///< nanoseconds at tsc_base
  std::uint64_t realtime_base;   ///< as above, since 1970
};
inline constexpr std::uint64_t max_tsc_khz = 100'000'000;           ///< 100 GHz
inline constexpr std::uint64_t max_time = std::uint64_t{1} << 62U;  ///< nanoseconds: the year 2116

/// The virtual addresses of every keep.
inline constexpr std::uint64_t shim_start = 0x0010'0000;
inline constexpr std::uint64_t shim_end = 0x0040'0000;
inline constexpr std::uint64_t user_start = 0x1000'0000'0000;
inline constexpr std::uint64_t mapping_start = 0x2000'0000'0000;
inline constexpr std::uint64_t mapping_end = 0x3000'0000'0000;
inline constexpr std::uint64_t stack_end = 0x3100'0000'0000;
inline constexpr std::uint64_t stack_size = std::uint64_t{8} << 20U;
inline constexpr std::uint64_t user_end = stack_end;
inline constexpr std::uint64_t direct_map = 0x4000'0000'0000;
inline constexpr std::uint64_t break_limit = std::uint64_t{1} << 36U;  ///< bytes of the break

/// Of a machine whose memory the processor encrypts (SEV-SNP, world Ring0): the bit of an entry of
/// the page tables, and of CR3, that says private. Every processor with SEV-SNP has it there; the
/// shim lets itself be told so before it believes anything.
inline constexpr std::uint64_t private_bit = std::uint64_t{1} << 51U;
/// Ours, in an entry of the page tables that such a machine starts with: the page is not in its
/// memory yet, and its shim takes it before anyone uses it.
inline constexpr std::uint64_t missing_page = std::uint64_t{1} << 11U;
/// Such a machine's pages at physical addresses; mapped at the same. Those from ghcb_page on it
/// shares with its host.
inline constexpr std::uint64_t cpuid_page = 0x003f'e000;
inline constexpr std::uint64_t ghcb_page = 0x0090'0000;      ///< [GHCB 2.03 §2.6]
inline constexpr std::uint64_t request_page = 0x0090'1000;   ///< a guest's message
inline constexpr std::uint64_t response_page = 0x0090'2000;  ///< and its answer
inline constexpr std::uint64_t certificate_pages = 0x0090'3000;
inline constexpr std::uint64_t certificate_size = std::uint64_t{64} << 10U;

/// The port whose `out` is the doorbell.
inline constexpr std::uint16_t doorbell_port = 0xe9;

}  // namespace merlon::sallyport
