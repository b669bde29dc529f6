#include "merlon/release/challenge.h"

#include <algorithm>

#include "merlon/base/byte_writer.h"
#include "merlon/base/text.h"
#include "merlon/core/check.h"
#include "merlon/crypto/random.h"

namespace merlon::release {

using Purpose = Keyring::Purpose;

namespace {

constexpr std::size_t random_size = 16;
constexpr std::size_t said_size = 8 + 8 + random_size;

std::vector<std::uint8_t> message(const DepositId& deposit, core::ByteView said) {
  base::ByteWriter out;
  out.bytes(deposit.view());
  out.bytes(said);
  return out.take();
}

delivery::Salt salt(const Keyring& keyring, core::ByteView message) {
  return delivery::Salt::from(keyring.mac(Purpose::ChallengeSalt, message).view()).value();
}

/// Takes as long wherever they differ.
bool same(core::ByteView a, core::ByteView b) noexcept {
  std::uint8_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<std::uint8_t>(difference | (a[i] ^ b[i]));
  }
  return difference == 0;
}

}  // namespace

NewChallenge new_challenge(const Keyring& keyring, const DepositId& deposit, std::uint64_t version,
                           codec::UnixTime now) {
  std::array<std::uint8_t, random_size> random{};
  MERLON_CHECK(crypto::fill_random(random));
  base::ByteWriter out;
  out.u64(static_cast<std::uint64_t>(now.seconds));
  out.u64(version);
  out.bytes(random);
  const auto said = out.take();
  const auto all = message(deposit, said);
  out.bytes(said);
  out.bytes(keyring.mac(Purpose::ChallengeTag, all).view());
  return {Token::from(out.take()).value(), salt(keyring, all)};
}

Outcome<Challenged> challenged_by(const Keyring& keyring, const DepositId& deposit,
                                  const Token& token, codec::UnixTime now) {
  const core::ByteView said = token.view().first(said_size);
  const auto all = message(deposit, said);
  if (!same(token.view().subspan(said_size), keyring.mac(Purpose::ChallengeTag, all).view())) {
    return refuse(Reason::Challenge, "another one, or another deposit's");
  }
  // It is ours, so these are there.
  core::Reader in(said);
  const auto made = static_cast<std::int64_t>(in.u64().value());
  const std::uint64_t version = in.u64().value();
  const std::int64_t age = now.seconds - made;
  if (age > challenge_seconds || age < -clock_leeway_seconds) {
    return refuse(Reason::ChallengeOver, base::concat(age, " seconds"));
  }
  return Challenged{salt(keyring, all), version};
}

}  // namespace merlon::release
