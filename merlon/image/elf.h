#pragma once

// Programs to be loaded without a loader: 64-bit ELF files for x86-64, static, whose segments start
// on pages [ELF gABI ch. 4 and 5]. Pure; any thread.

#include <cstdint>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"

namespace merlon::image {

inline constexpr std::uint64_t page_size = 4096;

/// What a page may be used for. Nothing is writable and executable.
enum class Rights : std::uint8_t { Read, ReadWrite, ReadExecute };

/// One stretch of memory: `bytes`, then zeros up to `memory_size`.
struct Segment {
  std::uint64_t address = 0;  ///< relative to the load address, unless the program is fixed
  std::uint64_t memory_size = 0;
  core::ByteView bytes;  ///< borrows from the file
  Rights rights = Rights::Read;
};

struct Program {
  bool position_independent = false;
  std::uint64_t entry = 0;
  /// Where the program headers lie in memory, for the program itself (AT_PHDR).
  std::uint64_t headers = 0;
  std::uint16_t header_count = 0;
  /// What a shim brings for its keep, a small shared object [LINUX vdso(7)], at most a page; empty
  /// if nothing. Borrows from the file.
  core::ByteView vdso;
  std::vector<Segment> segments;  ///< in order of their addresses; no two share a page

  /// The first address behind all segments, rounded up to a page.
  [[nodiscard]] std::uint64_t end() const noexcept;
};

inline constexpr std::size_t max_segments = 16;
/// The type of the program header that tells where a shim's vdso lies in its file; ours, of the
/// numbers that are free for systems.
inline constexpr std::uint32_t vdso_header = 0x6d56'4453;
inline constexpr std::uint64_t max_memory = std::uint64_t{256} << 20U;

/// Reads the program headers of `file`, from which the segments' bytes are borrowed. Input is not
/// trusted; nothing is allocated in proportion to a number in it.
///
/// Errors: Malformed · Unsupported (an interpreter, another machine, segments that are writable
/// and executable) · Exhausted (more than max_segments, addresses beyond max_memory, a vdso of more
/// than a page).
[[nodiscard]] core::Result<Program> parse_elf(core::ByteView file);

}  // namespace merlon::image
