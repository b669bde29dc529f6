#pragma once

// Certification requests [RFC2986 §4.1] as keeps send them to a Steward.

#include <memory>
#include <vector>

#include "merlon/x509/extension.h"
#include "merlon/x509/signature.h"

namespace merlon::x509 {

inline constexpr std::size_t max_request_size = 2U << 20U;

class CertificateRequest {
 public:
  /// One request and nothing else, of version 1, with no attribute but at most one
  /// extensionRequest.
  [[nodiscard]] static core::Result<CertificateRequest> parse(core::ByteView given);

  [[nodiscard]] const SubjectKey& key() const noexcept { return key_; }
  [[nodiscard]] core::ByteView subject() const noexcept { return subject_; }
  [[nodiscard]] const std::vector<Extension>& extensions() const noexcept { return extensions_; }
  /// Whether it is signed by the key it asks for, which proves possession of that key.
  [[nodiscard]] bool is_signed_by_its_key() const noexcept { return verify(key_, signed_); }

 private:
  explicit CertificateRequest(SubjectKey key) noexcept : key_(std::move(key)) {}

  std::shared_ptr<const std::vector<std::uint8_t>> der_;  // owned by all copies; views point here
  Signed signed_;
  SubjectKey key_;
  core::ByteView subject_;
  std::vector<Extension> extensions_;
};

}  // namespace merlon::x509
