#include "merlon/shim/x86/page_table.h"

#include "merlon/shim/x86/frames.h"
#include "merlon/shim/x86/machine.h"

namespace merlon::shim::x86 {
namespace {

constexpr unsigned top_shift = 39;
constexpr unsigned directory_pointer_shift = 30;
constexpr unsigned directory_shift = 21;

std::uint64_t index_of(std::uint64_t address, unsigned shift) noexcept {
  return (address >> shift) % table_size;
}

/// The table below `slot`, made if it is not there. Rights are decided at the lowest level.
std::uint64_t* descend(Frames& frames, std::uint64_t& slot) noexcept {
  if ((slot & entry::present) == 0) {
    const auto table = frames.take_table();
    if (!table) return nullptr;
    slot = *table | entry::present | entry::writable | entry::user | private_bit();
  }
  return table_of(slot);
}

}  // namespace

std::uint64_t* table_of(std::uint64_t value) noexcept {
  // SAFETY: entries that point to tables are written by us and by the launcher only.
  return reinterpret_cast<std::uint64_t*>(physical(value & entry::address_mask));
}

std::uint64_t* directory_entry(Frames& frames, std::uint64_t address) noexcept {
  std::uint64_t* const top = table_of(boot_info().page_table);
  std::uint64_t* const pointers = descend(frames, top[index_of(address, top_shift)]);
  if (pointers == nullptr) return nullptr;
  std::uint64_t* const directory =
      descend(frames, pointers[index_of(address, directory_pointer_shift)]);
  if (directory == nullptr) return nullptr;
  return &directory[index_of(address, directory_shift)];
}

std::uint64_t* find_directory_entry(std::uint64_t address, std::uint64_t& skip) noexcept {
  const auto behind = [&](unsigned shift) { return ((address >> shift) + 1) << shift; };
  const std::uint64_t top = table_of(boot_info().page_table)[index_of(address, top_shift)];
  if ((top & entry::present) == 0) {
    skip = behind(top_shift);
    return nullptr;
  }
  const std::uint64_t pointer = table_of(top)[index_of(address, directory_pointer_shift)];
  if ((pointer & entry::present) == 0) {
    skip = behind(directory_pointer_shift);
    return nullptr;
  }
  return &table_of(pointer)[index_of(address, directory_shift)];
}

}  // namespace merlon::shim::x86
