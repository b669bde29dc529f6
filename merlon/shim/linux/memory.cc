#include "merlon/shim/linux/memory.h"

#include <optional>

#include "merlon/shim/linux/host.h"
#include "merlon/shim/linux/machine.h"

namespace merlon::shim::linux {

using abi::SystemResult;

namespace {

/// Where large mappings start: machines map as much at once, if they can.
constexpr std::uint64_t large_page = std::uint64_t{2} << 20U;
constexpr std::uint64_t largest_size = std::uint64_t{1} << 46U;

std::uint64_t page_up(std::uint64_t value) noexcept {
  return (value + page_size - 1) & ~(page_size - 1);
}

std::optional<Access> access_of(std::uint64_t protection) noexcept {
  if (protection == 0) return Access::None;
  if (protection == abi::prot_read) return Access::Read;
  if ((protection & ~abi::prot_read) == abi::prot_write) return Access::ReadWrite;
  if ((protection & ~abi::prot_read) == abi::prot_exec) return Access::ReadExecute;
  return std::nullopt;
}

Range valid_range(std::uint64_t address, std::uint64_t size) noexcept {
  if (address % page_size != 0 || size == 0 || size > largest_size) return {};
  if (address < sallyport::user_start || address >= sallyport::user_end) return {};
  const std::uint64_t end = address + page_up(size);
  return end > sallyport::user_end ? Range{} : Range{address, end};
}

}  // namespace

void Memory::begin(const sallyport::BootInfo& boot) noexcept {
  for (std::size_t i = 0; i < boot.region_count && i < sallyport::max_boot_regions; ++i) {
    const sallyport::BootRegion& region = boot.regions[i];
    if (!ledger_.set({region.start, region.end}, region.access)) give_up("too many boot regions");
  }
  break_start_ = boot.break_start;
  break_end_ = boot.break_start;
}

SystemResult Memory::map(std::uint64_t address, std::uint64_t size, std::uint64_t protection,
                         std::uint64_t flags) noexcept {
  const auto access = access_of(protection);
  if (!access) return -abi::Acces;
  if ((flags & abi::map_anonymous) == 0 || (flags & abi::map_shared) != 0) return -abi::Inval;
  if (size == 0 || size > largest_size) return -abi::Inval;
  Range range{};
  if ((flags & abi::map_fixed) != 0) {
    range = valid_range(address, size);
    if (range.empty()) return -abi::Inval;
    if (!ledger_.remove(range)) return -abi::Nomem;
    take_pages(range);
  } else {
    const std::uint64_t bytes = page_up(size);
    const std::uint64_t alignment = bytes >= large_page ? large_page : page_size;
    const auto free =
        ledger_.find_free({sallyport::mapping_start, sallyport::mapping_end}, bytes, alignment);
    if (!free) return -abi::Nomem;
    range = {*free, *free + bytes};
  }
  if (!ledger_.set(range, *access)) return -abi::Nomem;
  if (!give_pages(range, *access)) {
    static_cast<void>(unmap(range.start, range.size()));
    return -abi::Nomem;
  }
  return static_cast<SystemResult>(range.start);
}

SystemResult Memory::unmap(std::uint64_t address, std::uint64_t size) noexcept {
  const Range range = valid_range(address, size);
  if (range.empty()) return -abi::Inval;
  if (!ledger_.remove(range)) return -abi::Nomem;
  take_pages(range);
  return 0;
}

SystemResult Memory::protect(std::uint64_t address, std::uint64_t size,
                             std::uint64_t protection) noexcept {
  const auto access = access_of(protection);
  if (!access) return -abi::Acces;
  if (size == 0) return 0;
  const Range range = valid_range(address, size);
  if (range.empty() || !ledger_.covers(range)) return -abi::Nomem;
  // First, since pages that have changed are not changed back.
  if (!ledger_.has_room() || !give_pages(range, *access)) return -abi::Nomem;
  if (!ledger_.set(range, *access)) return -abi::Nomem;
  return 0;
}

std::uint64_t Memory::set_break(std::uint64_t end) noexcept {
  if (end < break_start_ || end - break_start_ > sallyport::break_limit) return break_end_;
  const std::uint64_t before = page_up(break_end_);
  const std::uint64_t after = page_up(end);
  if (after > before) {
    const Range grown{before, after};
    if (!ledger_.is_free(grown) || !ledger_.set(grown, Access::ReadWrite)) return break_end_;
    if (!give_pages(grown, Access::ReadWrite)) {
      static_cast<void>(unmap(grown.start, grown.size()));
      return break_end_;
    }
  } else if (after < before) {
    static_cast<void>(unmap(after, before - after));
  }
  break_end_ = end;
  return break_end_;
}

}  // namespace merlon::shim::linux
