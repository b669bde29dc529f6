#pragma once

// X.509 certificates [RFC5280 §4]. Input is attacker-controlled; parsing is linear in its size. A
// parsed certificate says nothing about trust: see path.h.

#include <memory>
#include <string>
#include <vector>

#include "merlon/codec/time.h"
#include "merlon/x509/extension.h"
#include "merlon/x509/signature.h"

namespace merlon::x509 {

/// Those of RA-TLS carry a quote with its certificates, 8 to 24 KiB, and may carry endorsements
/// too.
inline constexpr std::size_t max_certificate_size = 65'536;

struct Validity {
  codec::UnixTime not_before;
  codec::UnixTime not_after;  ///< the last second that counts

  [[nodiscard]] bool contains(codec::UnixTime time) const noexcept {
    return not_before <= time && time <= not_after;
  }
};

class Certificate {
 public:
  /// `given` is one DER certificate and nothing else. Malformed; Unsupported for other versions
  /// than 3, unique ids, keys and algorithms that evidence does not use; Exhausted above 64 KiB.
  [[nodiscard]] static core::Result<Certificate> parse(core::ByteView given);

  [[nodiscard]] core::ByteView der() const noexcept { return *der_; }
  [[nodiscard]] const Signed& signature() const noexcept { return signed_; }
  [[nodiscard]] core::ByteView serial() const noexcept { return serial_; }
  [[nodiscard]] core::ByteView issuer() const noexcept { return issuer_; }
  [[nodiscard]] core::ByteView subject() const noexcept { return subject_; }
  [[nodiscard]] const std::string& common_name() const noexcept { return common_name_; }
  [[nodiscard]] const Validity& validity() const noexcept { return validity_; }
  [[nodiscard]] const SubjectKey& key() const noexcept { return key_; }
  [[nodiscard]] const std::vector<Extension>& extensions() const noexcept { return extensions_; }
  [[nodiscard]] const std::optional<BasicConstraints>& basic_constraints() const noexcept {
    return basic_constraints_;
  }
  [[nodiscard]] bool has_key_usage() const noexcept { return key_usage_.has_value(); }
  /// False where the extension is absent.
  [[nodiscard]] bool may(KeyUsage usage) const noexcept {
    return key_usage_ && (std::uint32_t{*key_usage_} >> static_cast<unsigned>(usage) & 1U) != 0;
  }
  /// A critical extension that this room does not process.
  [[nodiscard]] bool has_unknown_critical() const noexcept { return unknown_critical_; }
  [[nodiscard]] bool is_self_issued() const noexcept;

 private:
  explicit Certificate(SubjectKey key) noexcept : key_(std::move(key)) {}
  core::Result<void> read_extensions();

  std::shared_ptr<const std::vector<std::uint8_t>> der_;  // owned by all copies; views point here
  Signed signed_;
  core::ByteView serial_, issuer_, subject_;
  std::string common_name_;
  Validity validity_;
  SubjectKey key_;
  std::vector<Extension> extensions_;
  std::optional<BasicConstraints> basic_constraints_;
  std::optional<std::uint16_t> key_usage_;
  bool unknown_critical_ = false;
};

}  // namespace merlon::x509
