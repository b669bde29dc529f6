#include "merlon/wasi/fd_table.h"

#include <algorithm>

namespace merlon::wasi {

Result<FdNumber> FdTable::insert(FdEntry entry) {
  while (first_free_ < entries_.size() && entries_[first_free_].has_value()) ++first_free_;
  if (first_free_ >= max_entries) return fail(Errno::Mfile);
  if (first_free_ == entries_.size()) entries_.emplace_back();
  entries_[first_free_].emplace(std::move(entry));
  return static_cast<FdNumber>(first_free_++);
}

Result<FdEntry*> FdTable::get(FdNumber fd, Rights needed) noexcept {
  if (fd >= entries_.size() || !entries_[fd].has_value()) return fail(Errno::Badf);
  FdEntry& entry = *entries_[fd];
  if (!entry.base.has(needed)) return fail(Errno::Notcapable);
  return &entry;
}

Result<void> FdTable::close(FdNumber fd) noexcept {
  TRY(get(fd));
  remove(fd);
  return {};
}

Result<void> FdTable::renumber(FdNumber from, FdNumber to) noexcept {
  TRY(get(from));
  TRY(get(to));
  if (from == to) return {};
  entries_[to] = std::move(entries_[from]);
  remove(from);
  return {};
}

void FdTable::remove(FdNumber fd) noexcept {
  entries_[fd].reset();
  first_free_ = std::min<std::size_t>(first_free_, fd);
}

bool FdTable::has_preopened_above(FdNumber fd) const noexcept {
  if (fd >= entries_.size()) return false;
  return std::any_of(entries_.begin() + fd + 1, entries_.end(), [](const auto& entry) {
    return entry.has_value() && entry->preopened_as.has_value();
  });
}

}  // namespace merlon::wasi
