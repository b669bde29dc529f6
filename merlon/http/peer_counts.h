#pragma once

// How many connections each peer has. Who has one address of IPv6 has 2^64 of them, so those count
// by their network of 64 bits. Pure; one thread.

#include <array>
#include <cstdint>
#include <map>

namespace merlon::http {

class PeerCounts {
 public:
  /// An address of IPv6, or one of IPv4 as ::ffff:a.b.c.d.
  using Address = std::array<std::uint8_t, 16>;

  /// One connection more, if it is not more than `most`.
  [[nodiscard]] bool add(const Address& address, std::size_t most);
  /// One less, of those that were added.
  void remove(const Address& address);
  /// How many peers have one.
  [[nodiscard]] std::size_t peers() const noexcept { return counts_.size(); }

 private:
  std::map<Address, std::size_t> counts_;
};

}  // namespace merlon::http
