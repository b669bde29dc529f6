#include "merlon/http/peer_counts.h"

#include <algorithm>

namespace merlon::http {

namespace {

PeerCounts::Address whom_it_counts_for(PeerCounts::Address address) noexcept {
  constexpr std::array<std::uint8_t, 12> ipv4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (!std::equal(ipv4.begin(), ipv4.end(), address.begin())) {
    std::fill(address.begin() + 8, address.end(), std::uint8_t{0});
  }
  return address;
}

}  // namespace

bool PeerCounts::add(const Address& address, std::size_t most) {
  if (most == 0) return false;
  const auto [place, is_new] = counts_.try_emplace(whom_it_counts_for(address), 0);
  if (place->second >= most) return false;
  ++place->second;
  return true;
}

void PeerCounts::remove(const Address& address) {
  const auto found = counts_.find(whom_it_counts_for(address));
  if (found == counts_.end()) return;
  if (--found->second == 0) counts_.erase(found);
}

}  // namespace merlon::http
