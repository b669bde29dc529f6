#pragma once

// Challenges of a broker's, which it makes again from what is shown to it, so that nobody who asks
// for many fills anything. A token is not secret; the salt of its challenge is, until the delivery.
//
//   offset  size
//        0     8  seconds since 1970, little-endian
//        8     8  the deposit's version, which goes up with each change of it
//       16    16  random
//       32    32  tag: HMAC over the deposit's id and the above
//
// The salt of the challenge is another HMAC over the same.

#include <array>

#include "merlon/codec/time.h"
#include "merlon/delivery/challenge.h"
#include "merlon/release/keyring.h"
#include "merlon/release/refusal.h"

namespace merlon::release {

using Token = core::FixedBytes<struct ChallengeTokenTag, 64>;

/// How long a challenge may be answered: a keep starts in between.
inline constexpr std::int64_t challenge_seconds = 300;
/// How far ahead the clock of another broker with the same key may be.
inline constexpr std::int64_t clock_leeway_seconds = 30;

struct NewChallenge {
  Token token;
  delivery::Salt salt;
};
/// For the deposit as it is in this version. Ends the program if there are no random numbers.
[[nodiscard]] NewChallenge new_challenge(const Keyring& keyring, const DepositId& deposit,
                                         std::uint64_t version, codec::UnixTime now);

/// A challenge that this broker made for this deposit, not too long ago.
struct Challenged {
  delivery::Salt salt;
  std::uint64_t version = 0;  ///< what was deposited then: in another one it may not be answered
};
/// The token is attacker-controlled.
[[nodiscard]] Outcome<Challenged> challenged_by(const Keyring& keyring, const DepositId& deposit,
                                                const Token& token, codec::UnixTime now);

}  // namespace merlon::release
