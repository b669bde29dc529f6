#pragma once

// The keep's memory calls: mmap, munmap, mprotect, brk. A reservation without access costs no
// memory and no page table. No page is writable and executable at once.

#include <cstdint>

#include "merlon/shim/kvm/frames.h"
#include "merlon/shim/kvm/ledger.h"
#include "merlon/shim/kvm/linux_abi.h"
#include "merlon/shim/kvm/stale_translations.h"

namespace merlon::shim {

class AddressSpace {
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

 private:
  [[nodiscard]] bool apply(Range range, Access access) noexcept;
  [[nodiscard]] bool apply_window(std::uint64_t window, Range range, Access access) noexcept;
  [[nodiscard]] bool make_window(std::uint64_t window, std::uint64_t& slot) noexcept;
  [[nodiscard]] bool split(std::uint64_t& slot) noexcept;
  void merge(std::uint64_t& slot) noexcept;
  void forget(Range range) noexcept;
  void forget_window(std::uint64_t window, Range range, std::uint64_t& slot) noexcept;
  void flush_if_needed() noexcept;

  Frames frames_;
  Ledger ledger_;
  std::uint64_t break_start_ = 0;
  std::uint64_t break_end_ = 0;
  StaleTranslations stale_;
};

}  // namespace merlon::shim
