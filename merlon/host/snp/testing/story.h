#pragma once

// For tests: a whole launch of two small programs, from /dev/kvm to the first stop.

#include <optional>
#include <string>
#include <vector>

#include "merlon/host/snp/launcher.h"

namespace merlon::host::snp::testing {

[[nodiscard]] std::vector<std::uint8_t> small_shim();
[[nodiscard]] std::vector<std::uint8_t> small_keep();

struct Ending {
  std::optional<Trouble> trouble;
  Stop stop;
  Journal journal;
};

/// Everything that merlon-snp does, on `device`.
[[nodiscard]] Ending launch_and_run(Device& device, const LaunchOptions& options,
                                    std::vector<std::uint8_t> certificates = {});

/// Options whose ID block names what the two programs must be measured as, and an ID_AUTH that a
/// FakeMachine can be told to be right.
[[nodiscard]] LaunchOptions signed_options();

}  // namespace merlon::host::snp::testing
