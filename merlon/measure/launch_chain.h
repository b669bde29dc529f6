#pragma once

// The launch digest of an SEV-SNP guest as the security processor computes it: a chain of SHA-384
// over one PAGE_INFO for each page, in the order of the launch [SNP-ABI 1.58 §8.17.2]. Pure.

#include "merlon/core/bytes.h"
#include "merlon/image/layout.h"
#include "merlon/image/vmsa.h"
#include "merlon/snp/page_info.h"

namespace merlon::measure {

/// Also the sink of a stream of pages: what an attested keep's machine starts with.
class LaunchChain final : public image::PageSink {
 public:
  LaunchChain() = default;
  /// Goes on from a digest of pages that came before.
  explicit LaunchChain(const snp::LaunchDigest& before) noexcept : digest_(before) {}

  /// A page whose contents are measured; at most 4096 bytes, and zeros behind them.
  void add_normal(std::uint64_t address, core::ByteView page) noexcept;
  /// A processor's first registers: the page of a Vmsa, exactly 4096 bytes.
  void add_vmsa(core::ByteView page) noexcept;
  /// A page whose contents are not in the digest, only its type: Zero, Unmeasured, Secrets, Cpuid.
  void add_empty(snp::PageType type, std::uint64_t address) noexcept;

  /// Page by page, as the launcher hands them to the firmware. Malformed if `address` is not the
  /// start of a page or a VMSA is not one.
  [[nodiscard]] core::Result<void> put(image::PageKind kind, std::uint64_t address,
                                       core::ByteView bytes) override;

  [[nodiscard]] std::uint64_t pages() const noexcept { return pages_; }
  /// Of all pages so far: MEASUREMENT of the guest's reports.
  [[nodiscard]] const snp::LaunchDigest& digest() const noexcept { return digest_; }

 private:
  void add(image::PageKind kind, std::uint64_t address, core::ByteView page) noexcept;
  void add(snp::PageType type, std::uint64_t address, const snp::LaunchDigest& contents) noexcept;

  snp::LaunchDigest digest_{};
  std::uint64_t pages_ = 0;
};

}  // namespace merlon::measure
