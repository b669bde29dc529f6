#include "merlon/shim/x86/address_space.h"

#include <algorithm>

#include "merlon/shim/linux/host.h"
#include "merlon/shim/linux/runtime.h"
#include "merlon/shim/x86/page_table.h"

namespace merlon::shim::x86 {

using linux::Access;
using linux::page_size;
using linux::Range;

namespace {

std::uint64_t rights_of(Access access) noexcept {
  constexpr std::uint64_t readable = entry::present | entry::used | entry::user;
  switch (access) {
    case Access::None: return 0;
    case Access::Read: return readable | entry::no_execute;
    case Access::ReadWrite: return readable | entry::writable | entry::no_execute;
    case Access::ReadExecute: return readable;
  }
  return 0;
}

/// Whether the processor may remember a translation that is no longer right. It counts as well when
/// the new one allows more: a processor may fault by the old one [INTEL SDM 3A §4.10.4.3], and for
/// the keep that would be a signal.
bool outdates(std::uint64_t before, std::uint64_t after) noexcept {
  return (before & entry::present) != 0 && before != after;
}

/// The page's entry with other rights; its content stays, and is cleared if it is stale.
std::uint64_t with_access(std::uint64_t page, Access access) noexcept {
  const std::uint64_t place = page & entry::place_mask;
  if (access == Access::None) {
    const bool holds = (page & (entry::present | entry::kept)) != 0;
    return place | (holds ? entry::kept : page & entry::stale);
  }
  if ((page & entry::stale) != 0) linux::clear({physical(page & entry::address_mask), page_size});
  return place | rights_of(access);
}

}  // namespace

void AddressSpace::begin(const sallyport::BootInfo& boot, const linux::Ledger& ledger) noexcept {
  ledger_ = &ledger;
  frames_.add_tables(boot.table_base, boot.table_size);
  frames_.add(boot.pool_base, boot.pool_size);
}

void AddressSpace::flush_if_needed() noexcept {
  if (stale_.are_all()) flush_translations();
  for (const std::uint64_t page : stale_.pages()) flush_translation(page);
  stale_.clear();
}

/// Gives a window its block, as small pages that are not there yet. Each is cleared when it is
/// first given, unless the block is zero.
bool AddressSpace::make_window(std::uint64_t /*window*/, std::uint64_t& slot) noexcept {
  const auto block = frames_.take_block();
  if (!block) return false;
  slot = block->base | private_bit();
  if (split(slot)) {
    const std::uint64_t content = block->is_zero ? 0 : entry::stale;
    std::uint64_t* const pages = table_of(slot);
    for (std::size_t i = 0; i < table_size; ++i) {
      pages[i] = (pages[i] & entry::place_mask) | content;
    }
    return true;
  }
  frames_.give_block(block->base);
  slot = 0;
  return false;
}

/// Turns a large page into small ones with the same rights.
bool AddressSpace::split(std::uint64_t& slot) noexcept {
  const auto table = frames_.take_table();
  if (!table) return false;
  std::uint64_t* const pages = table_of(*table);
  const std::uint64_t page = slot & ~entry::large;
  for (std::size_t i = 0; i < table_size; ++i) pages[i] = page + i * page_size;
  slot = *table | private_bit() | entry::present | entry::writable | entry::user;
  return true;
}

/// Turns small pages into a large one where they all have the same rights.
void AddressSpace::merge(std::uint64_t& slot) noexcept {
  std::uint64_t* const pages = table_of(slot);
  const std::uint64_t first = pages[0];
  const auto fits = [&](std::size_t i) { return pages[i] == first + i * page_size; };
  if ((first & entry::present) == 0 || !fits(table_size - 1)) return;
  for (std::size_t i = 1; i < table_size; ++i) {
    if (!fits(i)) return;
  }
  const std::uint64_t table = slot & entry::address_mask;
  slot = first | entry::large;
  frames_.give_table(table);
  // The table's page may be cached by the walker: it must not be read as a table again.
  stale_.add_all();
}

bool AddressSpace::apply_window(std::uint64_t window, Range range, Access access) noexcept {
  std::uint64_t* const slot = directory_entry(frames_, window);
  if (slot == nullptr) return false;
  const bool whole = range.start <= window && range.end >= window + block_size;
  if (*slot == 0 && whole) {
    const auto block = frames_.take_block();
    if (!block) return false;
    if (!block->is_zero) linux::clear({physical(block->base), block_size});
    *slot = block->base | private_bit() | rights_of(access) | entry::large;
    return true;
  }
  if (*slot == 0 && !make_window(window, *slot)) return false;
  if ((*slot & entry::large) != 0) {
    if (whole && access != Access::None) {
      const std::uint64_t changed = (*slot & entry::place_mask) | rights_of(access) | entry::large;
      if (outdates(*slot, changed)) stale_.add(window);
      *slot = changed;
      return true;
    }
    if (!split(*slot)) return false;
  }
  std::uint64_t* const pages = table_of(*slot);
  const std::uint64_t from = std::max(range.start, window);
  const std::uint64_t to = std::min(range.end, window + block_size);
  for (std::uint64_t at = from; at < to; at += page_size) {
    std::uint64_t& page = pages[(at - window) / page_size];
    const std::uint64_t changed = with_access(page, access);
    if (outdates(page, changed)) stale_.add(at);
    page = changed;
  }
  const bool reaches_edge = from == window || to == window + block_size;
  if (access != Access::None && reaches_edge) merge(*slot);
  return true;
}

/// Makes the pages follow the ledger. What has no window and gets no access needs none.
bool AddressSpace::apply(Range range, Access access) noexcept {
  std::uint64_t window = range.start & ~(block_size - 1);
  while (window < range.end) {
    std::uint64_t skip = window + block_size;
    if (access == Access::None) {
      const std::uint64_t* const slot = find_directory_entry(window, skip);
      if (slot == nullptr || *slot == 0) {
        window = skip;
        continue;
      }
    }
    if (!apply_window(window, range, access)) return false;
    window += block_size;
  }
  return true;
}

void AddressSpace::forget_window(std::uint64_t window, Range range, std::uint64_t& slot) noexcept {
  const bool unused = ledger_->is_free({window, window + block_size});
  if (unused) {
    const bool large = (slot & entry::large) != 0;
    const std::uint64_t block =
        (large ? slot : table_of(slot)[0]) & entry::address_mask & ~(block_size - 1);
    if (!large) frames_.give_table(slot & entry::address_mask);
    slot = 0;
    frames_.give_block(block);
    stale_.add_all();
    return;
  }
  if ((slot & entry::large) != 0 && !split(slot)) linux::give_up("no memory for a page table");
  std::uint64_t* const pages = table_of(slot);
  const std::uint64_t from = std::max(range.start, window);
  const std::uint64_t to = std::min(range.end, window + block_size);
  for (std::uint64_t at = from; at < to; at += page_size) {
    std::uint64_t& page = pages[(at - window) / page_size];
    constexpr std::uint64_t content = entry::present | entry::kept | entry::stale;
    const std::uint64_t changed =
        (page & entry::place_mask) | ((page & content) != 0 ? entry::stale : 0);
    if (outdates(page, changed)) stale_.add(at);
    page = changed;
  }
}

void AddressSpace::take(Range range) noexcept {
  std::uint64_t window = range.start & ~(block_size - 1);
  while (window < range.end) {
    std::uint64_t skip = window + block_size;
    std::uint64_t* const slot = find_directory_entry(window, skip);
    if (slot != nullptr && *slot != 0) forget_window(window, range, *slot);
    window = skip;
  }
  // Before any block is used again.
  flush_if_needed();
}

bool AddressSpace::give(Range range, Access access) noexcept {
  if (!apply(range, access)) return false;
  flush_if_needed();
  return true;
}

}  // namespace merlon::shim::x86
