#pragma once

// Which virtual addresses the keep has, and what it may do there. Pages follow from it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "merlon/sallyport/boot.h"

namespace merlon::shim::linux {

using sallyport::Access;

inline constexpr std::uint64_t page_size = 4096;

/// [start, end), both on page boundaries.
struct Range {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  [[nodiscard]] constexpr std::uint64_t size() const noexcept { return end - start; }
  [[nodiscard]] constexpr bool empty() const noexcept { return start >= end; }
  friend constexpr bool operator==(const Range&, const Range&) noexcept = default;
};

struct Region {
  Range range;
  Access access = Access::None;
};

/// Regions in order, none touching another of the same access.
class Ledger {
 public:
  /// Gives `range` to the keep, instead of what was there. False when the ledger is full.
  [[nodiscard]] bool set(Range range, Access access) noexcept;
  /// Whether the next set() succeeds.
  [[nodiscard]] bool has_room() const noexcept { return count_ + 2 <= capacity; }
  /// Takes `range` away.
  [[nodiscard]] bool remove(Range range) noexcept;

  /// Whether all of `range` belongs to the keep, whatever its access.
  [[nodiscard]] bool covers(Range range) const noexcept;
  /// Whether the keep may read, and with `write` also write, all `size` bytes at `address`.
  [[nodiscard]] bool allows(std::uint64_t address, std::uint64_t size, bool write) const noexcept;
  /// The region that `address` lies in; nothing if it is free.
  [[nodiscard]] std::optional<Region> find(std::uint64_t address) const noexcept;
  /// Whether the keep may do anything with any of `range`.
  [[nodiscard]] bool has_access(Range range) const noexcept;
  /// Whether nothing in `range` belongs to the keep.
  [[nodiscard]] bool is_free(Range range) const noexcept;
  /// The lowest free range of `size` bytes in `within`, its start a multiple of `alignment`.
  [[nodiscard]] std::optional<std::uint64_t> find_free(Range within, std::uint64_t size,
                                                       std::uint64_t alignment) const noexcept;

 private:
  static constexpr std::size_t capacity = 4096;

  /// The first region that ends behind `address`.
  [[nodiscard]] std::size_t first_behind(std::uint64_t address) const noexcept;
  [[nodiscard]] bool cut(Range range) noexcept;
  void insert(std::size_t at, Region region) noexcept;
  void erase(std::size_t from, std::size_t to) noexcept;

  std::array<Region, capacity> regions_{};
  std::size_t count_ = 0;
};

}  // namespace merlon::shim::linux
