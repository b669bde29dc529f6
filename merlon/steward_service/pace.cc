#include "merlon/steward_service/pace.h"

#include <algorithm>

#include "merlon/base/byte_writer.h"
#include "merlon/core/check.h"
#include "merlon/core/reader.h"
#include "merlon/crypto/hash.h"
#include "merlon/crypto/random.h"

namespace merlon::steward_service {

namespace {

/// The network of 64 bits of an address of IPv6.
std::string_view whom_it_counts_for(std::string_view peer) noexcept {
  if (peer.find(':') == std::string_view::npos) return peer;
  std::size_t end = std::min(peer.find("::"), peer.size());
  std::size_t colon = 0;
  constexpr int groups = 4;
  for (int i = 0; i < groups && colon != std::string_view::npos; ++i) {
    colon = peer.find(':', i == 0 ? 0 : colon + 1);
  }
  if (colon != std::string_view::npos) end = std::min(end, colon);
  return peer.substr(0, end);
}

}  // namespace

Pace::Pace(std::uint32_t per_minute) : per_minute_(per_minute) {
  std::array<std::uint8_t, sizeof(salt_)> random{};
  MERLON_CHECK(crypto::fill_random(random));
  salt_ = core::Reader(random).u64().value();
}

bool Pace::take(std::string_view peer, codec::UnixTime now) {
  if (per_minute_ == 0) return true;
  base::ByteWriter text;
  text.u64(salt_);
  text.text(whom_it_counts_for(peer));
  const auto digest = crypto::sha256({text.take()});
  const std::size_t at = core::Reader(digest.view()).u16().value() % places;
  const std::int64_t minute = now.seconds / 60;
  const std::scoped_lock lock(mutex_);
  Place& place = table_.at(at);
  if (place.minute != minute) place = {minute, 0};
  if (place.count >= per_minute_) return false;
  ++place.count;
  return true;
}

}  // namespace merlon::steward_service
