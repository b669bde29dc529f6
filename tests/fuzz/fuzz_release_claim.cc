// What a host brings to a broker: a challenge's token and a keep's proof.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "merlon/release/claim.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  const core::ByteView bytes(data, size);
  const auto claim = release::decode_claim(bytes);
  if (!claim) return 0;
  const auto again = release::encode(*claim);
  if (!again || !std::ranges::equal(*again, bytes)) std::abort();
  // Nobody's token is a challenge of a broker whose key he does not know, at any time.
  const release::Keyring keyring(std::vector<std::uint8_t>(release::Keyring::key_size, 7));
  for (const std::int64_t now : {std::int64_t{0}, std::int64_t{1'750'000'000}}) {
    if (release::challenged_by(keyring, release::DepositId(), claim->token, {now})) std::abort();
  }
  return 0;
}
