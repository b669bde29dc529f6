#include "merlon/wasi/below.h"

#include <algorithm>

#include "merlon/files/tree.h"

namespace merlon::wasi::below {

using os::Errno;
using os::Path;

namespace {

files::Directory& start_of(const FdEntry& directory) noexcept {
  return static_cast<files::Directory&>(*directory.node);
}

}  // namespace

os::Result<void> create_directory(Context& context, const FdEntry& directory, const Path& path) {
  if (directory.tree) return directory.tree->create_directory(start_of(directory), path);
  return context.resolver().create_directory(directory.file, path);
}

os::Result<void> remove_directory(Context& context, const FdEntry& directory, const Path& path) {
  if (directory.tree) return directory.tree->remove_directory(start_of(directory), path);
  return context.resolver().remove_directory(directory.file, path);
}

os::Result<void> unlink(Context& context, const FdEntry& directory, const Path& path) {
  if (directory.tree) return directory.tree->unlink(start_of(directory), path);
  return context.resolver().unlink(directory.file, path);
}

os::Result<os::FileStatus> status(Context& context, const FdEntry& directory, const Path& path,
                                  os::Follow follow) {
  if (!directory.tree) return context.resolver().status(directory.file, path, follow);
  const auto node = TRY(directory.tree->find(start_of(directory), path, follow));
  return directory.tree->status(*node);
}

os::Result<void> set_times(Context& context, const FdEntry& directory, const Path& path,
                           os::Follow follow, os::TimeChanges changes) {
  if (!directory.tree) {
    return context.resolver().set_times(directory.file, path, follow, changes);
  }
  const auto node = TRY(directory.tree->find(start_of(directory), path, follow));
  return directory.tree->set_times(*node, changes);
}

os::Result<void> link(Context& context, const FdEntry& from_directory, const Path& from,
                      const FdEntry& to_directory, const Path& to) {
  if (from_directory.tree != to_directory.tree) return Errno::Xdev;
  if (from_directory.tree) {
    return from_directory.tree->link(start_of(from_directory), from, start_of(to_directory), to);
  }
  return context.resolver().link(from_directory.file, from, to_directory.file, to);
}

os::Result<void> rename(Context& context, const FdEntry& from_directory, const Path& from,
                        const FdEntry& to_directory, const Path& to) {
  if (from_directory.tree != to_directory.tree) return Errno::Xdev;
  if (from_directory.tree) {
    return from_directory.tree->rename(start_of(from_directory), from, start_of(to_directory), to);
  }
  return context.resolver().rename(from_directory.file, from, to_directory.file, to);
}

os::Result<void> symlink(Context& context, const Path& target, const FdEntry& directory,
                         const Path& path) {
  if (directory.tree) return directory.tree->symlink(target.text(), start_of(directory), path);
  return context.resolver().symlink(target, directory.file, path);
}

os::Result<std::size_t> read_link(Context& context, const FdEntry& directory, const Path& path,
                                  core::ByteSpan into) {
  if (!directory.tree) return context.resolver().read_link(directory.file, path, into);
  const auto node = TRY(directory.tree->find(start_of(directory), path, os::Follow::No));
  const auto found = files::as_link(node);
  if (!found) return Errno::Inval;
  const std::size_t size = std::min(into.size(), found->target().size());
  std::copy_n(found->target().begin(), size, into.begin());
  return size;
}

}  // namespace merlon::wasi::below
