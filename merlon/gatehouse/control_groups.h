#pragma once

// Control groups of Linux [LINUX: cgroup-v2.rst, cgroup-v1]: the processes of each keep in one of
// their own, so that no keep takes the machine from the others. Where this process may make any.

#include <string>
#include <string_view>
#include <vector>

#include "merlon/core/result.h"

namespace merlon::gatehouse {

/// Of all processes of a keep together; 0: no limit.
struct GroupLimits {
  std::uint64_t memory_bytes = 0;
  std::uint64_t processor_percent = 0;  ///< 100 is one processor
  std::uint64_t processes = 0;          ///< and threads
};

/// A directory of a keep's own, and the one to which its last process goes so that it can be
/// removed.
struct Group {
  std::string path;
  std::string home;
  friend bool operator==(const Group&, const Group&) = default;
};

class ControlGroups {
 public:
  /// None: every keep is without limits.
  ControlGroups() = default;

  /// Those below `where`: a delegated directory of version 2, or one with a directory for each
  /// controller of version 1. Empty: below this process's own, as `own` (/proc/self/cgroup) and
  /// `system` (/sys/fs/cgroup) say. `name` tells this gatehouse's from others'. The error is a
  /// line: there are none, or nothing may be made there.
  [[nodiscard]] static core::Result<ControlGroups, std::string> find(const std::string& where,
                                                                     std::string_view own,
                                                                     const std::string& system,
                                                                     std::string_view name);

  /// "version 2, /sys/fs/cgroup/…", "version 1, memory cpu pids"; empty: none.
  [[nodiscard]] std::string described() const;

  /// Those of a keep, empty yet. The error is a line, and nothing is left.
  [[nodiscard]] core::Result<std::vector<Group>, std::string> make(std::string_view id,
                                                                   const GroupLimits& limits) const;
  /// Takes away those of a keep that has ended; one with processes stays.
  void remove(std::string_view id) const;
  /// All that keeps of this gatehouse have left behind.
  void sweep() const;

 private:
  struct Hierarchy {
    std::string controller;  ///< empty: all of version 2
    std::string path;
  };
  [[nodiscard]] Group group_of(const Hierarchy& hierarchy, std::string_view id) const;
  [[nodiscard]] core::Result<void, std::string> try_out() const;

  std::vector<Hierarchy> hierarchies_;
  std::string prefix_;  ///< of the names of directories
};

/// For a warden: what it writes into the keep's folder, what it reads there again.
[[nodiscard]] std::string to_text(const std::vector<Group>& groups);
[[nodiscard]] std::vector<Group> groups_in(std::string_view text);

/// This process, and all that it will start, is in these groups from now on. The error is a line.
[[nodiscard]] core::Result<void, std::string> enter(const std::vector<Group>& groups);
/// Goes home, and takes them away if nobody else is left in them.
void leave(const std::vector<Group>& groups);

}  // namespace merlon::gatehouse
