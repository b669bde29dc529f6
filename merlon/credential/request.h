#pragma once

// What a keep asks for a credential with, and by what its evidence holds that it asks. Pure.
// Requests are attacker-controlled.

#include "merlon/credential/key_record.h"
#include "merlon/evidence/binding.h"

namespace merlon::credential {

inline constexpr std::string_view request_type = "application/vnd.merlon.credential-request.v1";
inline constexpr std::string_view response_type = "application/vnd.merlon.credential.v1";
inline constexpr std::string_view key_log_type = "application/vnd.merlon.credential-keys.v1";

/// The certification request around the keep's evidence, whose report data are report_data(), and
/// the request for a credential under that key.
struct Request {
  static constexpr std::size_t max_certification_size = std::size_t{256} << 10U;

  Bytes certification;  ///< PKCS#10, DER
  KeyId key;
  zk::ArcRequest request;

  [[nodiscard]] core::Result<Bytes> encode() const;
  /// Malformed · Exhausted (a certification request that is too long). The certification request
  /// is not looked into.
  [[nodiscard]] static core::Result<Request> parse(core::ByteView bytes);
};

/// What evidence has to hold of the key of the issuer's and of the request.
[[nodiscard]] core::Result<crypto::Sha256Digest> request_digest(const KeyId& key,
                                                                const zk::ArcRequest& request);

/// Of evidence that may be shown for this request and for no other: the keep's TLS key, the key of
/// the issuer's, and the request, so that who carries it can put no request of his own in its
/// place.
[[nodiscard]] core::Result<evidence::ReportData> report_data(core::ByteView spki, const KeyId& key,
                                                             const zk::ArcRequest& request);

/// The context that all credentials under one key have.
[[nodiscard]] Bytes request_context(const KeyId& key);
/// Where one is shown: to whom, as both sides write it, such as "https://bank.example".
[[nodiscard]] Bytes presentation_context(const KeyId& key, std::string_view audience);

}  // namespace merlon::credential
