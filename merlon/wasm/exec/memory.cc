#include "merlon/wasm/exec/memory.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace merlon::wasm {

namespace {

constexpr std::uint64_t four_gib = std::uint64_t{1} << 32U;
/// As far down as an index of 32 bits would lead, were it signed.
constexpr std::uint64_t guard_below = std::uint64_t{1} << 31U;

/// From here on a memory is worth large pages: what one of them wastes is little beside it.
constexpr std::uint64_t large_memory = 2 * os::large_page_size;

/// The most that a memory may ever have: its own maximum, its address type's, the store's.
std::uint64_t ceiling(const Limits& limits, std::uint64_t max_bytes) {
  // No process has more, and what a reservation adds to it cannot wrap.
  constexpr std::uint64_t all_pages = (std::uint64_t{1} << 47U) / page_size;
  const std::uint64_t by_type =
      limits.address == AddressType::I64 ? all_pages : four_gib / page_size;
  const std::uint64_t pages =
      std::min({limits.max.value_or(all_pages), by_type, max_bytes / page_size});
  return pages * page_size;
}

/// Bytes before the base, at least, and from it.
struct Reservation {
  std::uint64_t below;
  std::uint64_t above;
};
/// What a base that begins a large page may lie further into its reservation.
constexpr std::uint64_t to_align = os::large_page_size - os::host_page_size;

Reservation reservation(AddressType address, Bounds bounds, std::uint64_t limit) {
  if (address == AddressType::I64) return {0, limit + os::host_page_size};
  if (bounds == Bounds::Checks) return {os::host_page_size, limit + small_guard};
  return {guard_below, 2 * four_gib + page_size};
}

/// How far into its reservation a memory's base lies.
std::uint64_t offset_of_base(const os::Mapping& mapping, const Reservation& room) {
  void* base = mapping.data() + room.below;
  std::size_t left = to_align + room.above;
  static_cast<void>(std::align(os::large_page_size, room.above, base, left));
  return static_cast<std::uint64_t>(static_cast<std::uint8_t*>(base) - mapping.data());
}

}  // namespace

Memory::Memory(const MemoryType& type, os::Mapping mapping, std::uint64_t below,
               std::uint64_t max_bytes, MemoryBudget& budget, bool shows_size)
    : type_(type),
      mapping_(std::move(mapping)),
      below_(below),
      max_bytes_(max_bytes),
      budget_(budget),
      shows_size_(shows_size) {
  vm_.base = mapping_.data() + below_;
}

core::Result<std::unique_ptr<Memory>> Memory::create(const MemoryType& type,
                                                     std::uint64_t max_bytes, MemoryBudget& budget,
                                                     Bounds bounds) {
  const std::uint64_t limit = ceiling(type.limits, max_bytes);
  if (type.limits.min > limit / page_size) {
    return core::error(core::ErrorCode::Exhausted,
                       "the memory's minimum size exceeds the memory limit", type.limits.min);
  }
  const Reservation room = reservation(type.limits.address, bounds, limit);
  os::Mapping mapping = TRY(os::Mapping::reserve(room.below + to_align + room.above));
  const std::uint64_t below = offset_of_base(mapping, room);
  const bool shows_size = bounds == Bounds::Checks && type.limits.address == AddressType::I32;
  if (shows_size) {
    TRY(mapping.protect(below - os::host_page_size, os::host_page_size, os::Protection::ReadWrite));
  }
  std::unique_ptr<Memory> memory(
      new Memory(type, std::move(mapping), below, limit, budget, shows_size));
  if (!memory->grow(type.limits.min)) {
    return core::error(core::ErrorCode::Exhausted,
                       "the memory's minimum size exceeds what is left of the memory limit",
                       type.limits.min);
  }
  return memory;
}

std::optional<std::uint64_t> Memory::grow(std::uint64_t delta) {
  const std::uint64_t old_pages = pages();
  if (delta > max_bytes_ / page_size - old_pages) return std::nullopt;
  const std::uint64_t added = delta * page_size;
  if (!budget_.take_memory(added)) return std::nullopt;
  if (added != 0 &&
      !mapping_.protect(below_ + vm_.bytes, added, os::Protection::ReadWrite).has_value()) {
    budget_.give_back_memory(added);
    return std::nullopt;
  }
  const bool becomes_large = vm_.bytes < large_memory && vm_.bytes + added >= large_memory;
  if (becomes_large) mapping_.prefer_large_pages();
  vm_.bytes += added;
  if (shows_size_) std::memcpy(vm_.base + size_from_base, &vm_.bytes, sizeof vm_.bytes);
  return old_pages;
}

bool Memory::reserves(const void* address) const noexcept {
  const auto* const byte = static_cast<const std::uint8_t*>(address);
  return byte >= vm_.base && byte < mapping_.data() + mapping_.size();
}

}  // namespace merlon::wasm
