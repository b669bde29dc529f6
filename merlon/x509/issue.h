#pragma once

// Certificates, revocation lists and requests of our own making [RFC5280, RFC2986]: what is to be
// signed, and the signed structure around it. The key stays with the caller, who signs between the
// two. ECDSA only. Pure.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "merlon/codec/der_writer.h"
#include "merlon/x509/extension.h"
#include "merlon/x509/signature.h"

namespace merlon::x509 {

/// A distinguished name; an empty part is left out.
struct NewName {
  std::string organization;
  std::string common_name;
  /// A whole name as another certificate or request has it, byte for byte; the parts do not count
  /// then. It must be one: it is not looked at.
  codec::DerBytes der = {};
};

/// SubjectPublicKeyInfo [RFC5480] of a point x ‖ y on P-256 or P-384.
[[nodiscard]] codec::DerBytes subject_public_key_info(crypto::KeyKind curve, core::ByteView point);

/// One Extension; `value` is what its OCTET STRING holds.
[[nodiscard]] codec::DerBytes new_extension(const codec::Oid& id, bool critical,
                                            core::ByteView value);
/// Critical; of a certificate authority, or of none. A path length only with `ca`.
[[nodiscard]] codec::DerBytes new_basic_constraints(
    bool ca, std::optional<std::uint64_t> path_length = std::nullopt);
/// Critical; at least one.
[[nodiscard]] codec::DerBytes new_key_usage(std::initializer_list<KeyUsage> usages);
/// At least one. Not critical, as Enarx has it.
[[nodiscard]] codec::DerBytes new_extended_key_usage(
    std::initializer_list<ExtendedKeyUsage> usages);
/// At least one, each a name as is_dns_name() has it. It must be critical where the subject is
/// empty [RFC5280 §4.2.1.6].
[[nodiscard]] codec::DerBytes new_dns_names(std::span<const std::string> names, bool critical);
/// `id` as key_id_of() gives it, or as the issuer's certificate has it.
[[nodiscard]] codec::DerBytes new_subject_key_id(core::ByteView id);
[[nodiscard]] codec::DerBytes new_authority_key_id(core::ByteView id);

/// The first 20 bytes of SHA-256 over the key without its algorithm [RFC7093 §2 (1)]. `spki` is a
/// SubjectPublicKeyInfo that was parsed or made before.
[[nodiscard]] codec::DerBytes key_id_of(core::ByteView spki);

struct NewCertificate {
  codec::DerBytes serial;  ///< as a number without sign, most significant byte first
  NewName issuer;
  NewName subject;
  codec::UnixTime not_before;
  codec::UnixTime not_after;
  codec::DerBytes key;                      ///< SubjectPublicKeyInfo
  std::vector<codec::DerBytes> extensions;  ///< whole ones
};

struct NewCrl {
  NewName issuer;
  codec::UnixTime this_update;
  codec::UnixTime next_update;
  std::uint64_t number = 0;              ///< CRLNumber
  std::vector<codec::DerBytes> serials;  ///< revoked at this_update
};

struct NewRequest {
  NewName subject;
  codec::DerBytes key;
  std::vector<codec::DerBytes> extensions;
};

/// What the issuer signs with `algorithm`.
[[nodiscard]] codec::DerBytes to_be_signed(const NewCertificate& made,
                                           SignatureAlgorithm algorithm);
[[nodiscard]] codec::DerBytes to_be_signed(const NewCrl& made, SignatureAlgorithm algorithm);
/// What the requester signs.
[[nodiscard]] codec::DerBytes to_be_signed(const NewRequest& made);

/// The signed structure: SEQUENCE { `message`, algorithm, signature }. `algorithm` is EcdsaSha256
/// or EcdsaSha384.
[[nodiscard]] codec::DerBytes with_signature(core::ByteView message, SignatureAlgorithm algorithm,
                                             crypto::EcdsaSignature signature);

}  // namespace merlon::x509
