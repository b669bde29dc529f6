#pragma once

// What a process gives up for good: privileges, resources and descriptors that it will not need.
// Where a kernel, or what stands in for one, has no such call, the answer is Nosys.

#include <cstdint>

#include "merlon/os/fd.h"

namespace merlon::os {

/// Whether a reason means that the layer is not there: a kernel or a shim without it, or a filter
/// of an outer sandbox, which says Perm of what it does not know. Who gets this goes on without.
[[nodiscard]] constexpr bool is_missing_layer(Errno reason) noexcept {
  return reason == Errno::Nosys || reason == Errno::Notsup || reason == Errno::Inval ||
         reason == Errno::Perm;
}

/// From now on no program that is executed gains a right by its file [prctl(2)
/// PR_SET_NO_NEW_PRIVS]. Needed before confine_files() and confine_calls() by an ordinary user.
[[nodiscard]] Result<void> forbid_new_privileges() noexcept;

/// No other process of this user may look into this one, and it leaves no core file [prctl(2)
/// PR_SET_DUMPABLE].
[[nodiscard]] Result<void> forbid_inspection() noexcept;

/// For programs that hold keys and may be looked into by their own user: neither this process nor
/// one that it starts leaves a core file, nor gives one to the program that core_pattern names
/// [core(5)].
[[nodiscard]] Result<void> leave_no_core() noexcept;

/// Drops every capability from all five sets [capabilities(7)]. The bounding set needs a
/// capability to be changed: an ordinary user keeps it, and forbid_new_privileges() makes it void.
[[nodiscard]] Result<void> drop_capabilities() noexcept;

/// At most this much of each, and the limits cannot be raised again by a process without
/// capabilities [getrlimit(2)].
struct ResourceLimits {
  std::uint64_t core_file_bytes = 0;
  std::uint64_t processes = 0;
  std::uint64_t locked_bytes = 0;
  std::uint64_t open_files = 0;  ///< the lower of this and what is allowed now
};
[[nodiscard]] Result<void> limit_resources(const ResourceLimits& limits) noexcept;

/// Closes every descriptor from `first` on.
[[nodiscard]] Result<void> close_from(int first) noexcept;

/// As end_with_parent(), and ends the process at once if the one that made `channel` is no longer
/// its parent: then nobody's death will be told.
void end_with_maker_of(BorrowedFd channel) noexcept;

}  // namespace merlon::os
