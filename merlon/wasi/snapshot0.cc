#include "merlon/wasi/snapshot0.h"

#include <algorithm>
#include <array>
#include <limits>

#include "merlon/wasi/file_attributes.h"
#include "merlon/wasi/poll_subscriptions.h"

namespace merlon::wasi::snapshot0 {
namespace {

namespace layout {

struct Filestat {
  static constexpr std::uint32_t dev = 0, ino = 8, filetype = 16, nlink = 20, file_size = 24,
                                 atim = 32, mtim = 40, ctim = 48, size = 56;
};

constexpr SubscriptionLayout subscription{.userdata = 0,
                                          .tag = 8,
                                          .clock_id = 24,
                                          .clock_timeout = 32,
                                          .clock_flags = 48,
                                          .fd = 16,
                                          .size = 56};

}  // namespace layout

Result<void> store(GuestMemory memory, GuestAddress address, const wasi::Filestat& filestat) {
  using F = layout::Filestat;
  const core::ByteSpan record = TRY(memory.at(address, F::size));
  const os::FileStatus& status = filestat.status;
  constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
  GuestMemory::write(record, F::dev, status.device);
  GuestMemory::write(record, F::ino, status.inode);
  GuestMemory::write(record, F::filetype, static_cast<std::uint8_t>(filestat.type));
  GuestMemory::write(record, F::nlink,
                     static_cast<std::uint32_t>(std::min<std::uint64_t>(status.links, most)));
  GuestMemory::write(record, F::file_size, status.size);
  GuestMemory::write(record, F::atim, status.accessed);
  GuestMemory::write(record, F::mtim, status.modified);
  GuestMemory::write(record, F::ctim, status.changed);
  return {};
}

}  // namespace

Result<void> fd_seek(Context& context, GuestMemory memory, FdNumber fd, std::int64_t offset,
                     std::uint32_t whence, GuestAddress newoffset) {
  constexpr auto from = std::array{os::Whence::Current, os::Whence::End, os::Whence::Set};
  if (whence >= from.size()) return fail(Errno::Inval);
  const auto preview1_whence = static_cast<std::uint32_t>(from[whence]);
  return api::fd_seek(context, memory, fd, offset, preview1_whence, newoffset);
}

Result<void> fd_filestat_get(Context& context, GuestMemory memory, FdNumber fd, GuestAddress stat) {
  return store(memory, stat, TRY(filestat_of(context, fd)));
}

Result<void> path_filestat_get(Context& context, GuestMemory memory, FdNumber fd,
                               std::uint32_t flags, GuestAddress path, GuestSize path_len,
                               GuestAddress stat) {
  return store(memory, stat, TRY(filestat_below(context, memory, fd, flags, path, path_len)));
}

Result<void> poll_oneoff(Context& context, GuestMemory memory, GuestAddress in, GuestAddress out,
                         GuestSize nsubscriptions, GuestAddress nevents) {
  return poll_subscriptions(context, memory, layout::subscription, in, out, nsubscriptions,
                            nevents);
}

}  // namespace merlon::wasi::snapshot0
