#pragma once

// The component walk: finds where a path leads below a directory without trusting the kernel's own
// path resolution. For kernels without openat2(2), and where the last symbolic link must be looked
// through by name. No step follows a symbolic link, so nothing that others change meanwhile leads
// out.

#include <string>

#include "merlon/os/fd.h"
#include "merlon/os/path.h"

namespace merlon::os {

/// What to do when the last component is a symbolic link.
enum class LastLink : std::uint8_t {
  Keep,           ///< never followed; slashes behind it stay with the name
  FollowIfSlash,  ///< followed only when slashes stand behind it, as POSIX says
  Follow,
};

/// An entry of a directory: a held parent and one name, which may not exist.
struct Place {
  Fd held;            ///< the parent when it is not the root; closed with the Place
  BorrowedFd parent;  ///< `held`, or the root that was given
  std::string name;   ///< one component; "." for the directory itself
  bool must_be_directory = false;

  [[nodiscard]] bool ends_with_slash() const noexcept { return name.back() == '/'; }
};

/// Resolves all of `path` but its last component, and that too as `last` says. `root` must stay
/// open while the Place is used. At most 40 symbolic links are followed, and 2^19 directories
/// entered.
///
/// Errors: Outside (the path, or a link on the way, leads out of `root`) · Loop · Nametoolong ·
/// Notdir · Noent (a parent is missing) · whatever else openat(2) says.
[[nodiscard]] Result<Place> walk(BorrowedFd root, const Path& path, LastLink last);

}  // namespace merlon::os
