#pragma once

// Extensions of certificates, CRLs and requests.

#include <optional>
#include <vector>

#include "merlon/codec/der.h"
#include "merlon/codec/oid.h"

namespace merlon::x509 {

namespace oid {
inline constexpr codec::Oid subject_key_id{2, 5, 29, 14};
inline constexpr codec::Oid key_usage{2, 5, 29, 15};
inline constexpr codec::Oid subject_alt_name{2, 5, 29, 17};
inline constexpr codec::Oid basic_constraints{2, 5, 29, 19};
inline constexpr codec::Oid crl_number{2, 5, 29, 20};
inline constexpr codec::Oid crl_reason{2, 5, 29, 21};
inline constexpr codec::Oid crl_distribution_points{2, 5, 29, 31};
inline constexpr codec::Oid certificate_policies{2, 5, 29, 32};
inline constexpr codec::Oid authority_key_id{2, 5, 29, 35};
inline constexpr codec::Oid extended_key_usage{2, 5, 29, 37};
inline constexpr codec::Oid extension_request{1, 2, 840, 113549, 1, 9, 14};
}  // namespace oid

struct Extension {
  core::ByteView oid;
  bool critical = false;
  core::ByteView value;  ///< content of the OCTET STRING
};

/// SEQUENCE OF Extension, given its content. Malformed if an identifier occurs twice; Exhausted
/// beyond 64. [RFC5280 §4.2]
[[nodiscard]] core::Result<std::vector<Extension>> parse_extensions(codec::DerReader reader);

[[nodiscard]] const Extension* find_extension(const std::vector<Extension>& all,
                                              const codec::Oid& oid) noexcept;

/// keyUsage bits by their number in [RFC5280 §4.2.1.3].
enum class KeyUsage : std::uint8_t { DigitalSignature = 0, KeyCertSign = 5, CrlSign = 6 };

struct BasicConstraints {
  bool ca = false;
  std::optional<std::uint64_t> path_length;
};
[[nodiscard]] core::Result<BasicConstraints> parse_basic_constraints(core::ByteView value) noexcept;

}  // namespace merlon::x509
