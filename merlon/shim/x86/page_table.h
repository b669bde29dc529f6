#pragma once

// The processor's page tables of four levels [INTEL SDM 3A §4.5]. A window is the 2 MiB that one
// entry of a page directory maps. All of a window's pages lie in one block of physical memory, each
// at its own offset there, present or not; so a window turns from small pages into a large one and
// back without moving anything.

#include <cstddef>
#include <cstdint>

#include "merlon/sallyport/boot.h"

namespace merlon::shim::x86 {

class Frames;

namespace entry {
inline constexpr std::uint64_t present = 1;
inline constexpr std::uint64_t writable = 2;
inline constexpr std::uint64_t user = 4;
/// Accessed and dirty, set from the start: nobody here looks at them, and a host that shadows
/// these tables need not be asked to set them, page by page.
inline constexpr std::uint64_t used = 0x60;
inline constexpr std::uint64_t large = 0x80;
/// Ours: not present, but with content that must stay.
inline constexpr std::uint64_t kept = 0x200;
/// Ours: not present, with content that must be cleared before its next use.
inline constexpr std::uint64_t stale = 0x400;
inline constexpr std::uint64_t no_execute = std::uint64_t{1} << 63U;
/// Where a page lies, and that it is private (machine.h, private_bit()).
inline constexpr std::uint64_t place_mask = 0x000f'ffff'ffff'f000;
/// Where it lies.
inline constexpr std::uint64_t address_mask = place_mask & ~sallyport::private_bit;
}  // namespace entry

inline constexpr std::size_t table_size = 512;

/// The page directory's entry for the window of `address`; tables on the way are made. Null when
/// there is no memory for them.
[[nodiscard]] std::uint64_t* directory_entry(Frames& frames, std::uint64_t address) noexcept;

/// As above but makes nothing: null when there is no directory, and then `skip` is the first
/// address behind all that has none.
[[nodiscard]] std::uint64_t* find_directory_entry(std::uint64_t address,
                                                  std::uint64_t& skip) noexcept;

/// The table that an entry points to.
[[nodiscard]] std::uint64_t* table_of(std::uint64_t entry) noexcept;

}  // namespace merlon::shim::x86
