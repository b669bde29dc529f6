#include "merlon/wasi/preopen.h"

#include "merlon/net/socket.h"
#include "merlon/os/file.h"
#include "merlon/os/socket.h"
#include "merlon/wasi/rights.h"

namespace merlon::wasi {
namespace {

core::Error kernel_error(os::Errno number, const char* what,
                         core::Where where = core::Where::here()) {
  return os::to_error(number, what, where);
}

Rights allowed_by(os::Access access) noexcept {
  switch (access) {
    case os::Access::Read: return rights::all.without(rights::writing);
    case os::Access::Write: return rights::all.without(rights::fd_read);
    case os::Access::ReadWrite: return rights::all;
    case os::Access::PathOnly:
      return rights::all.without(rights::fd_readdir | rights::fd_sync | rights::fd_datasync |
                                 rights::fd_filestat_set_times);
  }
  return Rights();
}

/// A socket of the kind wanted, set not to wait: when we wait is decided in one place, wait.h.
core::Result<FdEntry> socket_entry(os::Fd socket, const os::SocketInfo& info) {
  const os::Result<void> set = os::set_nonblock(socket, true);
  if (!set.has_value()) return kernel_error(set.error(), "cannot set up a socket");
  FdEntry entry = info.listening
                      ? stream_listener(std::make_unique<net::SocketListener>(std::move(socket)))
                      : stream_socket(std::make_shared<net::SocketStream>(std::move(socket)));
  if (info.kind == os::SocketKind::Datagram) entry.filetype = Filetype::SocketDgram;
  return entry;
}

core::Result<FdEntry> checked_socket(os::Fd socket, bool listening) {
  const os::Result<os::SocketInfo> info = os::socket_info(socket);
  if (!info.has_value()) return kernel_error(info.error(), "not a socket");
  if (info->listening != listening) {
    return core::error(core::ErrorCode::Malformed,
                       listening ? "the socket does not listen" : "the socket is not a connection");
  }
  return socket_entry(std::move(socket), *info);
}

/// An entry for an open file, still without it; `own` gives a descriptor to keep of a socket.
template <typename Own>
core::Result<FdEntry> entry_of(os::BorrowedFd file, const Own& own) {
  const os::Result<os::FileStatus> status = os::status(file);
  if (!status.has_value()) return kernel_error(status.error(), "not an open file");
  const os::Result<os::OpenFlags> flags = os::open_flags(file);
  if (!flags.has_value()) return kernel_error(flags.error(), "not an open file");
  if (flags->access == os::Access::PathOnly) {
    return core::error(core::ErrorCode::Unsupported, "the file is open as a path only");
  }
  if (status->type == os::FileType::Socket) {
    const os::Result<os::SocketInfo> info = os::socket_info(file);
    if (!info.has_value()) return kernel_error(info.error(), "cannot look at a socket");
    os::Result<os::Fd> socket = own();
    if (!socket.has_value()) return kernel_error(socket.error(), "cannot take a socket");
    return socket_entry(*std::move(socket), *info);
  }
  FdEntry entry;
  entry.kind = kind_of(status->type);
  entry.filetype = filetype_of(status->type);
  const bool is_terminal = status->type == os::FileType::CharacterDevice && os::is_terminal(file);
  entry.base = rights_of(entry.kind, status->type, is_terminal) & allowed_by(flags->access);
  if (flags->append) entry.flags = entry.flags | fdflags::append;
  if (flags->sync) entry.flags = entry.flags | fdflags::sync;
  if (flags->dsync && !flags->sync) entry.flags = entry.flags | fdflags::dsync;
  // A directory as a standard stream is no capability to what lies below it.
  if (entry.kind == FileKind::Directory) entry.base = rights::fd_filestat_get;
  return entry;
}

/// A directory with all that may be done below one.
FdEntry preopened(std::string guest_name, bool read_only) {
  FdEntry entry;
  entry.filetype = Filetype::Directory;
  entry.read_only = read_only;
  entry.base = rights::directory;
  if (read_only) entry.base = entry.base.without(rights::changing);
  // Not lessened for read-only directories: C libraries ask for no more than stands here, and
  // would then learn of a refused write only when they write. See path_open.
  entry.inheriting = rights::below_directory;
  entry.preopened_as = std::move(guest_name);
  return entry;
}

}  // namespace

FileKind kind_of(os::FileType type) noexcept {
  switch (type) {
    case os::FileType::Regular:
    case os::FileType::BlockDevice:
    case os::FileType::Symlink: return FileKind::Regular;
    case os::FileType::Directory: return FileKind::Directory;
    case os::FileType::Socket: return FileKind::Socket;
    case os::FileType::CharacterDevice:
    case os::FileType::Fifo:
    case os::FileType::Unknown: return FileKind::Stream;
  }
  return FileKind::Stream;
}

Filetype filetype_of(os::FileType type) noexcept {
  switch (type) {
    case os::FileType::BlockDevice: return Filetype::BlockDevice;
    case os::FileType::CharacterDevice: return Filetype::CharacterDevice;
    case os::FileType::Directory: return Filetype::Directory;
    case os::FileType::Regular: return Filetype::RegularFile;
    case os::FileType::Symlink: return Filetype::SymbolicLink;
    case os::FileType::Socket: return Filetype::SocketStream;
    case os::FileType::Fifo:
    case os::FileType::Unknown: return Filetype::Unknown;  // preview 1 has no pipes
  }
  return Filetype::Unknown;
}

Rights rights_of(FileKind kind, os::FileType type, bool is_terminal) noexcept {
  switch (kind) {
    case FileKind::Null:
    case FileKind::Regular: return rights::regular;
    case FileKind::Directory: return rights::directory;
    case FileKind::Socket: return rights::socket;
    case FileKind::Listener: return rights::listener;
    case FileKind::Stream: break;
    case FileKind::Served:
    case FileKind::ServedDirectory:
    case FileKind::TreeFile:
    case FileKind::TreeDirectory: return {};  // no type of the kernel's
  }
  const bool seeks = type == os::FileType::CharacterDevice && !is_terminal;
  return seeks ? rights::stream | rights::fd_seek | rights::fd_tell : rights::stream;
}

FdEntry null_file() {
  FdEntry entry;
  entry.flags = fdflags::append | fdflags::nonblock;
  entry.base = rights::regular;
  return entry;
}

core::Result<FdEntry> open_file(os::Fd file) {
  FdEntry entry = TRY(entry_of(file, [&file]() -> os::Result<os::Fd> { return std::move(file); }));
  if (!entry.stream && !entry.listener) entry.file = std::move(file);
  return entry;
}

core::Result<FdEntry> look_at(const LentStream& stream) {
  FdEntry entry = TRY(entry_of(stream.file, [&stream] { return os::duplicate(stream.file); }));
  if (!entry.stream && !entry.listener) entry.file = HeldFile::lent(stream.file);
  // "program >> log" does not let the program change what is in the log.
  entry.only_appends = entry.kind == FileKind::Regular && entry.flags.has(fdflags::append);
  if (entry.only_appends) {
    entry.base = entry.base.without(rights::fd_filestat_set_size | rights::fd_allocate);
  }
  if (stream.loss_name.empty()) return entry;
  entry.loss_name = stream.loss_name;
  if (entry.kind != FileKind::Directory) entry.base = entry.base | rights::fd_write;
  return entry;
}

FdEntry stream_socket(std::shared_ptr<net::Stream> stream) {
  FdEntry entry;
  entry.kind = FileKind::Socket;
  entry.filetype = Filetype::SocketStream;
  entry.base = rights::socket;
  entry.stream = std::move(stream);
  return entry;
}

FdEntry stream_listener(std::unique_ptr<net::Listener> listener) {
  FdEntry entry;
  entry.kind = FileKind::Listener;
  entry.filetype = Filetype::SocketStream;
  entry.base = rights::listener;
  entry.inheriting = rights::socket;
  entry.listener = std::move(listener);
  return entry;
}

core::Result<FdEntry> listening_socket(os::Fd socket) {
  return checked_socket(std::move(socket), true);
}

core::Result<FdEntry> connected_socket(os::Fd socket) {
  return checked_socket(std::move(socket), false);
}

core::Result<FdEntry> directory(os::Fd directory, std::string guest_name, DirectoryAccess access) {
  const os::Result<os::FileStatus> status = os::status(directory);
  if (!status.has_value()) return kernel_error(status.error(), "not an open directory");
  const os::Result<os::OpenFlags> flags = os::open_flags(directory);
  if (!flags.has_value()) return kernel_error(flags.error(), "not an open directory");
  if (status->type != os::FileType::Directory) {
    return core::error(core::ErrorCode::Malformed, "not a directory");
  }
  if (guest_name.empty()) {
    return core::error(core::ErrorCode::Malformed, "a directory needs a name for the guest");
  }
  FdEntry entry = preopened(std::move(guest_name), access == DirectoryAccess::ReadOnly);
  entry.kind = FileKind::Directory;
  entry.file = std::move(directory);
  if (flags->access == os::Access::PathOnly) entry.base = entry.base & allowed_by(flags->access);
  return entry;
}

FdEntry tree(std::shared_ptr<files::Tree> files, std::string guest_name) {
  FdEntry entry = preopened(std::move(guest_name), files->is_read_only());
  entry.kind = FileKind::TreeDirectory;
  entry.node = files->root();
  entry.tree = std::move(files);
  return entry;
}

}  // namespace merlon::wasi
