#include "merlon/shim/x86/frames.h"

#include <algorithm>

#include "merlon/sallyport/item.h"
#include "merlon/shim/linux/host.h"
#include "merlon/shim/linux/runtime.h"
#include "merlon/shim/x86/page_table.h"

namespace merlon::shim::x86 {

using linux::ask;
using linux::ask_receiving;
using linux::clear;
using linux::give_up;
using linux::page_size;
using sallyport::Call;
using sallyport::MemoryRange;

namespace {

constexpr std::uint64_t smallest_growth = std::uint64_t{64} << 20U;
constexpr std::uint64_t largest_growth = std::uint64_t{1} << 30U;
/// More than any machine has, less than the direct map has room for.
constexpr std::uint64_t highest_address = std::uint64_t{1} << 44U;

std::uint64_t& word_at(std::uint64_t address) noexcept {
  // SAFETY: a free table page is ours alone and aligned.
  return *reinterpret_cast<std::uint64_t*>(physical(address));
}

/// Whether memory that the host gives is zero because the host says so. Where ring 0 is emulated no
/// memory is hidden from the host, and clearing would be dear: there each page that is touched
/// first costs its host a fault. Elsewhere the host may not choose what a keep, or a page table,
/// starts with.
bool is_believed_to_be_zero() noexcept { return boot_info().world != sallyport::World::Ring0; }

/// Isolated worlds emulate each store: there the host clears.
bool is_cleared_by_host(std::uint64_t base) noexcept {
  return boot_info().world == sallyport::World::Isolated &&
         ask(Call::ReleaseMemory, {base, block_size}) == 0;
}

}  // namespace

void Frames::add_tables(std::uint64_t base, std::uint64_t size) noexcept {
  table_next_ = base;
  table_end_ = base + size;
}

void Frames::add(std::uint64_t base, std::uint64_t size) noexcept {
  while (fresh_ != fresh_end_) {  // the rest of the older range stays in use
    accept_memory(fresh_, block_size);
    used_[used_count_++] = static_cast<std::uint32_t>(fresh_ / block_size);
    fresh_ += block_size;
  }
  fresh_ = base;
  fresh_end_ = base + size;
  top_ = fresh_end_;
  total_ += size;
}

/// The host's range is taken only if it lies above all that we have: it cannot put one under
/// memory in use.
bool Frames::grow() noexcept {
  const std::uint64_t wanted = std::clamp(total_, smallest_growth, largest_growth);
  if (total_ / block_size + wanted / block_size > max_blocks) return false;
  MemoryRange range{};
  // SAFETY: any object may be written as bytes; an Item takes any of them.
  const core::ByteSpan bytes(reinterpret_cast<std::uint8_t*>(&range), sizeof(range));
  if (ask_receiving(Call::GrowMemory, {wanted}, bytes) < 0) return false;
  if (range.base < top_ || range.base % block_size != 0 || range.base > highest_address) {
    give_up("the host gave memory that cannot be used");
  }
  if (range.size == 0 || range.size > wanted || range.size % block_size != 0) {
    give_up("the host gave memory of a size that was not asked for");
  }
  // The tables for the new range come from what is left; callers keep one block for that.
  if (!map_directly(range.base, range.size)) return false;
  add(range.base, range.size);
  return true;
}

bool Frames::map_directly(std::uint64_t base, std::uint64_t size) noexcept {
  for (std::uint64_t at = base; at < base + size; at += block_size) {
    std::uint64_t* const entry = directory_entry(*this, boot_info().direct_offset + at);
    if (entry == nullptr) return false;
    *entry = at | private_bit() | entry::present | entry::used | entry::writable | entry::large |
             entry::no_execute |
             (boot_info().world == sallyport::World::Collapsed ? entry::user : 0);
  }
  return true;
}

std::optional<Block> Frames::take_block() noexcept {
  // One fresh block is kept back for the page tables of the next growth.
  if (fresh_end_ - fresh_ > block_size) {
    const std::uint64_t base = fresh_;
    fresh_ += block_size;
    accept_memory(base, block_size);
    return Block{base, is_believed_to_be_zero()};
  }
  if (used_count_ != 0) {
    const std::uint64_t base = std::uint64_t{used_[--used_count_]} * block_size;
    return Block{base, is_cleared_by_host(base)};
  }
  if (!grow()) return std::nullopt;
  return take_block();
}

void Frames::give_block(std::uint64_t base) noexcept {
  if (used_count_ == used_.size()) give_up("more memory came back than there is");
  used_[used_count_++] = static_cast<std::uint32_t>(base / block_size);
}

std::optional<std::uint64_t> Frames::take_table() noexcept {
  if (tables_ != 0) {
    const std::uint64_t table = tables_;
    tables_ = word_at(table);
    word_at(table) = 0;
    return table;
  }
  if (table_next_ == table_end_) {
    if (fresh_ == fresh_end_) return std::nullopt;
    table_next_ = fresh_;
    fresh_ += block_size;
    table_end_ = fresh_;
  }
  const std::uint64_t table = table_next_;
  table_next_ += page_size;
  accept_memory(table, page_size);
  if (!is_believed_to_be_zero()) clear({physical(table), page_size});
  return table;
}

void Frames::give_table(std::uint64_t base) noexcept {
  clear({physical(base), page_size});
  word_at(base) = tables_;
  tables_ = base;
}

}  // namespace merlon::shim::x86
