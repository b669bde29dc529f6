#pragma once

// The directory that a path call starts from.

#include "merlon/os/resolver.h"
#include "merlon/wasi/context.h"

namespace merlon::wasi {

/// Badf · Notdir (something else is open there) · Notcapable (without all of `needed`).
[[nodiscard]] inline Result<FdEntry*> directory_of(Context& context, FdNumber fd, Rights needed) {
  FdEntry* entry = TRY(context.files().get(fd));
  if (entry->kind != FileKind::Directory && entry->kind != FileKind::TreeDirectory) {
    return fail(Errno::Notdir);
  }
  if (!entry->base.has(needed)) return fail(Errno::Notcapable);
  return entry;
}

/// As directory_of(), for calls that change something below it: Rofs in read-only directories.
[[nodiscard]] inline Result<FdEntry*> changeable_directory_of(Context& context, FdNumber fd,
                                                              Rights needed) {
  const FdEntry* found = TRY(context.files().get(fd));
  if (found->kind == FileKind::ServedDirectory) return fail(Errno::Rofs);
  const FdEntry* entry = TRY(directory_of(context, fd, Rights()));
  if (entry->read_only) return fail(Errno::Rofs);
  return directory_of(context, fd, needed);
}

/// Inval for flags that the witx does not know.
[[nodiscard]] inline Result<os::Follow> follow_of(std::uint32_t lookup_flags) {
  if ((lookup_flags & ~lookupflags::symlink_follow.bits()) != 0) return fail(Errno::Inval);
  return lookup_flags == 0 ? os::Follow::No : os::Follow::Yes;
}

}  // namespace merlon::wasi
