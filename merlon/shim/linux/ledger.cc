#include "merlon/shim/linux/ledger.h"

namespace merlon::shim::linux {

std::size_t Ledger::first_behind(std::uint64_t address) const noexcept {
  std::size_t low = 0;
  std::size_t high = count_;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (regions_[middle].range.end <= address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

void Ledger::insert(std::size_t at, Region region) noexcept {
  for (std::size_t i = count_; i > at; --i) regions_[i] = regions_[i - 1];
  regions_[at] = region;
  ++count_;
}

void Ledger::erase(std::size_t from, std::size_t to) noexcept {
  for (std::size_t i = to; i < count_; ++i) regions_[from + (i - to)] = regions_[i];
  count_ -= to - from;
}

/// Makes `range` free; a region around it falls into two.
bool Ledger::cut(Range range) noexcept {
  std::size_t at = first_behind(range.start);
  if (at == count_ || regions_[at].range.start >= range.end) return true;
  Region& first = regions_[at];
  if (first.range.start < range.start && first.range.end > range.end) {
    if (count_ == capacity) return false;
    const Region rest{{range.end, first.range.end}, first.access};
    first.range.end = range.start;
    insert(at + 1, rest);
    return true;
  }
  if (first.range.start < range.start) {
    first.range.end = range.start;
    ++at;
  }
  std::size_t last = at;
  while (last < count_ && regions_[last].range.end <= range.end) ++last;
  if (last < count_ && regions_[last].range.start < range.end) {
    regions_[last].range.start = range.end;
  }
  erase(at, last);
  return true;
}

bool Ledger::set(Range range, Access access) noexcept {
  if (!has_room() || !cut(range)) return false;
  std::size_t at = first_behind(range.start);
  if (at < count_ && regions_[at].range.start == range.end && regions_[at].access == access) {
    range.end = regions_[at].range.end;
    erase(at, at + 1);
  }
  if (at > 0 && regions_[at - 1].range.end == range.start && regions_[at - 1].access == access) {
    regions_[at - 1].range.end = range.end;
    return true;
  }
  insert(at, {range, access});
  return true;
}

bool Ledger::remove(Range range) noexcept { return cut(range); }

bool Ledger::covers(Range range) const noexcept {
  std::uint64_t reached = range.start;
  for (std::size_t at = first_behind(range.start); at < count_ && reached < range.end; ++at) {
    if (regions_[at].range.start > reached) return false;
    reached = regions_[at].range.end;
  }
  return reached >= range.end;
}

bool Ledger::allows(std::uint64_t address, std::uint64_t size, bool write) const noexcept {
  if (size == 0) return true;
  const std::uint64_t end = address + size;
  if (end < address) return false;
  std::uint64_t reached = address;
  for (std::size_t at = first_behind(address); at < count_ && reached < end; ++at) {
    const Region& region = regions_[at];
    const bool good = write ? region.access == Access::ReadWrite : region.access != Access::None;
    if (region.range.start > reached || !good) return false;
    reached = region.range.end;
  }
  return reached >= end;
}

std::optional<Region> Ledger::find(std::uint64_t address) const noexcept {
  const std::size_t at = first_behind(address);
  if (at == count_ || regions_[at].range.start > address) return std::nullopt;
  return regions_[at];
}

bool Ledger::has_access(Range range) const noexcept {
  for (std::size_t at = first_behind(range.start); at < count_; ++at) {
    if (regions_[at].range.start >= range.end) return false;
    if (regions_[at].access != Access::None) return true;
  }
  return false;
}

bool Ledger::is_free(Range range) const noexcept {
  const std::size_t at = first_behind(range.start);
  return at == count_ || regions_[at].range.start >= range.end;
}

std::optional<std::uint64_t> Ledger::find_free(Range within, std::uint64_t size,
                                               std::uint64_t alignment) const noexcept {
  const auto aligned = [&](std::uint64_t at) { return (at + alignment - 1) & ~(alignment - 1); };
  std::uint64_t start = aligned(within.start);
  for (std::size_t at = first_behind(within.start); at < count_; ++at) {
    const Range& taken = regions_[at].range;
    if (start >= within.end || taken.start >= within.end) break;
    if (taken.start >= start && taken.start - start >= size) return start;
    start = aligned(taken.end);
  }
  if (start >= within.end || within.end - start < size) return std::nullopt;
  return start;
}

}  // namespace merlon::shim::linux
