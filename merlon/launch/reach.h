#pragma once

// What of the host a launch reaches, told from its files. Whoever confines a keep, or the process
// around its machine, allows this and no more.

#include <vector>

#include "merlon/launch/channel.h"
#include "merlon/os/landlock.h"

namespace merlon::launch {

struct Reach {
  /// The directories given; their descriptors stay the launch's.
  std::vector<os::AllowedTree> trees;
  /// Whether a socket is given, or is among this process's standard streams.
  bool sockets = false;
  /// Whether connections are handed over while the workload runs.
  bool dials = false;

  [[nodiscard]] bool directories() const noexcept { return !trees.empty(); }
  [[nodiscard]] bool writable_directories() const noexcept;
};

/// Of a launch that `receive` gave: it carries a descriptor for each file that wants one.
[[nodiscard]] Reach reach_of(const Launch& launch);

}  // namespace merlon::launch
