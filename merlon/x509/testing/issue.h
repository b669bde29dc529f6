#pragma once

// For tests: a certificate authority that signs whatever it is told to.

#include <optional>
#include <string>
#include <vector>

#include "merlon/codec/testing/der_writer.h"
#include "merlon/crypto/testing/signing_key.h"
#include "merlon/x509/path.h"

namespace merlon::x509::testing {

using codec::testing::Bytes;
using crypto::testing::SigningKey;

inline constexpr codec::UnixTime test_now{1'750'000'000};
inline constexpr std::int64_t year = 365 * codec::seconds_per_day;

struct CertificateTemplate {
  std::string subject = "leaf";
  std::string issuer = "root";
  std::uint64_t serial = 7;
  codec::UnixTime not_before{test_now.seconds - year};
  codec::UnixTime not_after{test_now.seconds + year};
  std::optional<bool> ca{};  ///< basicConstraints, if any
  std::optional<std::uint64_t> path_length{};
  std::optional<std::uint8_t> key_usage{};  ///< first byte of the BIT STRING, if any
  std::vector<Bytes> extensions{};          ///< each a whole Extension
};

inline constexpr std::uint8_t usage_sign = 0x80;       ///< digitalSignature
inline constexpr std::uint8_t usage_ca = 0x04 | 0x02;  ///< keyCertSign, cRLSign

[[nodiscard]] Bytes extension(const codec::Oid& oid, bool critical, const Bytes& value);
[[nodiscard]] CertificateTemplate ca_template(std::string subject, std::string issuer);

/// `message` as SEQUENCE { message, algorithm, signature }.
[[nodiscard]] Bytes sign_structure(const Bytes& message, const SigningKey& key);
[[nodiscard]] Bytes algorithm_of(const SigningKey& key);

[[nodiscard]] Bytes issue(const CertificateTemplate& shape, const Bytes& spki,
                          const SigningKey& issuer_key);
[[nodiscard]] Certificate issued(const CertificateTemplate& shape, const SigningKey& subject_key,
                                 const SigningKey& issuer_key);

struct CrlTemplate {
  std::string issuer = "root";
  codec::UnixTime this_update{test_now.seconds - 10 * codec::seconds_per_day};
  codec::UnixTime next_update{test_now.seconds + 10 * codec::seconds_per_day};
  std::vector<std::uint64_t> serials{};
  std::vector<Bytes> extensions{};
};
[[nodiscard]] Bytes issue_crl(const CrlTemplate& shape, const SigningKey& issuer_key);

struct RequestTemplate {
  std::vector<Bytes> extensions{};
};
[[nodiscard]] Bytes issue_request(const RequestTemplate& shape, const SigningKey& key);

}  // namespace merlon::x509::testing
