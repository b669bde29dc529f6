#pragma once

// ENCLU in a simulated enclave. Processors without SGX raise #UD there; those that have it raise
// #GP or #PF by the leaf, since nothing here is an enclave to them, even where a hypervisor's CPUID
// says that they do not have it. So none is asked: the shim's instructions are hidden by one that
// raises #GP everywhere.

#include <cstdint>
#include <set>

#include "merlon/core/bytes.h"
#include "merlon/os/errno.h"

namespace merlon::host::sgx::simulated {

inline constexpr std::uint64_t size_of_enclu = 3;

class LeafPlaces {
 public:
  /// Notes those in `code`, which will lie at `address`.
  void look_for(std::uint64_t address, core::ByteView code);

  /// In pages that are there.
  [[nodiscard]] os::Result<void> hide_all();

  /// Whether the shim has an ENCLU there.
  [[nodiscard]] bool has(std::uint64_t place) const { return places_.contains(place); }

  /// Whether the one there is the shim's loop that accepts pages from rcx on to before rdx, all by
  /// one operand (shim/sgx/leaves.cc): nothing but the next page differs when it comes by again.
  [[nodiscard]] bool accepts_a_row(std::uint64_t place) const { return rows_.contains(place); }

 private:
  std::set<std::uint64_t> places_;
  std::set<std::uint64_t> rows_;
};

}  // namespace merlon::host::sgx::simulated
