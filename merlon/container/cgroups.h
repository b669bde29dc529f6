#pragma once

// Control groups of a container [LINUX: cgroup-v1, cgroup-v2.rst]: in every hierarchy of the
// machine, whether of version 1, 2 or both, as the other runtimes make them, so that what engines
// count and limit is all processes of the keep.

#include <string>
#include <string_view>
#include <vector>

#include "merlon/container/config.h"

namespace merlon::container {

struct Hierarchy {
  std::vector<std::string> controllers;  ///< of version 1; "" alone: version 2
  std::string mount;                     ///< where it is mounted
  std::string own;                       ///< this process's group there, "" for the first
  friend bool operator==(const Hierarchy&, const Hierarchy&) = default;
};

/// Those of version 1 if any of them has the memory, else that of version 2. `mounts` is
/// /proc/self/mountinfo, `own` /proc/self/cgroup.
[[nodiscard]] std::vector<Hierarchy> hierarchies_in(std::string_view mounts, std::string_view own);
[[nodiscard]] Checked<std::vector<Hierarchy>> hierarchies();

/// Where in a hierarchy: `path` is linux.cgroupsPath, "/a/b", "a/b" (below the group of who called,
/// in version 2 beside it) or "SLICE:PREFIX:NAME", which `systemd` or its form tells; where there
/// is none, "merlon-ID" as "a/b" is. Nothing stands twice, no "..".
struct GroupPlace {
  std::string path;  ///< "/a/b"
  bool below_own = false;
};
[[nodiscard]] Checked<GroupPlace> place_of(std::string_view path, std::string_view id,
                                           bool systemd);

/// The directories, of all hierarchies, in their order.
[[nodiscard]] std::vector<std::string> directories_of(const std::vector<Hierarchy>& all,
                                                      const GroupPlace& place);

/// What is written into which file of a group of these controllers.
struct GroupSetting {
  std::string file;
  std::string text;
  bool optional = false;  ///< kernels may lack the file
};
[[nodiscard]] std::vector<GroupSetting> settings_of(const Hierarchy& hierarchy,
                                                    const Resources& resources);

/// Makes them, sets them.
[[nodiscard]] Checked<void> make_groups(const std::vector<Hierarchy>& all,
                                        const std::vector<std::string>& directories,
                                        const Resources& resources);
/// Puts this process, which has one thread, into them.
[[nodiscard]] Checked<void> join(const std::vector<std::string>& directories);

/// Processes in any of them, each once.
[[nodiscard]] std::vector<std::int64_t> processes_in(const std::vector<std::string>& directories);
/// Sends all of them but `spared` (0: none is) a signal.
void signal_others(const std::vector<std::string>& directories, int number, std::int64_t spared);

/// Ends what runs there, and takes the directories away. A refusal if something is left after a
/// second.
[[nodiscard]] Checked<void> clear_groups(const std::vector<std::string>& directories);

}  // namespace merlon::container
