#pragma once

// The launch digest of an SEV-SNP guest as the security processor computes it: a chain of SHA-384
// over one PAGE_INFO for each page, in the order of the launch [SNP-ABI 1.58 §8.17.2]. Pure.

#include "merlon/core/bytes.h"
#include "merlon/snp/page_info.h"
#include "merlon/snp/vmsa.h"

namespace merlon::measure {

class LaunchChain {
 public:
  LaunchChain() = default;
  /// Goes on from a digest of pages that came before.
  explicit LaunchChain(const snp::LaunchDigest& before) noexcept : digest_(before) {}

  /// A page whose contents are measured; at most 4096 bytes, and zeros behind them.
  void add_normal(std::uint64_t address, core::ByteView page) noexcept;
  void add_vmsa(const snp::Vmsa& vmsa) noexcept;
  /// The same of a page that somebody else has made: 4096 bytes.
  void add_vmsa_page(core::ByteView page) noexcept;
  /// A page whose contents are not in the digest, only its type: Zero, Unmeasured, Secrets, Cpuid.
  void add_empty(snp::PageType type, std::uint64_t address) noexcept;

  /// Of all pages so far: MEASUREMENT of the guest's reports.
  [[nodiscard]] const snp::LaunchDigest& digest() const noexcept { return digest_; }

 private:
  void add(snp::PageType type, std::uint64_t address, const snp::LaunchDigest& contents) noexcept;

  snp::LaunchDigest digest_{};
};

}  // namespace merlon::measure
