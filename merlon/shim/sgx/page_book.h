#pragma once

// Which pages the enclave has, and with which rights: its own word on it. What the host says, or a
// fault looks like, is compared with this. A page that was accepted once is not accepted again.

#include <array>
#include <cstddef>
#include <cstdint>

#include "merlon/sallyport/enclave.h"
#include "merlon/shim/linux/ledger.h"

namespace merlon::shim::sgx {

/// Of a page of 4 KiB.
enum class PageState : std::uint8_t { Absent, None, Read, ReadWrite, ReadExecute };

[[nodiscard]] constexpr PageState state_of(sallyport::Access access) noexcept {
  switch (access) {
    case sallyport::Access::None: return PageState::None;
    case sallyport::Access::Read: return PageState::Read;
    case sallyport::Access::ReadWrite: return PageState::ReadWrite;
    case sallyport::Access::ReadExecute: return PageState::ReadExecute;
  }
  return PageState::None;
}

/// Pages one behind the other that are in the same state.
struct PageRun {
  PageState state;
  std::uint64_t end;
};

/// A tree: a byte for each page, 4096 of them to a leaf. Leaves and branches are pages of the
/// book's own, which it takes as it grows and keeps.
class PageBook {
 public:
  /// The run that starts at `address`, at most to `limit`; both are pages' starts.
  [[nodiscard]] PageRun run_at(std::uint64_t address, std::uint64_t limit) const noexcept;
  /// False when there is no page for the book itself.
  [[nodiscard]] bool set(linux::Range range, PageState state) noexcept;

 private:
  static constexpr std::uint64_t leaf_bits = 24;    // 16 MiB
  static constexpr std::uint64_t branch_bits = 33;  // 8 GiB
  static constexpr std::size_t root_size = sallyport::enclave_size >> branch_bits;
  using Leaf = std::array<PageState, 4096>;
  using Branch = std::array<Leaf*, 512>;

  [[nodiscard]] Leaf* make_leaf(std::uint64_t address) noexcept;
  [[nodiscard]] void* take_page() noexcept;

  std::array<Branch*, root_size> root_{};
  std::uint64_t next_ = 0;  ///< page of the book's own, from page_book_start on
};

}  // namespace merlon::shim::sgx
