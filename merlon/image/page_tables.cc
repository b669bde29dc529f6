#include "merlon/image/page_tables.h"

#include <cstring>

#include "merlon/sallyport/boot.h"

namespace merlon::image {
namespace {

constexpr std::uint64_t present = 1;
constexpr std::uint64_t writable = 2;
constexpr std::uint64_t user = 4;
/// Accessed and dirty, from the start: nobody here looks at them, and a host that shadows these
/// tables need not be asked to set them, page by page.
constexpr std::uint64_t used = 0x60;
constexpr std::uint64_t large = 0x80;
constexpr std::uint64_t no_execute = std::uint64_t{1} << 63U;
constexpr std::uint64_t address_mask = 0x0007'ffff'ffff'f000;

constexpr unsigned top_shift = 39;
constexpr unsigned pointer_shift = 30;
constexpr unsigned directory_shift = 21;
constexpr unsigned page_shift = 12;

std::size_t index_of(std::uint64_t address, unsigned shift) noexcept {
  return (address >> shift) % 512;
}

}  // namespace

PageTables::PageTables(std::uint64_t base, const TableForm& form)
    : base_(base), form_(form), words_(entries) {}

std::uint64_t PageTables::bits(Rights rights, Owner owner) const noexcept {
  const std::uint64_t who = (owner == Owner::Keep || form_.keep_sees_all ? user : 0) |
                            (owner == Owner::Shared ? 0 : form_.private_bit);
  switch (rights) {
    case Rights::Read: return present | used | who | no_execute;
    case Rights::ReadWrite: return present | used | who | writable | no_execute;
    case Rights::ReadExecute: return present | used | who;
  }
  return 0;
}

/// Rights are decided at the lowest level alone.
std::size_t PageTables::descend(std::size_t slot) {
  if ((words_[slot] & present) == 0) {
    const std::uint64_t table = base_ + words_.size() * sizeof(std::uint64_t);
    words_.resize(words_.size() + entries);
    words_[slot] = table | present | writable | user | form_.private_bit;
  }
  return ((words_[slot] & address_mask) - base_) / sizeof(std::uint64_t);
}

std::size_t PageTables::directory_slot(std::uint64_t address) {
  const std::size_t pointers = descend(index_of(address, top_shift));
  const std::size_t directory = descend(pointers + index_of(address, pointer_shift));
  return directory + index_of(address, directory_shift);
}

void PageTables::reserve_window(std::uint64_t address, std::uint64_t physical) {
  const std::size_t table = descend(directory_slot(address));
  for (std::size_t i = 0; i < entries; ++i) {
    words_[table + i] = (physical + i * page_size) | form_.private_bit;
  }
}

void PageTables::map_page(std::uint64_t address, std::uint64_t physical, Rights rights,
                          Owner owner) {
  const std::size_t table = descend(directory_slot(address));
  words_[table + index_of(address, page_shift)] = physical | bits(rights, owner);
}

void PageTables::map_window(std::uint64_t address, std::uint64_t physical, Rights rights,
                            Owner owner) {
  words_[directory_slot(address)] = physical | bits(rights, owner) | large;
}

void PageTables::mark_missing(std::uint64_t address) {
  const std::size_t slot = directory_slot(address);
  if ((words_[slot] & large) != 0) {
    words_[slot] |= sallyport::missing_page;
    return;
  }
  words_[descend(slot) + index_of(address, page_shift)] |= sallyport::missing_page;
}

core::ByteView PageTables::bytes() const noexcept {
  // SAFETY: any object may be looked at as bytes; x86-64 is little-endian.
  return {reinterpret_cast<const std::uint8_t*>(words_.data()),
          words_.size() * sizeof(std::uint64_t)};
}

std::vector<std::uint8_t> without_privacy(core::ByteView tables) {
  std::vector<std::uint8_t> plain(tables.begin(), tables.end());
  for (std::size_t at = 0; at + sizeof(std::uint64_t) <= plain.size(); at += 8) {
    std::uint64_t entry = 0;
    std::memcpy(&entry, plain.data() + at, sizeof(entry));
    entry &= ~(sallyport::private_bit | sallyport::missing_page);
    std::memcpy(plain.data() + at, &entry, sizeof(entry));
  }
  return plain;
}

}  // namespace merlon::image
