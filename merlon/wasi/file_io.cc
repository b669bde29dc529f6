#include "merlon/wasi/file_io.h"

#include "merlon/os/file.h"
#include "merlon/wasi/served_calls.h"
#include "merlon/wasi/stream_io.h"
#include "merlon/wasi/tree_calls.h"
#include "merlon/wasi/wait.h"

namespace merlon::wasi {
namespace {

using Count = Result<std::size_t>;

bool may_wait(const FdEntry& entry) noexcept { return !entry.flags.has(fdflags::nonblock); }

bool is(const Count& result, Errno number) noexcept {
  return !result.has_value() && result.error() == fail(number);
}

/// One try that never waits: Again where it would.
Count try_read(Context& context, FdEntry& entry, os::IoVectors into) {
  return uninterrupted(context, [&]() -> os::Result<std::size_t> {
    if (entry.never_waits) return os::read(entry.file, into);
    return os::read_no_wait(entry.file, into);
  });
}

Count try_write(Context& context, FdEntry& entry, os::IoVectors from) {
  return uninterrupted(context, [&]() -> os::Result<std::size_t> {
    if (entry.never_waits) return os::write(entry.file, from);
    return os::write_no_wait(entry.file, from);
  });
}

/// For files that cannot be tried (terminals; pipes on old kernels): ask first, then do it. What
/// was ready may be gone again if others share the file; then a signal still gets us out.
Count read_when_ready(Context& context, FdEntry& entry, os::IoVectors into) {
  if (may_wait(entry)) {
    TRY(wait_for(context, entry.file, POLLIN));
  } else if (!TRY(is_ready(context, entry.file, POLLIN))) {
    return fail(Errno::Again);
  }
  return uninterrupted(context, [&] { return os::read(entry.file, into); });
}

Count write_when_ready(Context& context, FdEntry& entry, os::IoVectors from) {
  if (!may_wait(entry) && !TRY(is_ready(context, entry.file, POLLOUT))) return fail(Errno::Again);
  return uninterrupted(context, [&] { return os::write(entry.file, from); });
}

Count read_waiting(Context& context, FdEntry& entry, os::IoVectors into) {
  for (;;) {
    if (entry.needs_poll) return read_when_ready(context, entry, into);
    Count got = try_read(context, entry, into);
    if (is(got, Errno::Notsup) && !entry.never_waits) {
      entry.needs_poll = true;
    } else if (is(got, Errno::Again) && may_wait(entry)) {
      TRY(wait_for(context, entry.file, POLLIN));
    } else {
      return got;
    }
  }
}

Count write_once(Context& context, FdEntry& entry, os::IoVectors from) {
  if (entry.kind == FileKind::Socket) return send(context, entry, from);
  for (;;) {
    if (entry.needs_poll) return write_when_ready(context, entry, from);
    Count put = try_write(context, entry, from);
    if (is(put, Errno::Notsup) && !entry.never_waits) {
      entry.needs_poll = true;
    } else if (is(put, Errno::Again) && may_wait(entry)) {
      TRY(wait_for(context, entry.file, POLLOUT));
    } else {
      return put;
    }
  }
}

Count write_waiting(Context& context, FdEntry& entry, IoBuffers& from) {
  std::size_t written = 0;
  while (!from.empty()) {
    const Count put = write_once(context, entry, from.vectors());
    if (!put.has_value()) {
      if (written == 0 || put.error().kind != Failure::Kind::Errno) return put.error();
      break;
    }
    written += *put;
    from.advance(*put);
    if (!may_wait(entry)) break;
  }
  return written;
}

Count write_any(Context& context, FdEntry& entry, IoBuffers& from) {
  switch (entry.kind) {
    case FileKind::Null: {
      std::size_t swallowed = 0;
      for (const ::iovec& buffer : from.vectors()) swallowed += buffer.iov_len;
      return swallowed;
    }
    case FileKind::Directory:
    case FileKind::ServedDirectory:
    case FileKind::TreeDirectory: return fail(Errno::Isdir);
    case FileKind::Served: return write_served(entry, from.vectors());
    case FileKind::TreeFile: return from_os(tree_calls::write(entry, from.vectors()));
    case FileKind::Regular:
      return uninterrupted(context, [&] { return os::write(entry.file, from.vectors()); });
    case FileKind::Listener: return fail(Errno::Notconn);
    case FileKind::Stream:
    case FileKind::Socket: return write_waiting(context, entry, from);
  }
  return fail(Errno::Badf);
}

}  // namespace

Result<std::size_t> read_file(Context& context, FdEntry& entry, IoBuffers& into) {
  switch (entry.kind) {
    case FileKind::Null: return std::size_t{0};
    case FileKind::Directory:
    case FileKind::ServedDirectory:
    case FileKind::TreeDirectory: return fail(Errno::Isdir);
    case FileKind::TreeFile: return tree_calls::read(entry, into.vectors());
    case FileKind::Served: {
      const std::size_t size = TRY(read_served(entry, entry.position, into.vectors()));
      entry.position += size;
      return size;
    }
    case FileKind::Regular:
      return uninterrupted(context, [&] { return os::read(entry.file, into.vectors()); });
    case FileKind::Listener: return fail(Errno::Notconn);
    case FileKind::Socket:
      if (into.empty()) return std::size_t{0};
      return TRY(receive(context, entry, into.vectors(), {})).size;
    case FileKind::Stream:
      if (into.empty()) return std::size_t{0};
      return read_waiting(context, entry, into.vectors());
  }
  return fail(Errno::Badf);
}

Result<std::size_t> write_file(Context& context, FdEntry& entry, IoBuffers& from) {
  Count put = write_any(context, entry, from);
  if (!put.has_value()) context.note_loss(entry, put.error());
  return put;
}

}  // namespace merlon::wasi
