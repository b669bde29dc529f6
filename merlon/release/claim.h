#pragma once

// What a host brings to a broker, and what it carries back. Attacker-controlled, both: the claim is
// the host's word, the answer the broker's, who is believed by his TLS alone.
//
// A claim:
//   offset  size
//        0     8  magic "MRLNCLAM"
//        8    64  the challenge's token (challenge.h)
//       72        the keep's proof (launch/proof.h)
//
// An answer:
//        0     8  magic "MRLNRLSE"
//        8     4  size of all that follows, at most max_answer_size less these 12 bytes
//       12        two lists of bytes, each u32 size, then that many:
//                   delivery  sealed to the keep (delivery/sealed.h)
//                   words     records that go to the keep behind it (delivery/records.h)
//                 u8 hears    0 or 1; and if that is 1, of the private talk:
//                   32 bytes  the key of what the keep says
//                   32 bytes  SHA-256 of the module
//
// Integers are little-endian.

#include <optional>
#include <vector>

#include "merlon/crypto/hash.h"
#include "merlon/crypto/secret_bytes.h"
#include "merlon/launch/proof.h"
#include "merlon/release/challenge.h"

namespace merlon::release {

inline constexpr std::size_t max_claim_size = 64 + 12 + launch::max_proof_size;
inline constexpr std::size_t max_answer_size = std::size_t{4} << 20U;

struct Claim {
  Token token;
  launch::Proof proof;
};
/// Exhausted: a proof that is too long.
[[nodiscard]] core::Result<std::vector<std::uint8_t>> encode(const Claim& claim);
/// Errors: Malformed · Exhausted · NotFound (the keep had no proof).
[[nodiscard]] core::Result<Claim> decode_claim(core::ByteView bytes);

/// By which a host hears what the workload says, and cannot say anything in the tenant's place.
struct Hearing {
  crypto::SecretBytes key;  ///< crypto::AesGcmKey's
  crypto::Sha256Digest module;
};

struct Answer {
  std::vector<std::uint8_t> delivery;
  std::vector<std::uint8_t> words;
  std::optional<Hearing> hearing{};
};
[[nodiscard]] std::vector<std::uint8_t> encode(const Answer& answer);
/// Errors: Malformed · Exhausted.
[[nodiscard]] core::Result<Answer> decode_answer(core::ByteView bytes);

/// Whether it is one delivery, with no more words than a broker has to say. A keep reads no further,
/// and no workload has to read what is said to it: whoever hands over more would wait for ever.
[[nodiscard]] bool is_deliverable(const Answer& answer);

}  // namespace merlon::release
