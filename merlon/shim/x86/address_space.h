#pragma once

// Page tables that follow the keep's ledger. A reservation without access costs no memory and no
// page table.

#include <cstdint>

#include "merlon/sallyport/boot.h"
#include "merlon/shim/linux/ledger.h"
#include "merlon/shim/x86/frames.h"
#include "merlon/shim/x86/stale_translations.h"

namespace merlon::shim::x86 {

class AddressSpace {
 public:
  /// Takes over the memory that the launcher gave. `ledger` is the one to follow, and outlives the
  /// address space. Not a constructor: an object that is zero takes no room in the shim's image.
  void begin(const sallyport::BootInfo& boot, const linux::Ledger& ledger) noexcept;

  /// As linux::give_pages(); ranges lie in what the ledger can hold. What has no window and gets no
  /// access needs none.
  [[nodiscard]] bool give(linux::Range range, linux::Access access) noexcept;
  /// Takes pages out that no longer belong to the keep; the ledger says so already.
  void take(linux::Range range) noexcept;

 private:
  [[nodiscard]] bool apply(linux::Range range, linux::Access access) noexcept;
  [[nodiscard]] bool apply_window(std::uint64_t window, linux::Range range,
                                  linux::Access access) noexcept;
  [[nodiscard]] bool make_window(std::uint64_t window, std::uint64_t& slot) noexcept;
  [[nodiscard]] bool split(std::uint64_t& slot) noexcept;
  void merge(std::uint64_t& slot) noexcept;
  void forget_window(std::uint64_t window, linux::Range range, std::uint64_t& slot) noexcept;
  void flush_if_needed() noexcept;

  const linux::Ledger* ledger_ = nullptr;
  Frames frames_;
  StaleTranslations stale_;
};

}  // namespace merlon::shim::x86
