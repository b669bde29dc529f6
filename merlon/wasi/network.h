#pragma once

// Connections that a guest opens while it runs. Where they may lead is for whoever started the
// guest to say; without a Network a guest opens none.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "merlon/net/stream.h"
#include "merlon/wasi/failure.h"

namespace merlon::wasi {

enum class Family : std::uint8_t { Ipv4, Ipv6 };

/// An address as the guest has it; it need not be anybody's outside.
struct Endpoint {
  Family family = Family::Ipv4;
  std::array<std::uint8_t, 16> address{};  ///< in the network's order; of IPv4 the first four
  std::uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
};

/// A socket that the guest has opened; a stream like others once it is connected. No call waits.
class OutgoingStream : public net::Stream {
 public:
  enum class State : std::uint8_t { Idle, Connecting, Connected };

  /// Begins to connect; only in state Idle. Notcapable: nothing may lead there.
  [[nodiscard]] virtual Result<void> begin(const Endpoint& to) = 0;
  /// Goes on as far as it can. An error is why there is no connection, told once; Idle again.
  [[nodiscard]] virtual Result<State> progress() = 0;
  /// As it was connected; nothing before.
  [[nodiscard]] virtual std::optional<Endpoint> remote() const noexcept = 0;
};

class Network {
 public:
  virtual ~Network() = default;

  /// What stands for `name`, with port 0. Notcapable: nothing may lead there.
  [[nodiscard]] virtual Result<Endpoint> resolve(std::string_view name, Family family) = 0;
  [[nodiscard]] virtual std::shared_ptr<OutgoingStream> open() = 0;
};

}  // namespace merlon::wasi
