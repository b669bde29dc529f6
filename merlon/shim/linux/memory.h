#pragma once

// The keep's memory calls: mmap, munmap, mprotect, brk. The ledger says what the keep has; the
// machine makes the pages follow it. No page is writable and executable at once.

#include <cstdint>

#include "merlon/sallyport/boot.h"
#include "merlon/shim/linux/abi.h"
#include "merlon/shim/linux/ledger.h"

namespace merlon::shim::linux {

/// Addresses and sizes are what the keep asked for: anything.
class Memory {
 public:
  /// Takes over what the launcher has mapped.
  void begin(const sallyport::BootInfo& boot) noexcept;

  [[nodiscard]] abi::SystemResult map(std::uint64_t address, std::uint64_t size,
                                      std::uint64_t protection, std::uint64_t flags) noexcept;
  [[nodiscard]] abi::SystemResult unmap(std::uint64_t address, std::uint64_t size) noexcept;
  [[nodiscard]] abi::SystemResult protect(std::uint64_t address, std::uint64_t size,
                                          std::uint64_t protection) noexcept;
  /// The new end of the break, or the old one when it cannot be moved.
  [[nodiscard]] std::uint64_t set_break(std::uint64_t end) noexcept;

  /// Whether the shim may read or write for the keep there.
  [[nodiscard]] bool allows(std::uint64_t address, std::uint64_t size, bool write) const noexcept {
    return ledger_.allows(address, size, write);
  }
  [[nodiscard]] const Ledger& ledger() const noexcept { return ledger_; }

 private:
  Ledger ledger_;
  std::uint64_t break_start_ = 0;
  std::uint64_t break_end_ = 0;
};

}  // namespace merlon::shim::linux
