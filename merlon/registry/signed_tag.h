#pragma once

// Tags that their maker has signed: a JSON Web Signature in the general form of JSON [RFC7515
// §7.2.1] around what the tag says of its root, as Enarx' registries take it [ENARX drawbridge 0.4
// crates/type/src/tag]. Ours name in their protected header which tag they are, so that nobody can
// put one under another name; Enarx has no such member and does not look at it.
//
//   {"payload":BASE64URL(entry),"signatures":[{"protected":BASE64URL({"alg":"ES256",
//    "tag":"user/repository:1.0.0"}),"signature":BASE64URL(r ‖ s)}]}
//
// Pure.

#include <string>
#include <string_view>

#include "merlon/core/result.h"
#include "merlon/crypto/private_key.h"
#include "merlon/crypto/public_key.h"
#include "merlon/registry/directory.h"
#include "merlon/registry/names.h"

namespace merlon::registry {

/// Signatures of one tag that are looked at.
inline constexpr std::size_t max_signatures = 16;

/// Which tag a signature is of: "user/repository:1.0.0".
[[nodiscard]] std::string signed_name(const Slug& slug);

/// Of the tag of that name, wherever it lies. Unsupported: a key that is not of P-256.
[[nodiscard]] core::Result<std::string> sign_tag(std::string_view name, const Meta& root,
                                                 const crypto::PrivateKey& key);

[[nodiscard]] inline core::Result<std::string> sign_tag(const Slug& slug, const Meta& root,
                                                        const crypto::PrivateKey& key) {
  return sign_tag(signed_name(slug), root, key);
}

/// What `key` has signed of this very tag: its user, repository and version. In either form.
/// Attacker-controlled: of the text nothing but the result is signed, so whoever asks for a
/// signature goes on with the result alone.
///
/// Errors: Denied (none of its signatures is of that key, for that tag) · NotFound (it has no
///         payload: it is not signed) · Malformed · Exhausted.
[[nodiscard]] core::Result<Meta> verify_tag(std::string_view text, std::string_view name,
                                            const crypto::PublicKey& key);
[[nodiscard]] inline core::Result<Meta> verify_tag(std::string_view text, const Slug& slug,
                                                   const crypto::PublicKey& key) {
  return verify_tag(text, signed_name(slug), key);
}

}  // namespace merlon::registry
