#include "merlon/host/sgx/simulated/page_map.h"

#include <iterator>
#include <utility>

namespace merlon::host::sgx::simulated {

using sallyport::Access;

namespace {

constexpr std::uint64_t flag_pending = 8, flag_modified = 16, flag_restricted = 32, rights_mask = 7;

std::uint64_t flags_of(const PageEntry& entry) noexcept {
  std::uint64_t flags = static_cast<std::uint64_t>(entry.type) << 8U;
  if (entry.type != PageType::Trimmed) flags |= entry.rights;
  if (entry.pending) flags |= flag_pending;
  if (entry.modified) flags |= flag_modified;
  if (entry.restricted) flags |= flag_restricted;
  return flags;
}

}  // namespace

const PageEntry* PageMap::find(std::uint64_t page) const noexcept {
  const auto found = blocks_.find(block_of(page));
  if (found == blocks_.end()) return nullptr;
  const auto& entry = found->second.pages[index_of(page)];
  return entry ? &*entry : nullptr;
}
PageEntry* PageMap::find(std::uint64_t page) noexcept {
  // SAFETY: this map can be changed.
  return const_cast<PageEntry*>(std::as_const(*this).find(page));
}

bool PageMap::add(std::uint64_t page, const PageEntry& entry) {
  Block& block = blocks_[block_of(page)];
  std::optional<PageEntry>& place = block.pages[index_of(page)];
  if (place) return false;
  place = entry;
  ++block.count;
  return true;
}

void PageMap::remove(std::uint64_t page) noexcept {
  const auto found = blocks_.find(block_of(page));
  if (found == blocks_.end()) return;
  Block& block = found->second;
  std::optional<PageEntry>& place = block.pages[index_of(page)];
  if (!place) return;
  place.reset();
  if (--block.count == 0) blocks_.erase(found);
}

Accepted PageMap::accept(std::uint64_t page, std::uint64_t flags) noexcept {
  PageEntry& entry = *find(page);
  const bool waits = entry.pending || entry.modified || entry.restricted;
  if (!waits || flags_of(entry) != flags) return Accepted::AttributesMismatch;
  entry.pending = entry.modified = entry.restricted = false;
  return Accepted::Yes;
}

void PageMap::map(std::uint64_t start, std::uint64_t end, Access access) {
  const Access behind = mapping_of(end);
  mappings_.erase(mappings_.lower_bound(start), mappings_.upper_bound(end));
  if (mapping_of(start) != access) mappings_[start] = access;
  if (behind != access) mappings_[end] = behind;
}

Access PageMap::mapping_of(std::uint64_t page) const noexcept {
  const auto next = mappings_.upper_bound(page);
  return next == mappings_.begin() ? Access::None : std::prev(next)->second;
}

int PageMap::reachable(std::uint64_t page) const noexcept {
  const PageEntry* const entry = find(page);
  if (entry == nullptr || entry->type != PageType::Regular || entry->pending || entry->modified) {
    return 0;
  }
  const Access mapped = mapping_of(page);
  const auto bits = static_cast<std::uint64_t>(mapped) & rights_mask;
  return static_cast<int>(entry->rights & bits);
}

}  // namespace merlon::host::sgx::simulated
