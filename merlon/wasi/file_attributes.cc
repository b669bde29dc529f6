#include "merlon/wasi/file_attributes.h"

namespace merlon::wasi {
namespace {

Result<os::TimeChange> time_change(bool set, bool now, Timestamp time) {
  if (set && now) return fail(Errno::Inval);
  if (now) return os::TimeChange{os::TimeChange::Kind::Now, 0};
  if (set) return os::TimeChange{os::TimeChange::Kind::Set, time};
  return os::TimeChange{};
}

}  // namespace

Result<void> store_filestat(GuestMemory memory, GuestAddress address, const os::FileStatus& status,
                            Filetype filetype) {
  using F = layout::Filestat;
  const core::ByteSpan record = TRY(memory.at(address, F::size));
  GuestMemory::write(record, F::dev, status.device);
  GuestMemory::write(record, F::ino, status.inode);
  GuestMemory::write(record, F::filetype, static_cast<std::uint8_t>(filetype));
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
