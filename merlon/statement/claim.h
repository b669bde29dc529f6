#pragma once

// What is said of committed numbers, and whether a proof shows it (docs/statements.md). Whoever
// judges one needs no key. Claims are the verifier's own but for the commitments, which may be
// anybody's, as proofs may. Pure; any thread. At most some 200 multiplications of points.

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "merlon/zk/statement.h"

namespace merlon::statement {

using Bytes = std::vector<std::uint8_t>;

enum class Refusal : std::uint8_t {
#define MERLON_STATEMENT_ROW(name, number, code, what) name = (number),
#include "merlon/statement/refusals.def"
#undef MERLON_STATEMENT_ROW
};

/// "statement.proof"; stable, for programs.
[[nodiscard]] std::string_view code_of(Refusal refusal) noexcept;
/// For people, a sentence.
[[nodiscard]] std::string_view text_of(Refusal refusal) noexcept;

/// The number is not less than threshold.least, and less than that and 2^bits.
struct AtLeast {
  zk::Threshold threshold;
  zk::P256Point commitment;
};

/// Both are one number.
struct Equal {
  zk::P256Point one;
  zk::P256Point other;
};

/// Some times a number; not 0 times.
struct Part {
  std::int64_t times;
  zk::P256Point commitment;
};

/// Σ times · number = total, modulo the order of P-256: who has not seen that the numbers are small
/// (AtLeast) may have negative ones before him. 1 to max_parts.
struct Sum {
  static constexpr std::size_t max_parts = 32;

  std::vector<Part> parts;
  std::int64_t total;
};

using Claim = std::variant<AtLeast, Equal, Sum>;

/// Who asks, for what, and a number that he has not used before: 0 to 1024 bytes.
inline constexpr std::size_t max_context_size = 1024;

/// Of a proof of this claim.
[[nodiscard]] std::size_t proof_size(const Claim& claim) noexcept;

/// Form: not possible as a claim, or a context that is too long. Proof: anything else.
[[nodiscard]] core::Result<void, Refusal> verify(const Claim& claim, core::ByteView context,
                                                 core::ByteView proof);

/// A number modulo the order.
[[nodiscard]] zk::P256Scalar scalar_of(std::int64_t number) noexcept;

}  // namespace merlon::statement
