// All path_* calls but path_open.

#include "merlon/wasi/api.h"
#include "merlon/wasi/below.h"
#include "merlon/wasi/directory_of.h"
#include "merlon/wasi/file_attributes.h"
#include "merlon/wasi/preopen.h"
#include "merlon/wasi/rights.h"

namespace merlon::wasi::api {

Result<void> path_create_directory(Context& context, GuestMemory memory, FdNumber fd,
                                   GuestAddress path, GuestSize path_len) {
  const FdEntry* directory =
      TRY(changeable_directory_of(context, fd, rights::path_create_directory));
  const os::Path name = TRY(memory.path(path, path_len));
  return from_os(below::create_directory(context, *directory, name));
}

Result<void> path_remove_directory(Context& context, GuestMemory memory, FdNumber fd,
                                   GuestAddress path, GuestSize path_len) {
  const FdEntry* directory =
      TRY(changeable_directory_of(context, fd, rights::path_remove_directory));
  const os::Path name = TRY(memory.path(path, path_len));
  return from_os(below::remove_directory(context, *directory, name));
}

Result<void> path_unlink_file(Context& context, GuestMemory memory, FdNumber fd, GuestAddress path,
                              GuestSize path_len) {
  const FdEntry* directory = TRY(changeable_directory_of(context, fd, rights::path_unlink_file));
  const os::Path name = TRY(memory.path(path, path_len));
  return from_os(below::unlink(context, *directory, name));
}

Result<void> path_filestat_get(Context& context, GuestMemory memory, FdNumber fd,
                               std::uint32_t flags, GuestAddress path, GuestSize path_len,
                               GuestAddress stat) {
  return store_filestat(memory, stat,
                        TRY(filestat_below(context, memory, fd, flags, path, path_len)));
}

Result<void> path_filestat_set_times(Context& context, GuestMemory memory, FdNumber fd,
                                     std::uint32_t flags, GuestAddress path, GuestSize path_len,
                                     Timestamp atim, Timestamp mtim, std::uint32_t fst_flags) {
  const FdEntry* directory =
      TRY(changeable_directory_of(context, fd, rights::path_filestat_set_times));
  const os::Follow follow = TRY(follow_of(flags));
  const os::TimeChanges changes = TRY(time_changes(atim, mtim, fst_flags));
  const os::Path name = TRY(memory.path(path, path_len));
  return from_os(below::set_times(context, *directory, name, follow, changes));
}

/// Following the last link is refused with Inval, as in wasmtime: Linux cannot do it without
/// naming the file by a path of the host's.
Result<void> path_link(Context& context, GuestMemory memory, FdNumber old_fd,
                       std::uint32_t old_flags, GuestAddress old_path, GuestSize old_path_len,
                       FdNumber new_fd, GuestAddress new_path, GuestSize new_path_len) {
  const FdEntry* from = TRY(changeable_directory_of(context, old_fd, rights::path_link_source));
  const FdEntry* to = TRY(changeable_directory_of(context, new_fd, rights::path_link_target));
  if (TRY(follow_of(old_flags)) == os::Follow::Yes) return fail(Errno::Inval);
  const os::Path old_name = TRY(memory.path(old_path, old_path_len));
  const os::Path new_name = TRY(memory.path(new_path, new_path_len));
  return from_os(below::link(context, *from, old_name, *to, new_name));
}

Result<void> path_rename(Context& context, GuestMemory memory, FdNumber fd, GuestAddress old_path,
                         GuestSize old_path_len, FdNumber new_fd, GuestAddress new_path,
                         GuestSize new_path_len) {
  const FdEntry* from = TRY(changeable_directory_of(context, fd, rights::path_rename_source));
  const FdEntry* to = TRY(changeable_directory_of(context, new_fd, rights::path_rename_target));
  const os::Path old_name = TRY(memory.path(old_path, old_path_len));
  const os::Path new_name = TRY(memory.path(new_path, new_path_len));
  return from_os(below::rename(context, *from, old_name, *to, new_name));
}

/// A link may say anything but an absolute path; whether it leads out is seen when it is followed.
Result<void> path_symlink(Context& context, GuestMemory memory, GuestAddress old_path,
                          GuestSize old_path_len, FdNumber fd, GuestAddress new_path,
                          GuestSize new_path_len) {
  const FdEntry* directory = TRY(changeable_directory_of(context, fd, rights::path_symlink));
  const os::Path target = TRY(memory.path(old_path, old_path_len));
  const os::Path name = TRY(memory.path(new_path, new_path_len));
  return from_os(below::symlink(context, target, *directory, name));
}

Result<void> path_readlink(Context& context, GuestMemory memory, FdNumber fd, GuestAddress path,
                           GuestSize path_len, GuestAddress buf, GuestSize buf_len,
                           GuestAddress bufused) {
  const FdEntry* opened = TRY(context.files().get(fd));
  if (opened->kind == FileKind::ServedDirectory) return fail(Errno::Inval);  // there are no links
  const FdEntry* directory = TRY(directory_of(context, fd, rights::path_readlink));
  const os::Path name = TRY(memory.path(path, path_len));
  const core::ByteSpan into = TRY(memory.at(buf, buf_len));
  if (into.empty()) {  // the kernel refuses to read nothing; the link must still be one
    const os::FileStatus found =
        TRY(from_os(below::status(context, *directory, name, os::Follow::No)));
    if (found.type != os::FileType::Symlink) return fail(Errno::Inval);
    return memory.store(bufused, GuestSize{0});
  }
  const std::size_t size = TRY(from_os(below::read_link(context, *directory, name, into)));
  return memory.store(bufused, static_cast<GuestSize>(size));
}

}  // namespace merlon::wasi::api
