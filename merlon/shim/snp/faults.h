#pragma once

// Whether an exception of ring 3 happened. A host can inject any, and each that reaches the keep
// is a trap of its workload: one that cannot be proved ends the keep.

#include <cstdint>

#include "merlon/shim/linux/registers.h"

namespace merlon::shim::snp {

enum class Proof : std::uint8_t {
  Happened,  ///< the keep did it
  Again,     ///< the tables allow what the processor says they do not: it may remember older ones
  None,
};

/// Judges page faults by the page tables, and undefined instructions by their bytes. Nothing else
/// is proved: no code of a keep raises it.
class Faults {
 public:
  /// `address`: CR2. A fault that may be an older translation's is to be tried again; the same one
  /// a few times in a row is None.
  [[nodiscard]] Proof judge(const linux::Registers& registers, std::uint64_t address) noexcept;

 private:
  static constexpr unsigned most_tries = 3;

  std::uint64_t last_instruction_ = 0;
  std::uint64_t last_address_ = 0;
  unsigned tries_ = 0;
};

}  // namespace merlon::shim::snp
