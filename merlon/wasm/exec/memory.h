#pragma once

// A linear memory [WASM 3.0 §4.2.9]: address space reserved once, so that the base never moves.

#include <memory>

#include "merlon/core/bytes.h"
#include "merlon/os/mapping.h"
#include "merlon/wasm/exec/bounds.h"
#include "merlon/wasm/exec/budget.h"
#include "merlon/wasm/exec/vm.h"

namespace merlon::wasm {

/// Layout of the reservation of a 32-bit memory:
///
///   base - 2 GiB … base                no access: the guard below
///   base … base + size                 accessible
///   base + size … base + 8 GiB + 64 KiB  no access: what 32-bit index + 32-bit offset may reach
///
/// so that compiled code needs no bounds check. Nothing reaches below the base: an index has 32
/// bits with zeros above, an offset is added in 64 bits. The guard there is for a compiler that
/// would take an index for signed (CVE-2023-26489 was of that kind), and what lies below may be
/// anything: in a machine, the shim puts one mapping next to the other. A fault in it is no trap of
/// the guest's but ends the keep. A 64-bit memory is compared by compiled code and reserves what it
/// may grow to. So does a 32-bit one under Bounds::Checks, with its size before it, where code
/// reads it in one instruction, and a guard behind it for what offsets and sizes add:
///
///   base - 4 KiB … base                the memory's size
///   base … base + size                 accessible
///   base + size … base + what it may grow to + small_guard   no access
///
/// A base is a multiple of a large page's size, and a memory from 4 MiB on asks for such pages.
class Memory {
 public:
  /// A zeroed memory of `type.limits.min` pages that never exceeds `max_bytes`, nor what is left of
  /// `budget`, which must outlive it. Errors: Exhausted (limit, address space or memory).
  [[nodiscard]] static core::Result<std::unique_ptr<Memory>> create(const MemoryType& type,
                                                                    std::uint64_t max_bytes,
                                                                    MemoryBudget& budget,
                                                                    Bounds bounds = Bounds::Guards);

  /// Grows by `delta` pages and gives the old size in pages, or nothing: then nothing changed.
  [[nodiscard]] std::optional<std::uint64_t> grow(std::uint64_t delta);

  [[nodiscard]] std::uint64_t pages() const noexcept { return vm_.bytes / page_size; }
  [[nodiscard]] const MemoryType& type() const noexcept { return type_; }
  [[nodiscard]] core::ByteSpan bytes() const noexcept {
    return {vm_.base, static_cast<std::size_t>(vm_.bytes)};
  }
  [[nodiscard]] VmMemory* vm() noexcept { return &vm_; }
  /// Does `address` lie in the reservation, from the base on? Such a fault is the guest's.
  [[nodiscard]] bool reserves(const void* address) const noexcept;

 private:
  Memory(const MemoryType& type, os::Mapping mapping, std::uint64_t below, std::uint64_t max_bytes,
         MemoryBudget& budget, bool shows_size);

  MemoryType type_;
  os::Mapping mapping_;
  std::uint64_t below_;  ///< bytes of the reservation before the base
  std::uint64_t max_bytes_;
  MemoryBudget& budget_;
  bool shows_size_;  ///< before the base
  VmMemory vm_;
};

}  // namespace merlon::wasm
