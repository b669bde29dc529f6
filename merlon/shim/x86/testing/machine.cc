#include "merlon/shim/x86/testing/machine.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <sys/mman.h>

#include "merlon/shim/x86/page_table.h"

namespace merlon::shim::x86 {
namespace testing {
namespace {

Machine* current = nullptr;

constexpr std::uint64_t page_size = linux::page_size;
constexpr std::uint64_t top_table = 0x1000;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "test machine: %s\n", what);
  std::abort();
}

/// Memory where a shim has its direct map, so that its own addresses are in the tables as well.
void* map_at_its_place(std::uint64_t bytes) {
  return ::mmap(reinterpret_cast<void*>(sallyport::direct_map), bytes, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
}

std::uint64_t window_of(std::uint64_t address) { return address / block_size; }

void expect_private(std::uint64_t entry) {
  if ((entry & sallyport::private_bit) == 0) fail("an entry that is not private");
}

/// The rights of one entry, over which those above it have been taken together.
Translation with_rights(Translation above, std::uint64_t entry, std::uint64_t physical) {
  return {physical, above.user && (entry & entry::user) != 0,
          above.writable && (entry & entry::writable) != 0,
          above.executable && (entry & entry::no_execute) == 0};
}

}  // namespace

Machine::Machine(sallyport::World world) {
  if (current != nullptr) fail("there is another one");
  void* const bytes = map_at_its_place(size);
  if (bytes == MAP_FAILED) fail("the direct map's addresses are not free");
  current = this;
  bytes_ = {static_cast<std::uint8_t*>(bytes), size};
  boot_.world = world;
  boot_.page_table = top_table;
  boot_.direct_offset = sallyport::direct_map;
  boot_.pool_base = pool_base;
  boot_.pool_size = pool_blocks * block_size;
  boot_.table_base = table_base;
  boot_.table_size = table_pages * page_size;
  boot_.break_start = sallyport::user_start;
  below_.give = [this](linux::Range range, linux::Access access) {
    return space_->give(range, access);
  };
  below_.take = [this](linux::Range range) { space_->take(range); };
  space_->begin(boot_, memory().ledger());
  memory().begin(boot_);
}

Machine::~Machine() {
  ::munmap(bytes_.data(), bytes_.size());
  current = nullptr;
}

std::uint64_t Machine::word(std::uint64_t table, std::uint64_t index) const {
  std::uint64_t value = 0;
  const std::uint64_t place = table + index % table_size * sizeof(value);
  if (place > size - sizeof(value)) fail("a table outside of the machine's memory");
  std::memcpy(&value, at(place), sizeof(value));
  return value;
}

std::optional<std::uint64_t> Machine::directory_entry_of(std::uint64_t address) const {
  constexpr std::uint64_t open = entry::present | entry::writable | entry::user;
  std::uint64_t table = top_table;
  for (const unsigned shift : {39U, 30U}) {
    const std::uint64_t each = word(table, address >> shift);
    if ((each & entry::present) == 0) return std::nullopt;
    if ((each & (open | entry::large | entry::no_execute)) != open)
      fail("an entry with less rights");
    expect_private(each);
    table = each & entry::address_mask;
    if (!is_accepted(table)) fail("a table that was not accepted");
  }
  const std::uint64_t last = word(table, address >> 21U);
  if ((last & entry::present) == 0) return std::nullopt;
  expect_private(last);
  return last;
}

std::optional<Translation> Machine::walk(std::uint64_t address) const {
  const auto directory = directory_entry_of(address);
  if (!directory) return std::nullopt;
  constexpr Translation all{0, true, true, true};
  const std::uint64_t base = *directory & entry::address_mask;
  if ((*directory & entry::large) != 0) {
    if (base % block_size != 0) fail("a large page that is not aligned");
    return with_rights(all, *directory, base + address % block_size);
  }
  if (!is_accepted(base)) fail("a table that was not accepted");
  const std::uint64_t page = word(base, address / page_size);
  if ((page & entry::present) == 0) return std::nullopt;
  expect_private(page);
  return with_rights(with_rights(all, *directory, 0), page,
                     (page & entry::address_mask) + address % page_size);
}

bool Machine::is_large(std::uint64_t address) const {
  const auto directory = directory_entry_of(address);
  return directory && (*directory & entry::large) != 0;
}

/// What is remembered is used, however old; what is found is remembered.
std::optional<Translation> Machine::look_up(std::uint64_t address) {
  const std::uint64_t page = address / page_size;
  const auto with_offset = [&](Translation to, std::uint64_t unit) {
    to.physical += address % unit;
    return to;
  };
  if (const auto found = small_.find(page); found != small_.end()) {
    return with_offset(found->second, page_size);
  }
  if (const auto found = large_.find(window_of(address)); found != large_.end()) {
    return with_offset(found->second, block_size);
  }
  if (const auto found = tables_.find(window_of(address)); found != tables_.end()) {
    const std::uint64_t each = word(found->second & entry::address_mask, page);
    if ((each & entry::present) == 0) return std::nullopt;
    constexpr Translation all{0, true, true, true};
    small_[page] =
        with_rights(with_rights(all, found->second, 0), each, each & entry::address_mask);
    return with_offset(small_[page], page_size);
  }
  auto fresh = walk(address);
  if (!fresh) return std::nullopt;
  Translation start = *fresh;
  if (is_large(address)) {
    start.physical -= address % block_size;
    large_[window_of(address)] = start;
  } else {
    start.physical -= address % page_size;
    small_[page] = start;
    tables_[window_of(address)] = *directory_entry_of(address);
  }
  return fresh;
}

std::uint8_t* Machine::reach(std::uint64_t address, Use use) {
  const auto to = look_up(address);
  const bool good = to && to->user && (use != Use::Write || to->writable) &&
                    (use != Use::Execute || to->executable);
  if (!good) {
    // A fault has the processor forget what it remembers of the page [INTEL SDM 3A §4.10.4.1].
    small_.erase(address / page_size);
    large_.erase(window_of(address));
    return nullptr;
  }
  if (to->physical >= size) fail("a page outside of the machine's memory");
  if (!is_accepted(to->physical)) fail("a page that was not accepted");
  return at(to->physical);
}

void Machine::accept(std::uint64_t base, std::uint64_t bytes) {
  if (base % page_size != 0 || bytes % page_size != 0 || bytes == 0) fail("no whole pages");
  const std::uint64_t end = (base + bytes) / page_size;
  for (std::uint64_t page = base / page_size; page < end;) {
    auto& pages = accepted_[page / table_size];
    do {
      if (pages.test(page % table_size)) fail("a page is accepted twice");
      pages.set(page % table_size);
    } while (++page < end && page % table_size != 0);
  }
}

void Machine::forget_all() {
  small_.clear();
  large_.clear();
  tables_.clear();
  ++all_forgotten;
}

/// [INTEL SDM 3A §4.10.4.1]: of all tables it forgets what it remembers, but not of all pages.
void Machine::forget(std::uint64_t address) {
  small_.erase(address / page_size);
  large_.erase(window_of(address));
  tables_.clear();
  pages_forgotten.push_back(address);
}

bool has_room_for_a_machine() {
  void* const memory = map_at_its_place(Machine::size);
  if (memory == MAP_FAILED) return false;
  ::munmap(memory, Machine::size);
  return true;
}

}  // namespace testing

const sallyport::BootInfo& boot_info() noexcept { return testing::current->boot(); }
std::uint64_t private_bit() noexcept { return sallyport::private_bit; }
void accept_memory(std::uint64_t base, std::uint64_t size) noexcept {
  testing::current->accept(base, size);
}
void flush_translations() noexcept { testing::current->forget_all(); }
void flush_translation(std::uint64_t page) noexcept { testing::current->forget(page); }

}  // namespace merlon::shim::x86
