#pragma once

// The init process of a container whose workload comes sealed from a tenant (merlon-door): it waits
// at a door, starts a keep for who asks by the container's terms, and carries what the two say. It
// can read none of that. The tenant is whoever reaches the door: his bytes are attacker-controlled.

#include "merlon/container/asked.h"
#include "merlon/os/fd.h"

namespace merlon::container {

/// What it is started with.
struct DoorCall {
  static constexpr int door_number = 10;    ///< listens; above all that its maker has open
  static constexpr int config_number = 11;  ///< the container's config.json
  /// merlon-door BACKEND SIMULATOR SGX-SIMULATOR SIGNATURES VOLUMES
  static constexpr int words = 6;

  Config config;
  Asked asked;
  Settings settings;
};

/// Until the keep to which a workload was delivered has ended, whose status it gives. A keep that
/// got none makes room for another one.
[[nodiscard]] int run_door(const DoorCall& call, os::BorrowedFd door);

}  // namespace merlon::container
