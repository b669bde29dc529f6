#include "merlon/release/challenge.h"

#include <gtest/gtest.h>

namespace merlon::release {
namespace {

using Bytes = std::vector<std::uint8_t>;
constexpr codec::UnixTime now{1'750'000'000};

TEST(ReleaseChallenge, IsMadeAgainFromItsTokenAlone) {
  const Keyring keyring(Bytes(Keyring::key_size, 1));
  const auto deposit = DepositId::from(Bytes(DepositId::size, 2)).value();
  const auto made = new_challenge(keyring, deposit, 7, now);
  const Keyring again(Bytes(Keyring::key_size, 1));
  EXPECT_EQ(
      challenged_by(again, deposit, made.token, {now.seconds + challenge_seconds}).value().salt,
      made.salt);
  EXPECT_EQ(challenged_by(again, deposit, made.token, now).value().version, 7U);
  EXPECT_NE(new_challenge(keyring, deposit, 7, now).salt, made.salt);
  // The salt is in no token: whoever has this one cannot answer for the tenant.
  const auto token = made.token.view();
  EXPECT_EQ(
      std::search(token.begin(), token.end(), made.salt.view().begin(), made.salt.view().end()),
      token.end());
}

TEST(ReleaseChallenge, CountsForItsDepositKeyAndTime) {
  const Keyring keyring(Bytes(Keyring::key_size, 1));
  const auto deposit = DepositId::from(Bytes(DepositId::size, 2)).value();
  const auto token = new_challenge(keyring, deposit, 7, now).token;
  EXPECT_EQ(challenged_by(keyring, DepositId(), token, now).error().code, "release.challenge");
  const Keyring other(Bytes(Keyring::key_size, 2));
  EXPECT_EQ(challenged_by(other, deposit, token, now).error().code, "release.challenge");
  for (const std::int64_t age :
       {challenge_seconds + 1, -clock_leeway_seconds - 1, std::int64_t{1} << 40U, -now.seconds}) {
    EXPECT_EQ(challenged_by(keyring, deposit, token, {now.seconds + age}).error().code,
              "release.challenge-over")
        << age;
  }
  for (std::size_t i = 0; i < Token::size; ++i) {
    Bytes spoilt(token.view().begin(), token.view().end());
    spoilt[i] ^= 0x80U;
    EXPECT_EQ(challenged_by(keyring, deposit, Token::from(spoilt).value(), now).error().code,
              "release.challenge")
        << i;
  }
}

}  // namespace
}  // namespace merlon::release
