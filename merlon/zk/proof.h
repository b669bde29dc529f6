#pragma once

// Proofs of knowledge of the secrets of a linear relation, without telling anything of them: sigma
// protocols [SIGMA §sigma-protocol-group] that need no verifier's challenge [FIAT-SHAMIR]. Pure but
// for random numbers; any thread. Proofs and points may be anybody's. The drafts may still change:
// docs/specs.md has the revision, and each transcript names one.

#include <string>

#include "merlon/zk/duplex_sponge.h"
#include "merlon/zk/linear_relation.h"

namespace merlon::zk {

/// Where a prover's blindings come from: from nowhere that can be foreseen, but in tests.
class ScalarSource {
 public:
  virtual ~ScalarSource() = default;
  /// Nothing if there is none.
  [[nodiscard]] virtual std::optional<P256Scalar> next() = 0;
};

class RandomScalars final : public ScalarSource {
 public:
  [[nodiscard]] std::optional<P256Scalar> next() override { return P256Scalar::random(); }
};

/// In which way a challenge comes of what was said.
enum class Transcript : std::uint8_t {
  SigmaProofs,  // suite sigma-proofs_Shake128_P256 at the pinned revision
  Draft01,      // the same at revision 01 of both drafts, which ARCV1-P256 is built on
};

/// Transcript and tag: what tells the proofs of one use from those of all others. A tag of the
/// revision SigmaProofs ends in "-CMPT-with-…" or "-DSFS-with-…", after the form of its proofs.
struct ProofUse {
  Transcript transcript;
  std::string tag;
};

/// The challenge and the answers: 32 · (1 + secrets) bytes [SIGMA §narg-string-compact]. `secrets`
/// as many as the relation has, and such that it holds; else the proof will not verify. Malformed:
/// a relation that is not valid. Internal: no random numbers.
[[nodiscard]] core::Result<std::vector<std::uint8_t>> prove_compact(
    const ProofUse& use, const LinearRelation& relation, std::span<const P256Scalar> secrets,
    ScalarSource& blindings);
/// Denied unless it holds; Malformed: a relation that is not valid, a proof of another size, a
/// scalar that is not below the order.
[[nodiscard]] core::Result<void> verify_compact(const ProofUse& use, const LinearRelation& relation,
                                                core::ByteView proof);

/// The commitments and the answers: 33 · equations + 32 · secrets bytes; many can be verified at
/// once. [SIGMA §narg-string-batchable]
[[nodiscard]] core::Result<std::vector<std::uint8_t>> prove_batchable(
    const ProofUse& use, const LinearRelation& relation, std::span<const P256Scalar> secrets,
    ScalarSource& blindings);
[[nodiscard]] core::Result<void> verify_batchable(const ProofUse& use,
                                                  const LinearRelation& relation,
                                                  core::ByteView proof);

/// A conversation as if it had been: for this challenge, without any secret. That it cannot be told
/// from a true one is what "without telling anything" means.
struct Conversation {
  std::vector<P256Point> commitments;
  P256Scalar challenge;
  std::vector<P256Scalar> responses;
};
[[nodiscard]] core::Result<Conversation> simulate(const LinearRelation& relation,
                                                  const P256Scalar& challenge,
                                                  ScalarSource& blindings);
/// Denied unless the verifier of the interactive protocol accepts it.
[[nodiscard]] core::Result<void> verify_conversation(const LinearRelation& relation,
                                                     const Conversation& conversation);

}  // namespace merlon::zk
