#pragma once

// What a workload wants of its host's network, which the host sees in any case. Whoever delivers a
// workload sealed tells the host this much of it, and in this order.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "merlon/core/result.h"
#include "merlon/host/host_error.h"
#include "merlon/os/fd.h"

namespace merlon::host {

struct Wish {
  enum class Kind : std::uint8_t {
    Listen,    ///< a listening TCP socket on this address and port
    Connect,   ///< a connection with this host and port
    Steward,   ///< to be connected with the Steward there, whenever the keep asks for it
    Registry,  ///< the same, with the registry of a package that the keep gets by itself
    Volume,    ///< who keeps the files of the volume of this name, which the keep seals
    Allowed,   ///< to be connected there, whenever the workload asks for it
  };
  Kind kind = Kind::Listen;
  std::string host;
  std::uint16_t port = 0;
  bool speaks_tls = false;  ///< by which a host may know what delays
  /// Whether it may lead to this machine itself (local_address.h), whatever a name service says.
  bool reaches_local = true;
  /// Of a Volume: where it lies on this machine, which is for whoever fulfils the wish to say.
  std::string folder{};
  std::uint64_t max_bytes = 0;  ///< of a Volume, what it may hold; 0: VolumeLimits
  bool operator==(const Wish&) const = default;
};

/// "listen on [::1]:443", for people.
[[nodiscard]] std::string describe(const Wish& wish);

/// Opens it on this machine; of a Steward and a registry it is the channel to who
/// connects with it (launch/dial.h); Allowed is for the call below. Errors: NotFound · Unavailable
/// · Denied · Internal, each a line.
[[nodiscard]] core::Result<os::Fd, HostError> fulfil(const Wish& wish);
/// The channel to who connects with all of these (launch/dial_allowed.h), in their order.
[[nodiscard]] core::Result<os::Fd, HostError> fulfil_allowed(std::span<const Wish> wishes);

}  // namespace merlon::host
