#pragma once

// Certificate revocation lists [RFC5280 §5]. Input is attacker-controlled; parsing is linear.

#include <memory>
#include <vector>

#include "merlon/x509/certificate.h"

namespace merlon::x509 {

inline constexpr std::size_t max_crl_size = 4U << 20U;

class Crl {
 public:
  /// `given` is one DER list and nothing else. Malformed also without nextUpdate; Unsupported for
  /// indirect and delta lists, which a critical extension announces; Exhausted above 4 MiB.
  [[nodiscard]] static core::Result<Crl> parse(core::ByteView given);

  [[nodiscard]] core::ByteView der() const noexcept { return *der_; }
  [[nodiscard]] const Signed& signature() const noexcept { return signed_; }
  [[nodiscard]] core::ByteView issuer() const noexcept { return issuer_; }
  /// thisUpdate to nextUpdate.
  [[nodiscard]] const Validity& validity() const noexcept { return validity_; }
  [[nodiscard]] std::size_t size() const noexcept { return serials_.size(); }
  [[nodiscard]] bool lists(core::ByteView serial) const noexcept;
  /// Contents of the INTEGERs, in the order of the list.
  [[nodiscard]] const std::vector<core::ByteView>& serials() const noexcept { return serials_; }
  /// Content of the INTEGER; empty if the list has none.
  [[nodiscard]] core::ByteView number() const noexcept { return number_; }

 private:
  Crl() = default;
  core::Result<void> read_entries(codec::DerReader entries);
  core::Result<void> read_extensions(codec::DerReader wrapper);

  std::shared_ptr<const std::vector<std::uint8_t>> der_;  // owned by all copies; views point here
  Signed signed_;
  core::ByteView issuer_;
  Validity validity_;
  std::vector<core::ByteView> serials_;
  core::ByteView number_;
};

/// Whether `bytes` begin as a list does, up to thisUpdate: cut off or damaged behind that they
/// are still no certificate, nor anything else of X.509. Linear.
[[nodiscard]] bool is_shaped_as_crl(core::ByteView bytes) noexcept;

}  // namespace merlon::x509
