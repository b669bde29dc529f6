#pragma once

// MRENCLAVE as the processor computes it: SHA-256 over one record of 64 bytes for ECREATE, for each
// page one for EADD, and for each 256 bytes of it one for EEXTEND and the bytes themselves [SDM
// vol. 3D ECREATE, EADD, EEXTEND, EINIT]. Pure.

#include <string_view>

#include "merlon/crypto/hash.h"
#include "merlon/image/enclave_layout.h"
#include "merlon/sgx/report_body.h"

namespace merlon::measure {

/// Also the sink of a stream of pages: what an enclave starts with.
class EnclaveChain final : public image::EnclaveSink {
 public:
  /// ECREATE. `frame_pages` is SSAFRAMESIZE, `size` that of ELRANGE in bytes.
  EnclaveChain(std::uint32_t frame_pages, std::uint64_t size) noexcept;

  /// EADD; `flags` are SECINFO.FLAGS.
  void add_page(std::uint64_t offset, std::uint64_t flags) noexcept;
  /// EEXTEND; 256 bytes.
  void extend(std::uint64_t offset, core::ByteView chunk) noexcept;

  /// Page by page, each added and then extended, as Linux does with SGX_PAGE_MEASURE. Malformed if
  /// pages do not start and end at one, or there are more bytes than that.
  [[nodiscard]] core::Result<void> add(image::EnclavePage page, std::uint64_t offset,
                                       core::ByteView bytes, std::uint64_t size) override;

  [[nodiscard]] std::uint64_t pages() const noexcept { return pages_; }
  /// EINIT; the chain is used up.
  [[nodiscard]] sgx::MrEnclave finish() && noexcept;

 private:
  void record(std::string_view name, std::uint64_t first, std::uint64_t second) noexcept;

  crypto::Sha256Stream hash_;
  std::uint64_t pages_ = 0;
};

}  // namespace merlon::measure
