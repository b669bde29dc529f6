#include "merlon/shim/snp/faults.h"

#include <array>

#include "merlon/shim/linux/ledger.h"
#include "merlon/shim/linux/user.h"
#include "merlon/shim/x86/page_table.h"

namespace merlon::shim::snp {

using linux::Registers;

namespace {

namespace entry = x86::entry;

constexpr std::uint64_t undefined_instruction = 6;
constexpr std::uint64_t page_fault = 14;

// Of a page fault's error code [AMD-APM2 §8.4.2].
constexpr std::uint64_t was_present = 1;
constexpr std::uint64_t was_write = 2;
constexpr std::uint64_t was_user = 4;
constexpr std::uint64_t was_fetch = 16;
constexpr std::uint64_t known = was_present | was_write | was_user | was_fetch;

constexpr std::uint64_t longest_instruction = 15;

/// The entry that maps `address` at the lowest level; 0 if none does.
std::uint64_t entry_of(std::uint64_t address) noexcept {
  std::uint64_t skip = 0;
  const std::uint64_t* const slot = x86::find_directory_entry(address, skip);
  if (slot == nullptr || (*slot & entry::present) == 0) return 0;
  if ((*slot & entry::large) != 0) return *slot;
  return x86::table_of(*slot)[address / linux::page_size % x86::table_size];
}

Proof judge_page_fault(const Registers& registers, std::uint64_t address) noexcept {
  const std::uint64_t error = registers.error;
  if ((error & was_user) == 0 || (error & ~known) != 0) return Proof::None;
  const bool fetch = (error & was_fetch) != 0;
  if (fetch && address - registers.rip >= longest_instruction) return Proof::None;
  constexpr std::uint64_t lower_half = std::uint64_t{1} << 47U;
  if (address >= lower_half && address < ~std::uint64_t{0} - lower_half + 1) return Proof::None;
  const std::uint64_t page = entry_of(address & (lower_half - 1));
  // No upper half is mapped.
  if (address >= lower_half || (page & entry::present) == 0) {
    return (error & was_present) == 0 ? Proof::Happened : Proof::Again;
  }
  const bool allowed = (page & entry::user) != 0 &&
                       ((error & was_write) == 0 || (page & entry::writable) != 0) &&
                       (!fetch || (page & entry::no_execute) == 0);
  return allowed || (error & was_present) == 0 ? Proof::Again : Proof::Happened;
}

bool is_undefined(std::uint64_t instruction) noexcept {
  constexpr std::array<std::uint8_t, 2> ud2{0x0f, 0x0b};
  std::array<std::uint8_t, 2> code{};
  return linux::read_user(instruction, code) && code == ud2;
}

}  // namespace

Proof Faults::judge(const Registers& registers, std::uint64_t address) noexcept {
  Proof proof = Proof::None;
  if (registers.vector == page_fault) proof = judge_page_fault(registers, address);
  if (registers.vector == undefined_instruction && is_undefined(registers.rip)) {
    proof = Proof::Happened;
  }
  if (proof != Proof::Again) {
    tries_ = 0;
    return proof;
  }
  const bool same = registers.rip == last_instruction_ && address == last_address_;
  tries_ = same ? tries_ + 1 : 1;
  last_instruction_ = registers.rip;
  last_address_ = address;
  return tries_ > most_tries ? Proof::None : Proof::Again;
}

}  // namespace merlon::shim::snp
