#pragma once

// Private to the room: what the proofs of statements are about, as their verifiers build it.

#include "merlon/zk/statement.h"

namespace merlon::zk {

/// What is left of a sum without its number is a multiple of H, and the prover knows which: the one
/// secret.
[[nodiscard]] LinearRelation sum_relation(std::span<const Summand> summands,
                                          const P256Scalar& total);

/// `above` commits to what the number exceeds the threshold by; the secrets are those of
/// RangeProver. Says nothing unless the bits add up to it.
[[nodiscard]] LinearRelation threshold_relation(const P256Point& above,
                                                std::span<const P256Point> bits);

}  // namespace merlon::zk
