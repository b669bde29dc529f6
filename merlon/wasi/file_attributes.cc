#include "merlon/wasi/file_attributes.h"

#include "merlon/wasi/below.h"
#include "merlon/wasi/directory_of.h"
#include "merlon/wasi/preopen.h"
#include "merlon/wasi/rights.h"
#include "merlon/wasi/served_calls.h"
#include "merlon/wasi/tree_calls.h"

namespace merlon::wasi {
namespace {

Result<os::TimeChange> time_change(bool set, bool now, Timestamp time) {
  if (set && now) return fail(Errno::Inval);
  if (now) return os::TimeChange{os::TimeChange::Kind::Now, 0};
  if (set) return os::TimeChange{os::TimeChange::Kind::Set, time};
  return os::TimeChange{};
}

}  // namespace

Result<Filestat> filestat_of(Context& context, FdNumber fd) {
  const FdEntry* entry = TRY(context.files().get(fd, rights::fd_filestat_get));
  if (entry->kind == FileKind::Null) return Filestat{{}, entry->filetype};
  if (entry->kind == FileKind::Served || entry->kind == FileKind::ServedDirectory) {
    return served_filestat(*entry);
  }
  if (entry->tree) return Filestat{tree_calls::status(*entry), entry->filetype};
  return Filestat{TRY(from_os(os::status(entry->descriptor()))), entry->filetype};
}

Result<Filestat> filestat_below(Context& context, GuestMemory memory, FdNumber fd,
                                std::uint32_t flags, GuestAddress path, GuestSize path_len) {
  const FdEntry* served = TRY(context.files().get(fd));
  if (served->kind == FileKind::ServedDirectory) {
    if (!served->base.has(rights::path_filestat_get)) return fail(Errno::Notcapable);
    TRY(follow_of(flags));
    return served_filestat_below(*served, TRY(memory.path(path, path_len)).text());
  }
  const FdEntry* directory = TRY(directory_of(context, fd, rights::path_filestat_get));
  const os::Follow follow = TRY(follow_of(flags));
  const os::Path name = TRY(memory.path(path, path_len));
  const os::FileStatus status = TRY(from_os(below::status(context, *directory, name, follow)));
  return Filestat{status, filetype_of(status.type)};
}

Result<void> store_filestat(GuestMemory memory, GuestAddress address, const Filestat& filestat) {
  const os::FileStatus& status = filestat.status;
  using F = layout::Filestat;
  const core::ByteSpan record = TRY(memory.at(address, F::size));
  GuestMemory::write(record, F::dev, status.device);
  GuestMemory::write(record, F::ino, status.inode);
  GuestMemory::write(record, F::filetype, static_cast<std::uint8_t>(filestat.type));
  GuestMemory::write(record, F::nlink, status.links);
  GuestMemory::write(record, F::file_size, status.size);
  GuestMemory::write(record, F::atim, status.accessed);
  GuestMemory::write(record, F::mtim, status.modified);
  GuestMemory::write(record, F::ctim, status.changed);
  return {};
}

Result<os::TimeChanges> time_changes(Timestamp atim, Timestamp mtim, std::uint32_t fst_flags) {
  if ((fst_flags & ~std::uint32_t{fstflags::all.bits()}) != 0) return fail(Errno::Inval);
  const Fstflags flags{static_cast<std::uint16_t>(fst_flags)};
  os::TimeChanges changes;
  changes.accessed =
      TRY(time_change(flags.has(fstflags::atim), flags.has(fstflags::atim_now), atim));
  changes.modified =
      TRY(time_change(flags.has(fstflags::mtim), flags.has(fstflags::mtim_now), mtim));
  return changes;
}

}  // namespace merlon::wasi
