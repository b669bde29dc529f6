// sock_accept, sock_recv, sock_send, sock_shutdown.

#include "merlon/os/socket.h"
#include "merlon/wasi/api.h"
#include "merlon/wasi/file_io.h"
#include "merlon/wasi/preopen.h"
#include "merlon/wasi/rights.h"
#include "merlon/wasi/stream_io.h"

namespace merlon::wasi::api {
namespace {

/// Notsock comes before Notcapable: the rights of a file say nothing about sockets.
Result<FdEntry*> socket_of(Context& context, FdNumber fd, Rights needed) {
  const FdEntry* entry = TRY(context.files().get(fd));
  if (!entry->is_socket()) return fail(Errno::Notsock);
  return context.files().get(fd, needed);
}

/// Goes on until all buffers are full, for streams; an end or an error keeps what came before.
Result<os::Received> receive_all(Context& context, FdEntry& entry, IoBuffers& into) {
  os::Received all;
  do {
    const Result<os::Received> got = receive(context, entry, into.vectors(), {});
    if (!got.has_value()) {
      if (all.size == 0 || got.error().kind != Failure::Kind::Errno) return got.error();
      break;
    }
    all.size += got->size;
    into.advance(got->size);
    if (got->size == 0) break;
  } while (!into.empty());
  return all;
}

}  // namespace

Result<void> sock_accept(Context& context, GuestMemory memory, FdNumber fd, std::uint32_t flags,
                         GuestAddress accepted_fd) {
  FdEntry* listener = TRY(socket_of(context, fd, Rights()));
  if (listener->kind != FileKind::Listener) return fail(Errno::Inval);
  if (!listener->base.has(rights::sock_accept)) return fail(Errno::Notcapable);
  if ((flags & ~std::uint32_t{fdflags::nonblock.bits()}) != 0) return fail(Errno::Inval);
  TRY(memory.at(accepted_fd, sizeof(FdNumber)));
  FdEntry entry = TRY(accept(context, *listener));
  entry.flags = Fdflags(static_cast<std::uint16_t>(flags));
  return memory.store(accepted_fd, TRY(context.files().insert(std::move(entry))));
}

Result<void> sock_recv(Context& context, GuestMemory memory, FdNumber fd, GuestAddress ri_data,
                       GuestSize ri_data_len, std::uint32_t ri_flags, GuestAddress ro_datalen,
                       GuestAddress ro_flags) {
  FdEntry* entry = TRY(socket_of(context, fd, rights::fd_read));
  if (entry->kind != FileKind::Socket) return fail(Errno::Notconn);
  if ((ri_flags & ~std::uint32_t{riflags::all.bits()}) != 0) return fail(Errno::Inval);
  const Riflags flags{static_cast<std::uint16_t>(ri_flags)};
  IoBuffers into;
  TRY(into.load(memory, ri_data, ri_data_len));
  TRY(memory.at(ro_datalen, sizeof(GuestSize)));
  TRY(memory.at(ro_flags, sizeof(std::uint16_t)));
  const bool peeks = flags.has(riflags::recv_peek);
  // Peeking cannot gather piece by piece, so it gives what is there.
  const bool all = flags.has(riflags::recv_waitall) && !peeks &&
                   entry->filetype == Filetype::SocketStream &&
                   !entry->flags.has(fdflags::nonblock);
  const os::Received got = all ? TRY(receive_all(context, *entry, into))
                               : TRY(receive(context, *entry, into.vectors(), {.peek = peeks}));
  const Roflags result = got.truncated ? roflags::recv_data_truncated : Roflags();
  TRY(memory.store(ro_datalen, static_cast<GuestSize>(got.size)));
  return memory.store(ro_flags, result.bits());
}

Result<void> sock_send(Context& context, GuestMemory memory, FdNumber fd, GuestAddress si_data,
                       GuestSize si_data_len, std::uint32_t si_flags, GuestAddress so_datalen) {
  FdEntry* entry = TRY(socket_of(context, fd, rights::fd_write));
  if (si_flags != 0) return fail(Errno::Inval);
  IoBuffers from;
  TRY(from.load(memory, si_data, si_data_len));
  TRY(memory.at(so_datalen, sizeof(GuestSize)));
  return memory.store(so_datalen, static_cast<GuestSize>(TRY(write_file(context, *entry, from))));
}

Result<void> sock_shutdown(Context& context, [[maybe_unused]] GuestMemory memory, FdNumber fd,
                           std::uint32_t how) {
  FdEntry* entry = TRY(socket_of(context, fd, rights::sock_shutdown));
  if (how == 0 || (how & ~std::uint32_t{sdflags::all.bits()}) != 0) return fail(Errno::Inval);
  const Sdflags sides{static_cast<std::uint8_t>(how)};
  if (entry->kind != FileKind::Socket) return fail(Errno::Notconn);
  const auto shut = entry->stream->shut_down(sides.has(sdflags::rd), sides.has(sdflags::wr));
  context.unsent().note(entry->stream);
  return from_os(shut);
}

}  // namespace merlon::wasi::api
