// fd_read, fd_write, fd_pread, fd_pwrite, fd_seek, fd_tell.

#include <algorithm>

#include "merlon/os/file.h"
#include "merlon/wasi/api.h"
#include "merlon/wasi/file_io.h"
#include "merlon/wasi/rights.h"
#include "merlon/wasi/served_calls.h"
#include "merlon/wasi/tree_calls.h"
#include "merlon/wasi/wait.h"

namespace merlon::wasi::api {
namespace {

/// The open file behind `fd` if it has positions and may be used so. Kinds are looked at before
/// rights: a program that reads a directory is told so, as on any Unix.
Result<FdEntry*> positioned(Context& context, FdNumber fd, Rights needed) {
  FdEntry* entry = TRY(context.files().get(fd));
  switch (entry->kind) {
    case FileKind::Directory:
    case FileKind::ServedDirectory:
    case FileKind::TreeDirectory: return fail(Errno::Isdir);
    case FileKind::Socket:
    case FileKind::Listener: return fail(Errno::Spipe);
    case FileKind::Null:
    case FileKind::Regular:
    case FileKind::Served:
    case FileKind::TreeFile:
    case FileKind::Stream: break;
  }
  if (entry->kind == FileKind::Stream && !entry->base.has_any(rights::fd_seek | rights::fd_tell)) {
    return fail(Errno::Spipe);
  }
  if (!entry->base.has(needed)) return fail(Errno::Notcapable);
  return entry;
}

Result<FdEntry*> readable(Context& context, FdNumber fd) {
  const FdEntry* entry = TRY(context.files().get(fd));
  if (entry->is_directory()) return fail(Errno::Isdir);
  return context.files().get(fd, rights::fd_read);
}

Result<FdEntry*> writable(Context& context, FdNumber fd) {
  const FdEntry* entry = TRY(context.files().get(fd));
  if (entry->is_directory()) return fail(Errno::Isdir);
  return context.files().get(fd, rights::fd_write);
}

/// The kernel moves less than 2^31 bytes a call, so a count always fits.
Result<void> store_count(GuestMemory memory, GuestAddress address, std::size_t count) {
  return memory.store(address, static_cast<GuestSize>(count));
}

}  // namespace

Result<void> fd_read(Context& context, GuestMemory memory, FdNumber fd, GuestAddress iovs,
                     GuestSize iovs_len, GuestAddress nread) {
  FdEntry* entry = TRY(readable(context, fd));
  IoBuffers into;
  TRY(into.load(memory, iovs, iovs_len));
  TRY(memory.at(nread, sizeof(GuestSize)));  // before bytes are taken that could not be reported
  return store_count(memory, nread, TRY(read_file(context, *entry, into)));
}

Result<void> fd_write(Context& context, GuestMemory memory, FdNumber fd, GuestAddress iovs,
                      GuestSize iovs_len, GuestAddress nwritten) {
  FdEntry* entry = TRY(writable(context, fd));
  IoBuffers from;
  TRY(from.load(memory, iovs, iovs_len));
  TRY(memory.at(nwritten, sizeof(GuestSize)));
  return store_count(memory, nwritten, TRY(write_file(context, *entry, from)));
}

Result<void> fd_pread(Context& context, GuestMemory memory, FdNumber fd, GuestAddress iovs,
                      GuestSize iovs_len, std::uint64_t offset, GuestAddress nread) {
  FdEntry* entry = TRY(positioned(context, fd, rights::fd_read | rights::fd_seek));
  IoBuffers into;
  TRY(into.load(memory, iovs, iovs_len));
  TRY(memory.at(nread, sizeof(GuestSize)));
  if (entry->kind == FileKind::Null) return store_count(memory, nread, 0);
  if (entry->kind == FileKind::Served) {
    return store_count(memory, nread, TRY(read_served(*entry, offset, into.vectors())));
  }
  if (entry->tree) {
    return store_count(memory, nread, tree_calls::read_at(*entry, into.vectors(), offset));
  }
  const std::size_t count =
      TRY(uninterrupted(context, [&] { return os::read_at(entry->file, into.vectors(), offset); }));
  return store_count(memory, nread, count);
}

/// With Append set, Linux writes at the end whatever the offset is; so do we.
Result<void> fd_pwrite(Context& context, GuestMemory memory, FdNumber fd, GuestAddress iovs,
                       GuestSize iovs_len, std::uint64_t offset, GuestAddress nwritten) {
  FdEntry* entry = TRY(positioned(context, fd, rights::fd_write | rights::fd_seek));
  IoBuffers from;
  TRY(from.load(memory, iovs, iovs_len));
  TRY(memory.at(nwritten, sizeof(GuestSize)));
  if (entry->kind == FileKind::Null) {
    return store_count(memory, nwritten, TRY(write_file(context, *entry, from)));
  }
  // What it is told has no place in it.
  if (entry->kind == FileKind::Served) return fail(Errno::Spipe);
  const Result<std::size_t> put = uninterrupted(context, [&] {
    if (entry->tree) return tree_calls::write_at(*entry, from.vectors(), offset);
    return os::write_at(entry->file, from.vectors(), offset);
  });
  if (!put.has_value()) {
    context.note_loss(*entry, put.error());
    return put.error();
  }
  return store_count(memory, nwritten, *put);
}

Result<void> fd_seek(Context& context, GuestMemory memory, FdNumber fd, std::int64_t offset,
                     std::uint32_t whence, GuestAddress newoffset) {
  if (whence >= whence_count) return fail(Errno::Inval);
  const auto from = static_cast<os::Whence>(whence);
  const bool only_tells = offset == 0 && from == os::Whence::Current;
  FdEntry* entry = TRY(positioned(context, fd, only_tells ? Rights() : rights::fd_seek));
  if (!entry->base.has_any(rights::fd_seek | rights::fd_tell)) return fail(Errno::Notcapable);
  TRY(memory.at(newoffset, sizeof(std::uint64_t)));
  if (entry->kind == FileKind::Null) return memory.store(newoffset, std::uint64_t{0});
  if (entry->kind == FileKind::Served) {
    return memory.store(newoffset, TRY(seek_served(*entry, offset, from)));
  }
  if (entry->tree) {
    return memory.store(newoffset, TRY(from_os(tree_calls::seek(*entry, offset, from))));
  }
  return memory.store(newoffset, TRY(from_os(os::seek(entry->file, offset, from))));
}

Result<void> fd_tell(Context& context, GuestMemory memory, FdNumber fd, GuestAddress offset) {
  return fd_seek(context, memory, fd, 0, static_cast<std::uint32_t>(os::Whence::Current), offset);
}

}  // namespace merlon::wasi::api
