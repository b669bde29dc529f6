#pragma once

// Page tables for a machine that has not started: four levels, pages of 4 KiB and 2 MiB
// [INTEL SDM 3A §4.5]. The form is the one that shim/x86/page_table.h keeps up: all pages of a
// 2 MiB window lie in one block of physical memory at their own offsets, present or not.

#include <cstdint>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/image/elf.h"

namespace merlon::image {

inline constexpr std::uint64_t window_size = std::uint64_t{2} << 20U;

/// Who may use a page: the host has a hand in what is shared, which is the shim's.
enum class Owner : std::uint8_t { Shim, Keep, Shared };

/// What all tables of a machine have in common.
struct TableForm {
  bool keep_sees_all = false;     ///< ring 3 may use every page
  std::uint64_t private_bit = 0;  ///< in each entry but those of shared pages
};

class PageTables {
 public:
  /// Tables lie at physical addresses from `base` on.
  PageTables(std::uint64_t base, const TableForm& form);

  /// Maps one page of 4 KiB.
  void map_page(std::uint64_t address, std::uint64_t physical, Rights rights, Owner owner);
  /// Maps one window with a large page.
  void map_window(std::uint64_t address, std::uint64_t physical, Rights rights, Owner owner);
  /// Prepares a window whose pages lie in the block at `physical`; none is there yet.
  void reserve_window(std::uint64_t address, std::uint64_t physical);

  /// Says of the page at `address`, small or large, there or prepared, that it is missing
  /// (sallyport::missing_page).
  void mark_missing(std::uint64_t address);

  [[nodiscard]] std::uint64_t root() const noexcept { return base_; }
  /// All tables, page by page from root() on; entries are little-endian.
  [[nodiscard]] core::ByteView bytes() const noexcept;

 private:
  static constexpr std::size_t entries = 512;

  [[nodiscard]] std::uint64_t bits(Rights rights, Owner owner) const noexcept;
  /// The index of the table below entry `slot`, made if it is not there.
  [[nodiscard]] std::size_t descend(std::size_t slot);
  [[nodiscard]] std::size_t directory_slot(std::uint64_t address);

  std::uint64_t base_;
  TableForm form_;
  std::vector<std::uint64_t> words_;
};

/// The same tables for a machine whose memory nothing encrypts, which holds all of its pages: what
/// a simulation puts in place of what was measured.
[[nodiscard]] std::vector<std::uint8_t> without_privacy(core::ByteView tables);

}  // namespace merlon::image
