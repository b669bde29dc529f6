#pragma once

// What makes a conversation's challenges without a verifier: all that the prover says goes in, and
// challenges come out that nobody can foresee [FIAT-SHAMIR §duplex-sponge, suite SHAKE128]. Pure;
// one thread at a time.

#include "merlon/core/fixed_bytes.h"
#include "merlon/crypto/shake128.h"

namespace merlon::zk {

/// Names one use of one proof, so that no proof passes for one of another use.
using SessionId = core::FixedBytes<struct SessionIdTag, 32>;

class DuplexSponge {
 public:
  /// Up to crypto::Shake128::rate bytes, which are padded with zeros to that.
  explicit DuplexSponge(core::ByteView start);

  /// Nothing is absorbed by no bytes.
  void absorb(core::ByteView bytes);
  /// The next bytes of the hash of all that was absorbed.
  void squeeze(core::ByteSpan into);

 private:
  crypto::Shake128 hash_;
  std::size_t squeezed_ = 0;
};

/// DeriveSessionID [FIAT-SHAMIR §session-id]
[[nodiscard]] SessionId session_id(core::ByteView tag);

}  // namespace merlon::zk
