#include "merlon/wasi/fd_table.h"

#include <algorithm>

#include "merlon/wasi/preopen.h"

namespace merlon::wasi {

Result<FdNumber> FdTable::insert(FdEntry entry) { return fill(std::move(entry)); }
Result<FdNumber> FdTable::insert(LentStream stream) { return fill(stream); }

Result<FdNumber> FdTable::fill(Slot slot) {
  while (first_free_ < slots_.size() && is_open(static_cast<FdNumber>(first_free_))) ++first_free_;
  if (first_free_ >= max_entries) return fail(Errno::Mfile);
  if (first_free_ == slots_.size()) slots_.emplace_back();
  slots_[first_free_] = std::move(slot);
  return static_cast<FdNumber>(first_free_++);
}

bool FdTable::is_open(FdNumber fd) const noexcept {
  return fd < slots_.size() && !std::holds_alternative<std::monostate>(slots_[fd]);
}

Result<FdEntry*> FdTable::get(FdNumber fd, Rights needed) noexcept {
  if (!is_open(fd)) return fail(Errno::Badf);
  Slot& slot = slots_[fd];
  if (const auto* const stream = std::get_if<LentStream>(&slot)) {
    auto entry = look_at(*stream);
    if (!entry) return fail(Errno::Badf);
    slot = *std::move(entry);
  }
  auto& entry = std::get<FdEntry>(slot);
  if (!entry.base.has(needed)) return fail(Errno::Notcapable);
  return &entry;
}

Result<void> FdTable::close(FdNumber fd) noexcept {
  if (!is_open(fd)) return fail(Errno::Badf);
  remove(fd);
  return {};
}

Result<void> FdTable::renumber(FdNumber from, FdNumber to) noexcept {
  if (!is_open(from) || !is_open(to)) return fail(Errno::Badf);
  if (from == to) return {};
  slots_[to] = std::move(slots_[from]);
  remove(from);
  return {};
}

void FdTable::remove(FdNumber fd) noexcept {
  slots_[fd] = std::monostate();
  first_free_ = std::min<std::size_t>(first_free_, fd);
}

bool FdTable::has_preopened_above(FdNumber fd) const noexcept {
  if (fd >= slots_.size()) return false;
  return std::any_of(slots_.begin() + fd + 1, slots_.end(), [](const Slot& slot) {
    const auto* const entry = std::get_if<FdEntry>(&slot);
    return entry != nullptr && entry->preopened_as.has_value();
  });
}

}  // namespace merlon::wasi
