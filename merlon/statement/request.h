#pragma once

// What a workload writes to /keep/statement, and what it reads there (docs/statements.md): a
// commitment made, a claim proven, a proof judged. Pure; any thread. Requests are
// attacker-controlled. Openings are secrets, and overwritten when they go.

#include <optional>

#include "merlon/crypto/secret_bytes.h"
#include "merlon/statement/claim.h"

namespace merlon::statement {

inline constexpr std::uint8_t format_version = 1;
/// More than any request has.
inline constexpr std::size_t max_request_size = 16384;

/// What opens a commitment.
struct Opening {
  std::uint64_t number = 0;
  zk::P256Scalar blinding;

  ~Opening();
  [[nodiscard]] zk::Opening opening() const { return {zk::P256Scalar(number), blinding}; }
};

/// Answered by the commitment and the blinding.
struct Commit {
  std::uint64_t number = 0;
  std::optional<zk::P256Scalar> blinding;  ///< not zero; none: a fresh one

  ~Commit();
};

// Answered by a proof. Their commitments are those of the openings.
struct ProveAtLeast {
  zk::Threshold threshold;
  Opening opening;
};
struct ProveEqual {
  Opening one;
  Opening other;
};
struct OwnPart {
  std::int64_t times;
  Opening opening;
};
struct ProveSum {
  std::vector<OwnPart> parts;
  std::int64_t total;
};

/// Answered by nothing but that it holds.
struct Verify {
  Claim claim;
  Bytes proof;
};

struct Request {
  using What = std::variant<Commit, ProveAtLeast, ProveEqual, ProveSum, Verify>;

  Bytes context;  ///< none where a commitment is made
  What what;

  /// Of a request that parse() would take.
  [[nodiscard]] core::Result<crypto::SecretBytes> encode() const;
  /// Form · Kind. Each request has one form.
  [[nodiscard]] static core::Result<Request, Refusal> parse(core::ByteView bytes);
};

struct Answer {
  std::optional<Refusal> refusal;
  crypto::SecretBytes content;  ///< of a commitment: that, and its blinding; of a claim: its proof

  [[nodiscard]] crypto::SecretBytes encode() const;
  /// Malformed: anything else.
  [[nodiscard]] static core::Result<Answer> parse(core::ByteView bytes);
};

/// Does what is asked. Requests of their own making are answered as foreign ones.
[[nodiscard]] Answer answer(const Request& request, zk::ScalarSource& source);
/// The same from bytes to bytes.
[[nodiscard]] crypto::SecretBytes answer(core::ByteView request, zk::ScalarSource& source);

}  // namespace merlon::statement
