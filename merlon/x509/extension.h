#pragma once

// Extensions of certificates, CRLs and requests.

#include <optional>
#include <span>
#include <string>
#include <string_view>
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

/// What a key may be used for in protocols [RFC5280 §4.2.1.12].
enum class ExtendedKeyUsage : std::uint8_t { ServerAuth, ClientAuth };
[[nodiscard]] codec::Oid oid_of(ExtendedKeyUsage usage) noexcept;

/// An extendedKeyUsage, given its value.
struct ExtendedKeyUsages {
  std::vector<core::ByteView> purposes;  ///< contents of object identifiers, borrowed

  [[nodiscard]] bool has(ExtendedKeyUsage usage) const noexcept;
  /// Malformed without any; Exhausted beyond 16.
  [[nodiscard]] static core::Result<ExtendedKeyUsages> parse(core::ByteView value);
};

/// The form [n] of a GeneralName that is a dNSName.
inline constexpr codec::DerTag dns_name_tag = codec::context_tag(2, false);

/// Whether `name` can stand in a certificate: labels of letters, digits and hyphens with a dot
/// between them, at most 253 characters; the first may be "*" if two more follow. [RFC5280
/// §4.2.1.6; RFC6125 §6.4.3]
[[nodiscard]] bool is_dns_name(std::string_view name) noexcept;

/// A subjectAltName, given its value: its dNSNames as they are written there.
struct SubjectAltNames {
  std::vector<std::string> dns;
  std::size_t others = 0;  ///< names of other forms

  /// Malformed without any, and for a dNSName that is none; Exhausted beyond 64.
  [[nodiscard]] static core::Result<SubjectAltNames> parse(core::ByteView value);
};

/// The key identifier of a subjectKeyIdentifier, given its value; borrowed.
[[nodiscard]] core::Result<core::ByteView> parse_subject_key_id(core::ByteView value) noexcept;
/// That of an authorityKeyIdentifier; empty if it names the issuer in another way.
[[nodiscard]] core::Result<core::ByteView> parse_authority_key_id(core::ByteView value) noexcept;

}  // namespace merlon::x509
