#pragma once

// What whoever made a container grants to the tenant whose workload it is to be. A host decides
// this much and no more: kind of keep, sockets, who may ask. Pure; any thread.

#include <optional>
#include <string>
#include <vector>

#include "merlon/door/opening.h"
#include "merlon/door/place.h"

namespace merlon::door {

struct Terms {
  host::Backend backend = host::Backend::SnpSim;
  std::optional<crypto::Sha256Digest> tenant;  ///< delivery::name_of() of his key
  std::optional<crypto::Sha256Digest> policy;  ///< of the text that he judges by
  std::optional<Place> steward;                ///< none: no Steward is reached
  std::optional<Place> registry;
  std::vector<Place> listen;
  std::vector<Place> connect;
  bool volumes = false;  ///< whether a place for them is named
};

/// The error is a line that names what differs.
[[nodiscard]] core::Result<void, std::string> check(const Terms& terms, const Opening& opening);

}  // namespace merlon::door
