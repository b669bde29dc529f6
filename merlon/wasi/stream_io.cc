#include "merlon/wasi/stream_io.h"

#include "merlon/wasi/preopen.h"
#include "merlon/wasi/wait.h"

namespace merlon::wasi {

namespace {

bool waits(const FdEntry& entry, const Failure& failure) noexcept {
  return failure == fail(Errno::Again) && !entry.flags.has(fdflags::nonblock);
}

Result<void> wait_for(Context& context, const net::Stream& stream, net::Side side) {
  return wasi::wait_for(context, stream.descriptor(), stream.awaits(side));
}

/// All that was taken is on its way, or its peer is gone.
Result<void> wait_until_sent(Context& context, const net::Stream& stream) {
  while (stream.has_unsent()) TRY(wait_for(context, stream, net::Side::Write));
  return {};
}

}  // namespace

Result<os::Received> receive(Context& context, FdEntry& socket, os::IoVectors into,
                             os::ReceiveFlags flags) {
  for (;;) {
    auto got = uninterrupted(context, [&] { return socket.stream->receive(into, flags); });
    context.unsent().note(socket.stream);  // to read may mean to answer
    if (got.has_value() || !waits(socket, got.error())) return got;
    TRY(wait_for(context, *socket.stream, net::Side::Read));
  }
}

Result<std::size_t> send(Context& context, FdEntry& socket, os::IoVectors from) {
  for (;;) {
    auto put = uninterrupted(context, [&] { return socket.stream->send(from); });
    context.unsent().note(socket.stream);
    if (put.has_value() && !socket.flags.has(fdflags::nonblock)) {
      TRY(wait_until_sent(context, *socket.stream));
    }
    if (put.has_value() || !waits(socket, put.error())) return put;
    TRY(wait_for(context, *socket.stream, net::Side::Write));
  }
}

Result<FdEntry> accept(Context& context, FdEntry& listener) {
  std::vector<os::PollItem> items;
  for (;;) {
    auto accepted = uninterrupted(context, [&] { return listener.listener->accept(); });
    if (accepted.has_value()) {
      FdEntry entry = stream_socket(*std::move(accepted));
      entry.base = entry.base & listener.inheriting;
      entry.filetype = listener.filetype;
      return entry;
    }
    if (!waits(listener, accepted.error())) return accepted.error();
    items.clear();
    listener.listener->add_awaited(items);
    items.emplace_back();  // for the bell
    TRY(wait_for_any(context, items, std::nullopt));
  }
}

void let_go(Context& context, FdEntry& entry) {
  if (!entry.stream) return;
  entry.stream->finish();
  context.unsent().note(entry.stream);
}

}  // namespace merlon::wasi
