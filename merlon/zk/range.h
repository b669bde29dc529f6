#pragma once

// That a committed number lies in [0, limit): it is a sum of given bases, each taken once or not at
// all, and each "once or not at all" is a commitment to a bit, of which b = b·b is proven [ARC
// §range-proof]. In a bit's commitment D = b·G + s·H this is linear: D = b·D + s'·H. Pure but for
// random numbers; any thread.

#include "merlon/zk/commitment.h"

namespace merlon::zk {

/// The largest and the smallest limit.
inline constexpr std::uint64_t max_limit = std::uint64_t{1} << 63U;
inline constexpr std::uint64_t min_limit = 2;

/// How many bits it takes: ⌈log2(limit)⌉.
[[nodiscard]] std::size_t bits_of(std::uint64_t limit) noexcept;

/// ComputeBases, largest first: their sum is limit - 1. `limit` from min_limit to max_limit.
[[nodiscard]] std::vector<std::uint64_t> bases_of(std::uint64_t limit);

struct RangeProver {
  std::vector<P256Point> bit_commitments;
  std::vector<P256Scalar> secrets;  // in the order in which constrain_range adds them
};

/// The bits of `value`, which is below `limit`, and commitments to them that add up to the one that
/// `blinding` opens; time does not depend on either. Internal: no random numbers.
[[nodiscard]] core::Result<RangeProver> split(std::uint64_t value, const P256Scalar& blinding,
                                              std::uint64_t limit, ScalarSource& blindings);

/// Adds secrets, points and equations for the bits to `relation`, in which `blinding` is H. Where
/// there is one bit its commitment is `whole`, which `relation` has as `whole_element`.
void constrain_range(LinearRelation& relation, std::span<const P256Point> bit_commitments,
                     Element blinding, const P256Point& whole, Element whole_element);

/// Whether the commitments to the bits add up to `whole`, without which a range says nothing.
[[nodiscard]] bool adds_up(std::span<const P256Point> bit_commitments, const P256Point& whole,
                           std::uint64_t limit);

}  // namespace merlon::zk
