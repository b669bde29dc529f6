#pragma once

// The keep's pages in an enclave that grows and changes while it runs [SDM vol. 3D, "Changes to
// enclave memory", SGX2]. The host's kernel adds, restricts and removes pages; the enclave accepts
// each change, exactly as it asked for it, and once. A page that is allowed is taken when it is
// first used: to allow costs one request, and reservations cost nothing.

#include <cstdint>

#include "merlon/sallyport/boot.h"
#include "merlon/sallyport/enclave.h"
#include "merlon/shim/linux/ledger.h"
#include "merlon/shim/sgx/page_book.h"

namespace merlon::shim::sgx {

class Pages {
 public:
  /// Takes over the pages that the enclave was made with. `ledger` is the one to follow, and
  /// outlives this object.
  void begin(const sallyport::BootInfo& boot, const linux::Ledger& ledger) noexcept;

  /// As linux::give_pages(), take_pages() and reach_pages().
  [[nodiscard]] bool give(linux::Range range, linux::Access access) noexcept;
  void take(linux::Range range) noexcept;
  [[nodiscard]] bool reach(std::uint64_t address, std::uint64_t size) noexcept;

  /// A fault at `address`: takes the pages around it, if the ledger allows them and they are not
  /// there yet. False: it was the keep's own.
  [[nodiscard]] bool take_missing(std::uint64_t address) noexcept;
  /// Whether the page at `address` is there for what was tried, by the error code of a page fault:
  /// then the fault is the host's doing.
  [[nodiscard]] bool has(std::uint64_t address, std::uint32_t error) const noexcept;

 private:
  /// The pages of `range`, which are absent, come with what `access` allows.
  [[nodiscard]] bool add(linux::Range range, linux::Access access) noexcept;
  /// How many bytes are to come where `page`, in a region of one access, is first used.
  [[nodiscard]] std::uint64_t next_block(std::uint64_t page, linux::Range region) const noexcept;
  /// The pages of `range`, which are there and in the state `from`, get other rights.
  [[nodiscard]] bool change(linux::Range range, PageState from, linux::Access to) noexcept;
  /// For each run of pages of `range` that are there.
  template <typename Function>
  [[nodiscard]] bool for_each_there(linux::Range range, const Function& function) noexcept;

  const linux::Ledger* ledger_ = nullptr;
  PageBook book_;
  std::uint64_t came_to_ = 0;  ///< the end of the pages that were taken last
  std::uint64_t at_once_ = 0;  ///< bytes that were taken with them
};

}  // namespace merlon::shim::sgx
