#pragma once

// What a keep answers when its launch message asks for a proof: its evidence, and the keys that the
// evidence speaks for. It comes on the channel that brought the message, before the workload runs.
// The host passes it on; nothing in it is secret.
//
//   offset  size
//        0     8  magic "MRLNPROF"
//        8     4  size of all that follows, at most max_proof_size
//       12     1  1: a proof; 0: none
//       13        of a proof five lists of bytes, each u32 size, then that many:
//                   evidence · certificates · TLS key · HPKE key · certification request
//                 else a text, u32 size and UTF-8: why there is none

#include <string>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"
#include "merlon/os/fd.h"

namespace merlon::launch {

inline constexpr std::size_t max_proof_size = std::size_t{256} << 10U;

struct Proof {
  using Bytes = std::vector<std::uint8_t>;

  /// As the processor has signed it, over the keys below and the nonce of the launch message
  /// (evidence/binding.h, Merlon's form).
  Bytes evidence;
  Bytes certificates;  ///< the host's certificate table; may be empty
  Bytes tls_key;       ///< DER SubjectPublicKeyInfo
  Bytes hpke_key;      ///< X25519
  Bytes request;       ///< PKCS#10 in Enarx's form; empty if it cannot be made
  bool operator==(const Proof&) const = default;
};

/// A proof, or why there is none.
struct ProofAnswer {
  Proof proof;
  std::string refusal;  ///< empty: there is one
};

/// Exhausted: more than max_proof_size.
[[nodiscard]] core::Result<std::vector<std::uint8_t>> encode(const ProofAnswer& answer);
/// What follows the size. Attacker-controlled. Malformed.
[[nodiscard]] core::Result<ProofAnswer> decode_proof(core::ByteView body);

/// Writes it to a stream. Errors: Exhausted · Unavailable (nobody reads).
[[nodiscard]] core::Result<void> send(os::BorrowedFd channel, const ProofAnswer& answer);

/// Waits for it; attacker-controlled, at most max_proof_size bytes are read.
///
/// Errors: Unavailable (the keep ended without a word) · Malformed · Exhausted.
[[nodiscard]] core::Result<ProofAnswer> receive_proof(os::BorrowedFd channel);

}  // namespace merlon::launch
