#pragma once

// Statements about committed numbers, proven without telling the numbers: that two are equal, that
// a sum of them has a value, that one reaches a threshold. Verifiers need no key. Pure but for
// random numbers; any thread. Commitments and proofs may be anybody's; context is what both sides
// agree on, such as who asks and a nonce, and a proof for one context proves nothing in another.

#include "merlon/zk/range.h"

namespace merlon::zk {

/// Some times a committed number.
struct Summand {
  P256Scalar times;
  P256Point commitment;
};

/// That Σ times · number = total. `openings` as many as `summands`. [SIGMA]
[[nodiscard]] core::Result<std::vector<std::uint8_t>> prove_sum(std::span<const Summand> summands,
                                                                const P256Scalar& total,
                                                                std::span<const Opening> openings,
                                                                core::ByteView context,
                                                                ScalarSource& blindings);
/// Denied unless it holds.
[[nodiscard]] core::Result<void> verify_sum(std::span<const Summand> summands,
                                            const P256Scalar& total, core::ByteView context,
                                            core::ByteView proof);

/// That both commitments are to one number.
[[nodiscard]] core::Result<std::vector<std::uint8_t>> prove_equal(
    const P256Point& one, const Opening& of_one, const P256Point& other, const Opening& of_other,
    core::ByteView context, ScalarSource& blindings);
[[nodiscard]] core::Result<void> verify_equal(const P256Point& one, const P256Point& other,
                                              core::ByteView context, core::ByteView proof);

/// From the threshold on, but less than the threshold and 2^bits. Bits from 1 to 63.
struct Threshold {
  std::uint64_t least;
  std::uint8_t bits;

  static constexpr std::uint8_t max_bits = 63;
  [[nodiscard]] std::size_t proof_size() const noexcept;
};

/// That the number that `value` and `blinding` commit to reaches the threshold. Denied if it does
/// not, or exceeds what the bits hold.
[[nodiscard]] core::Result<std::vector<std::uint8_t>> prove_threshold(const Threshold& threshold,
                                                                      std::uint64_t value,
                                                                      const P256Scalar& blinding,
                                                                      core::ByteView context,
                                                                      ScalarSource& blindings);
[[nodiscard]] core::Result<void> verify_threshold(const Threshold& threshold,
                                                  const P256Point& commitment,
                                                  core::ByteView context, core::ByteView proof);

}  // namespace merlon::zk
