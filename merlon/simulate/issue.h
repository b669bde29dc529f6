#pragma once

// Private to the room: certificates and lists of simulated machines, as they are signed.

#include <string_view>
#include <vector>

#include "merlon/crypto/private_key.h"
#include "merlon/simulate/chain.h"
#include "merlon/x509/issue.h"

namespace merlon::simulate {

inline constexpr std::string_view ark_name = "ARK-SIMULATOR";
inline constexpr std::string_view ask_name = "SEV-SIMULATOR";
inline constexpr std::string_view vcek_name = "SEV-VCEK";
inline constexpr codec::Oid comment_oid{2, 16, 840, 1, 113730, 1, 13};

/// A certificate's or list's name, which says what it is a simulator's.
[[nodiscard]] x509::NewName named(std::string_view common_name);
[[nodiscard]] codec::UnixTime after(codec::UnixTime now, std::int64_t days) noexcept;

/// SubjectPublicKeyInfo of a key on a curve.
[[nodiscard]] core::Result<codec::DerBytes> spki_of(const crypto::PrivateKey& key);
/// 16 random bytes, of a number that is neither negative nor shorter.
[[nodiscard]] core::Result<codec::DerBytes> new_serial();
/// Errors: Internal.
[[nodiscard]] core::Result<void> fill_random(core::ByteSpan bytes);

/// With the hash of the issuer's curve; a certificate gets the remark.
[[nodiscard]] core::Result<codec::DerBytes> issue(x509::NewCertificate made,
                                                  const crypto::PrivateKey& issuer);
[[nodiscard]] core::Result<codec::DerBytes> issue(const x509::NewCrl& made,
                                                  const crypto::PrivateKey& issuer);

/// Whether the certificate says what it is.
[[nodiscard]] bool has_remark(const x509::Certificate& certificate);

/// By the ARK.
[[nodiscard]] core::Result<codec::DerBytes> issue_list(const crypto::PrivateKey& ark_key,
                                                       codec::UnixTime now, std::uint64_t number,
                                                       std::vector<codec::DerBytes> serials);

/// The number of a list, as it stands in it. Malformed: no number of ours.
[[nodiscard]] core::Result<std::uint64_t> number_of(const x509::Crl& list);

}  // namespace merlon::simulate
