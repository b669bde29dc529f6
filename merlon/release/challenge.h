#pragma once

// Challenges of a broker's, which it makes again from what is shown to it, so that nobody who asks
// for many fills anything. A token is not secret; the salt of its challenge is, until the delivery.
//
//   offset  size
//        0     8  seconds since 1970, little-endian
//        8    16  random
//       24    32  tag: HMAC over the deposit's id and the above
//
// The salt of the challenge is another HMAC over the same.

#include <array>

#include "merlon/codec/time.h"
#include "merlon/delivery/challenge.h"
#include "merlon/release/keyring.h"
#include "merlon/release/refusal.h"

namespace merlon::release {

using Token = core::FixedBytes<struct ChallengeTokenTag, 56>;

/// How long a challenge may be answered: a keep starts in between.
inline constexpr std::int64_t challenge_seconds = 300;
/// How far ahead the clock of another broker with the same key may be.
inline constexpr std::int64_t clock_leeway_seconds = 30;

struct NewChallenge {
  Token token;
  delivery::Salt salt;
};
/// Ends the program if there are no random numbers.
[[nodiscard]] NewChallenge new_challenge(const Keyring& keyring, const DepositId& deposit,
                                         codec::UnixTime now);

/// The salt of a challenge that this broker made for this deposit, not too long ago. The token is
/// attacker-controlled.
[[nodiscard]] Outcome<delivery::Salt> salt_of(const Keyring& keyring, const DepositId& deposit,
                                              const Token& token, codec::UnixTime now);

}  // namespace merlon::release
