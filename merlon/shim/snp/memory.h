#pragma once

// The memory that a machine of SEV-SNP has taken: each page once, so that behind no address the
// host can have put another page than the one that was taken [AMD-APM2 §15.36.6].

#include <array>
#include <cstddef>
#include <cstdint>

#include "merlon/shim/linux/ledger.h"
#include "merlon/shim/snp/reason.h"

namespace merlon::shim::snp {

/// Ranges of physical memory that are taken, in order, none touching another.
class TakenMemory {
 public:
  /// False: some of `range` was taken before, it is no range of whole pages, or there is no room
  /// for one more piece.
  [[nodiscard]] bool add(linux::Range range) noexcept;
  [[nodiscard]] std::size_t pieces() const noexcept { return count_; }

 private:
  static constexpr std::size_t most = 192;

  std::array<linux::Range, most> ranges_{};
  std::size_t count_ = 0;
};

/// Takes `size` bytes of physical memory at `base`, whole pages that are mapped at `address`: large
/// pages where that can be. Then the first and last byte of each page are read, without which some
/// processors leave the host a way to write to it for a while (Linux commit 7b306dfa326f). What the
/// memory holds is the host's choice.
[[nodiscard]] Trouble take_memory(TakenMemory& taken, std::uint64_t base, std::uint64_t size,
                                  std::uint64_t address) noexcept;

/// That this machine runs at VMPL 0, from where alone the rights of VMPL 1 can be changed: those to
/// the page at `address`, which is private and of 4 KiB, are taken away.
[[nodiscard]] Trouble check_level(std::uint64_t address) noexcept;

}  // namespace merlon::shim::snp
