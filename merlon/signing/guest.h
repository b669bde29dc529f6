#pragma once

// Who answers for an SEV-SNP guest: an ID key signs which guest is meant, an author key signs the
// ID key [SNP-ABI 1.58 §8.18]. ECDSA P-384 with SHA-384, all of it. Pure but for the randomness of
// new signatures; any thread.

#include "merlon/crypto/hash.h"
#include "merlon/crypto/private_key.h"
#include "merlon/snp/id_block.h"

namespace merlon::signing {

/// Unsupported unless the key is of P-384.
[[nodiscard]] core::Result<snp::PublicKey> snp_key(const crypto::PublicHalf& half);

/// What reports have as ID_KEY_DIGEST or AUTHOR_KEY_DIGEST: SHA-384 of the 1028 bytes.
[[nodiscard]] crypto::Sha384Digest digest_of(const snp::PublicKey& key) noexcept;

/// The author's word for an ID key. Unsupported unless his key is of P-384. Each call gives another
/// signature.
[[nodiscard]] core::Result<snp::AuthorSignature> sign_id_key(const crypto::PrivateKey& author,
                                                             const snp::PublicKey& id_key);

/// What the firmware wants beside `block`. Unsupported unless the ID key is of P-384; Denied if the
/// author's signature is not of this ID key, or does not hold.
[[nodiscard]] core::Result<snp::IdAuth> sign_id_block(const snp::IdBlock& block,
                                                      const crypto::PrivateKey& id_key,
                                                      const snp::AuthorSignature& author);

/// Whether the author, whoever that is, has signed `id_key`.
[[nodiscard]] bool vouches_for(const snp::AuthorSignature& author, const snp::PublicKey& id_key);
/// Whether the ID key in `auth` has signed `block`.
[[nodiscard]] bool is_signed(const snp::IdBlock& block, const snp::IdAuth& auth);

}  // namespace merlon::signing
