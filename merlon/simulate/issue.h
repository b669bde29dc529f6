#pragma once

// Private to the room: certificates and lists of a simulated machine, as they are signed.

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

/// SubjectPublicKeyInfo of a key on P-384.
[[nodiscard]] core::Result<codec::DerBytes> spki_of(const crypto::PrivateKey& key);

/// By the ARK.
[[nodiscard]] core::Result<codec::DerBytes> issue_list(const crypto::PrivateKey& ark_key,
                                                       codec::UnixTime now, std::uint64_t number,
                                                       std::vector<codec::DerBytes> serials);

}  // namespace merlon::simulate
