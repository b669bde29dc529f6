#pragma once

// CPUID raises an exception in an enclave, and elsewhere on few processors. A simulated enclave is
// told where its program has that instruction (tools/cpuid_places.py), and another instruction that
// raises one stands there while the keep runs. Who looks, as the shim does, sees CPUID all the
// same: from the exception on it is there again, in a page that cannot be executed, until the keep
// comes back to that page.

#include <cstdint>
#include <set>
#include <string_view>

#include "merlon/os/errno.h"

namespace merlon::host::sgx::simulated {

class CpuidPlaces {
 public:
  /// Of a list of addresses in hexadecimal, one on each line, relative to `base`. What is no
  /// address, or too much, is passed over: then the keep sees this processor.
  [[nodiscard]] static CpuidPlaces of(std::string_view list, std::uint64_t base);

  /// Puts the other instruction where CPUID is, in pages that are there and executable.
  [[nodiscard]] os::Result<void> hide_all();
  /// Whether the exception at `address` was CPUID's; then it is there again.
  [[nodiscard]] bool show(std::uint64_t address);
  /// Whether the keep could not execute `page` only because of show(); then it can.
  [[nodiscard]] bool come_back(std::uint64_t page);

  [[nodiscard]] bool empty() const noexcept { return places_.empty(); }

 private:
  static constexpr std::size_t most_places = 4096;

  std::set<std::uint64_t> places_;
  std::set<std::uint64_t> shown_pages_;
};

}  // namespace merlon::host::sgx::simulated
