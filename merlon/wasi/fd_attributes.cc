// fd_advise, fd_allocate, fd_datasync, fd_sync, fd_fdstat_*, fd_filestat_*, fd_close, fd_renumber.

#include <limits>

#include "merlon/os/file.h"
#include "merlon/wasi/api.h"
#include "merlon/wasi/file_attributes.h"
#include "merlon/wasi/rights.h"
#include "merlon/wasi/stream_io.h"
#include "merlon/wasi/tree_calls.h"
#include "merlon/wasi/wait.h"

namespace merlon::wasi::api {
namespace {

constexpr std::uint64_t max_file_size = std::numeric_limits<std::int64_t>::max();

/// An open file whose content may be changed in size or place.
Result<FdEntry*> sizable(Context& context, FdNumber fd, Rights needed) {
  const FdEntry* entry = TRY(context.files().get(fd));
  if (entry->is_directory()) return fail(Errno::Isdir);
  return context.files().get(fd, needed);
}

}  // namespace

Result<void> fd_advise(Context& context, [[maybe_unused]] GuestMemory memory, FdNumber fd,
                       std::uint64_t offset, std::uint64_t len, std::uint32_t advice) {
  const FdEntry* entry = TRY(sizable(context, fd, rights::fd_advise));
  if (advice >= advice_count || offset > max_file_size || len > max_file_size) {
    return fail(Errno::Inval);
  }
  if (entry->kind == FileKind::Null || entry->tree) return {};
  return from_os(os::advise(entry->descriptor(), offset, len, static_cast<os::Advice>(advice)));
}

Result<void> fd_allocate(Context& context, [[maybe_unused]] GuestMemory memory, FdNumber fd,
                         std::uint64_t offset, std::uint64_t len) {
  const FdEntry* entry = TRY(sizable(context, fd, rights::fd_allocate));
  if (len == 0) return fail(Errno::Inval);
  if (offset > max_file_size || len > max_file_size - offset) return fail(Errno::Fbig);
  if (entry->kind == FileKind::Null) return {};
  if (entry->tree) return from_os(tree_calls::allocate(*entry, offset, len));
  return uninterrupted(context, [&] { return os::allocate(entry->descriptor(), offset, len); });
}

Result<void> fd_datasync(Context& context, [[maybe_unused]] GuestMemory memory, FdNumber fd) {
  const FdEntry* entry = TRY(context.files().get(fd, rights::fd_datasync));
  if (entry->kind == FileKind::Null) return {};
  if (entry->tree) return from_os(tree_calls::keep(*entry));
  return uninterrupted(context, [&] { return os::sync_data(entry->descriptor()); });
}

Result<void> fd_sync(Context& context, [[maybe_unused]] GuestMemory memory, FdNumber fd) {
  const FdEntry* entry = TRY(context.files().get(fd, rights::fd_sync));
  if (entry->kind == FileKind::Null) return {};
  if (entry->tree) return from_os(tree_calls::keep(*entry));
  return uninterrupted(context, [&] { return os::sync(entry->descriptor()); });
}

Result<void> fd_close(Context& context, [[maybe_unused]] GuestMemory memory, FdNumber fd) {
  let_go(context, *TRY(context.files().get(fd)));
  return context.files().close(fd);
}

Result<void> fd_renumber(Context& context, [[maybe_unused]] GuestMemory memory, FdNumber fd,
                         FdNumber to) {
  TRY(context.files().get(fd));
  FdEntry* const replaced = TRY(context.files().get(to));
  if (fd != to) let_go(context, *replaced);
  return context.files().renumber(fd, to);
}

Result<void> fd_fdstat_get(Context& context, GuestMemory memory, FdNumber fd, GuestAddress stat) {
  const FdEntry* entry = TRY(context.files().get(fd));
  const core::ByteSpan record = TRY(memory.at(stat, layout::Fdstat::size));
  using F = layout::Fdstat;
  GuestMemory::write(record, F::filetype, static_cast<std::uint8_t>(entry->filetype));
  GuestMemory::write(record, F::flags, entry->flags.bits());
  GuestMemory::write(record, F::rights_base, entry->base.bits());
  GuestMemory::write(record, F::rights_inheriting, entry->inheriting.bits());
  return {};
}

/// Linux cannot change how an open file is synchronised, so those flags must stay as they are; as
/// in wasmtime, asking otherwise is Inval. A lent stream that appends goes on appending.
Result<void> fd_fdstat_set_flags(Context& context, [[maybe_unused]] GuestMemory memory, FdNumber fd,
                                 std::uint32_t flags) {
  constexpr Fdflags changeable = fdflags::append | fdflags::nonblock;
  FdEntry* entry = TRY(context.files().get(fd, rights::fd_fdstat_set_flags));
  if ((flags & ~std::uint32_t{fdflags::all.bits()}) != 0) return fail(Errno::Inval);
  const Fdflags wanted{static_cast<std::uint16_t>(flags)};
  if (wanted.without(changeable) != entry->flags.without(changeable)) return fail(Errno::Inval);
  const bool append = wanted.has(fdflags::append);
  if (append != entry->flags.has(fdflags::append)) {
    if (entry->is_socket()) return fail(Errno::Inval);
    if (entry->only_appends) return fail(Errno::Notcapable);
    if (entry->kind == FileKind::Regular) TRY(from_os(os::set_append(entry->descriptor(), append)));
  }
  entry->flags = wanted;
  return {};
}

Result<void> fd_fdstat_set_rights(Context& context, [[maybe_unused]] GuestMemory memory,
                                  FdNumber fd, std::uint64_t rights_base,
                                  std::uint64_t rights_inheriting) {
  FdEntry* entry = TRY(context.files().get(fd));
  const Rights base{rights_base};
  const Rights inheriting{rights_inheriting};
  if (!entry->base.has(base) || !entry->inheriting.has(inheriting)) return fail(Errno::Notcapable);
  entry->base = base;
  entry->inheriting = inheriting;
  return {};
}

Result<void> fd_filestat_get(Context& context, GuestMemory memory, FdNumber fd, GuestAddress stat) {
  return store_filestat(memory, stat, TRY(filestat_of(context, fd)));
}

Result<void> fd_filestat_set_size(Context& context, [[maybe_unused]] GuestMemory memory,
                                  FdNumber fd, std::uint64_t size) {
  const FdEntry* entry = TRY(sizable(context, fd, rights::fd_filestat_set_size));
  if (size > max_file_size) return fail(Errno::Inval);
  if (entry->kind == FileKind::Null) return {};
  if (entry->tree) return from_os(tree_calls::resize(*entry, size));
  return uninterrupted(context, [&] { return os::resize(entry->descriptor(), size); });
}

Result<void> fd_filestat_set_times(Context& context, [[maybe_unused]] GuestMemory memory,
                                   FdNumber fd, Timestamp atim, Timestamp mtim,
                                   std::uint32_t fst_flags) {
  const FdEntry* entry = TRY(context.files().get(fd));
  if (entry->read_only) return fail(Errno::Rofs);
  if (!entry->base.has(rights::fd_filestat_set_times)) return fail(Errno::Notcapable);
  const os::TimeChanges changes = TRY(time_changes(atim, mtim, fst_flags));
  if (entry->kind == FileKind::Null) return {};
  if (entry->tree) return from_os(tree_calls::set_times(*entry, changes));
  return from_os(os::set_times(entry->descriptor(), changes));
}

}  // namespace merlon::wasi::api
