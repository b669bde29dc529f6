#include "merlon/host/sgx/simulated/cpuid_places.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <sys/mman.h>

#include "merlon/host/sgx/simulated/page_map.h"
#include "merlon/sallyport/enclave.h"

namespace merlon::host::sgx::simulated {
namespace {

constexpr std::uint16_t cpuid = 0xa20f;
constexpr std::uint16_t hidden = 0xa2f4;  // HLT (code.h) and what was behind it

std::uint64_t page_of(std::uint64_t address) noexcept { return address & ~(page_size - 1); }

void* pointer(std::uint64_t address) noexcept {
  // SAFETY: an address of the enclave, whose pages are this process's.
  return reinterpret_cast<void*>(address);
}

bool protect(std::uint64_t page, std::uint64_t size, int rights) noexcept {
  return ::mprotect(pointer(page), size, rights) == 0;
}

/// Both bytes may lie in two pages.
std::uint64_t pages_of(std::uint64_t address) noexcept {
  return page_of(address + 1) - page_of(address) + page_size;
}

/// Exchanges one instruction for the other; the page's rights are `rights` afterwards.
bool exchange(std::uint64_t address, std::uint16_t from, std::uint16_t to, int rights) noexcept {
  std::uint16_t there = 0;
  std::memcpy(&there, pointer(address), sizeof(there));
  if (there != from) return false;
  const std::uint64_t page = page_of(address);
  const std::uint64_t size = pages_of(address);
  if (!protect(page, size, PROT_READ | PROT_WRITE)) return false;
  std::memcpy(pointer(address), &to, sizeof(to));
  return protect(page, size, rights);
}

}  // namespace

CpuidPlaces CpuidPlaces::of(std::string_view list, std::uint64_t base) {
  CpuidPlaces places;
  while (!list.empty() && places.places_.size() < most_places) {
    const std::string_view line = list.substr(0, list.find('\n'));
    list.remove_prefix(std::min(list.size(), line.size() + 1));
    std::uint64_t address = 0;
    constexpr int hexadecimal = 16;
    const auto [end, error] =
        std::from_chars(line.data(), line.data() + line.size(), address, hexadecimal);
    const bool whole = error == std::errc() && end == line.data() + line.size();
    if (whole && address < sallyport::enclave_size - base) places.places_.insert(base + address);
  }
  return places;
}

os::Result<void> CpuidPlaces::hide_all() {
  for (const std::uint64_t place : places_) {
    if (!exchange(place, cpuid, hidden, PROT_READ | PROT_EXEC)) return os::Errno::Inval;
  }
  return {};
}

bool CpuidPlaces::show(std::uint64_t address) {
  if (!places_.contains(address)) return false;
  if (!exchange(address, hidden, cpuid, PROT_READ)) return false;
  shown_pages_.insert(page_of(address));
  shown_pages_.insert(page_of(address + 1));
  return true;
}

bool CpuidPlaces::come_back(std::uint64_t page) {
  if (shown_pages_.erase(page) == 0) return false;
  for (auto at = places_.lower_bound(page - 1); at != places_.end() && *at < page + page_size;
       ++at) {
    // Those that were not shown are hidden already.
    static_cast<void>(exchange(*at, cpuid, hidden, PROT_READ | PROT_EXEC));
  }
  return protect(page, page_size, PROT_READ | PROT_EXEC);
}

}  // namespace merlon::host::sgx::simulated
