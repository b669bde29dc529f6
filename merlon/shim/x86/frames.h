#pragma once

// The keep's physical memory, in blocks of 2 MiB. The host gives more when it is asked; what memory
// holds when it comes is the host's word, and believed only where the host could read all of it
// anyway.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "merlon/shim/x86/machine.h"

namespace merlon::shim::x86 {

struct Block {
  std::uint64_t base;
  bool is_zero;  ///< else its taker clears each part before it is used
};

class Frames {
 public:
  /// Adds pages for page tables, that are mapped at physical(); before anything else.
  void add_tables(std::uint64_t base, std::uint64_t size) noexcept;
  /// Adds memory that is mapped at physical().
  void add(std::uint64_t base, std::uint64_t size) noexcept;

  /// A block of nobody's; nothing when the host has no more.
  [[nodiscard]] std::optional<Block> take_block() noexcept;
  /// Takes a block back, whatever it holds.
  void give_block(std::uint64_t base) noexcept;

  /// A page that is zero, for a page table.
  [[nodiscard]] std::optional<std::uint64_t> take_table() noexcept;
  void give_table(std::uint64_t base) noexcept;

 private:
  [[nodiscard]] bool grow() noexcept;
  [[nodiscard]] bool map_directly(std::uint64_t base, std::uint64_t size) noexcept;

  static constexpr std::size_t max_blocks = 32768;  // 64 GiB

  std::uint64_t fresh_ = 0;  // next block of the newest range
  std::uint64_t fresh_end_ = 0;
  std::uint64_t top_ = 0;  // no memory of ours lies above
  std::uint64_t total_ = 0;
  std::uint64_t table_next_ = 0;  // rest of what table pages are cut from
  std::uint64_t table_end_ = 0;
  std::uint64_t tables_ = 0;  // first table page given back; each holds the address of the next
  std::array<std::uint32_t, max_blocks> used_{};  // numbers of blocks given back
  std::size_t used_count_ = 0;
};

}  // namespace merlon::shim::x86
