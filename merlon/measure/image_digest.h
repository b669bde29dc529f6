#pragma once

// The second sink of a keep's stream of pages: a digest of what a machine holds at its start, by
// the same code that fills the machine.
//
// SHA-384 [FIPS180] over one record for each page, in the order of the stream:
//
//   offset  size  what
//   0       8     physical address of the page, little-endian
//   8       8     bytes of the page, little-endian: always 4096
//   16      4096  the page, zeros behind what was put into it
//
// No header, no trailer, nothing between records. Not in it: pages that start as zeros and are not
// put (the rest of the stack, free memory), the block shared with the host, and the processor's
// first registers.

#include "merlon/crypto/hash.h"
#include "merlon/image/layout.h"

namespace merlon::measure {

/// Of a whole stream of pages, as above.
using KeepDigest = core::FixedBytes<struct KeepDigestTag, crypto::Sha384Digest::size>;

/// The digest depends on pages and their order alone, not on how many were put at once.
class ImageDigest final : public image::PageSink {
 public:
  /// Malformed if `address` is not the start of a page; Unsupported if it is not a Normal one,
  /// since the digest does not tell kinds apart.
  [[nodiscard]] core::Result<void> put(image::PageKind kind, std::uint64_t address,
                                       core::ByteView bytes) override;

  [[nodiscard]] std::uint64_t pages() const noexcept { return pages_; }
  /// Of all that was put; the sink is used up.
  [[nodiscard]] KeepDigest finish() && noexcept;

 private:
  void add_page(std::uint64_t address, core::ByteView bytes) noexcept;

  crypto::Sha384Stream hash_;
  std::uint64_t pages_ = 0;
};

}  // namespace merlon::measure
