#pragma once

// EPCM, the processor's own map of an enclave's pages [SDM vol. 3D, "Enclave Page Cache Map"], in
// software; and beside it which of them the process has mapped, and how. Pure.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "merlon/sallyport/boot.h"

namespace merlon::host::sgx::simulated {

inline constexpr std::uint64_t page_size = 4096;

enum class PageType : std::uint8_t { Control = 1, Regular = 2, Trimmed = 4 };

struct PageEntry {
  PageType type = PageType::Regular;
  std::uint8_t rights = 0;  ///< SECINFO's: read 1, write 2, execute 4
  bool pending = false;     ///< added, not yet accepted
  bool modified = false;    ///< its type has changed, not yet accepted
  bool restricted = false;  ///< its rights have been cut, not yet accepted

  bool operator==(const PageEntry&) const = default;
};

/// Answers of EACCEPT [SDM vol. 3D, table "Error codes"].
enum class Accepted : std::uint32_t {
  Yes = 0,
  AttributesMismatch = 19,  ///< SGX_PAGE_ATTRIBUTES_MISMATCH
};

class PageMap {
 public:
  /// Null: no such page.
  [[nodiscard]] const PageEntry* find(std::uint64_t page) const noexcept;
  [[nodiscard]] PageEntry* find(std::uint64_t page) noexcept;
  /// False if there is one.
  [[nodiscard]] bool add(std::uint64_t page, const PageEntry& entry);
  /// EACCEPT. `flags` are SECINFO's. There is such a page.
  [[nodiscard]] Accepted accept(std::uint64_t page, std::uint64_t flags) noexcept;
  void remove(std::uint64_t page) noexcept;

  /// How the process maps [start, end), pages that are not there among them.
  void map(std::uint64_t start, std::uint64_t end, sallyport::Access access);
  [[nodiscard]] sallyport::Access mapping_of(std::uint64_t page) const noexcept;

  /// What the enclave can do with the page just now: what both allow, as PROT_READ 1, WRITE 2,
  /// EXEC 4.
  [[nodiscard]] int reachable(std::uint64_t page) const noexcept;

  /// Calls `function(page, entry)` for each page of [start, end) that there is.
  template <typename Function>
  void for_each(std::uint64_t start, std::uint64_t end, const Function& function) const {
    for (auto at = blocks_.lower_bound(block_of(start)); at != blocks_.end(); ++at) {
      const auto& [first, block] = *at;
      if (first >= end) return;
      const std::uint64_t behind = std::min(end, first + block_size);
      for (std::uint64_t page = std::max(start, first); page < behind; page += page_size) {
        if (const auto& entry = block.pages[index_of(page)]) function(page, *entry);
      }
    }
  }

 private:
  /// Pages come and go by thousands in a row: a tree of blocks is far lower than one of pages.
  static constexpr std::uint64_t block_size = std::uint64_t{2} << 20U;
  struct Block {
    std::array<std::optional<PageEntry>, block_size / page_size> pages;
    std::size_t count = 0;  ///< of pages; a block that has none left is removed
  };

  static constexpr std::uint64_t block_of(std::uint64_t page) noexcept {
    return page & ~(block_size - 1);
  }
  static constexpr std::size_t index_of(std::uint64_t page) noexcept {
    return (page & (block_size - 1)) / page_size;
  }

  std::map<std::uint64_t, Block> blocks_;                ///< by their first address
  std::map<std::uint64_t, sallyport::Access> mappings_;  ///< from this address on
};

}  // namespace merlon::host::sgx::simulated
