// path_open.

#include "merlon/os/file.h"
#include "merlon/wasi/api.h"
#include "merlon/wasi/directory_of.h"
#include "merlon/wasi/preopen.h"
#include "merlon/wasi/rights.h"
#include "merlon/wasi/served_calls.h"
#include "merlon/wasi/wait.h"

namespace merlon::wasi::api {
namespace {

/// What the guest asks for, checked flag by flag.
struct Request {
  os::Follow follow = os::Follow::No;
  Oflags oflags;
  Rights base;
  Rights inheriting;
  Fdflags fdflags;

  [[nodiscard]] bool writes() const noexcept {
    return base.has_any(rights::writing) || oflags.has(oflags::trunc);
  }
};

Result<Request> checked_request(std::uint32_t dirflags, std::uint32_t oflag_bits,
                                std::uint64_t rights_base, std::uint64_t rights_inheriting,
                                std::uint32_t fdflag_bits) {
  Request request;
  request.follow = TRY(follow_of(dirflags));
  if ((oflag_bits & ~std::uint32_t{oflags::all.bits()}) != 0 ||
      (fdflag_bits & ~std::uint32_t{fdflags::all.bits()}) != 0) {
    return fail(Errno::Inval);
  }
  request.oflags = Oflags(static_cast<std::uint16_t>(oflag_bits));
  request.fdflags = Fdflags(static_cast<std::uint16_t>(fdflag_bits));
  request.base = Rights(rights_base) & rights::all;
  request.inheriting = Rights(rights_inheriting) & rights::all;
  // Linux before 6.4 would make a file of it.
  if (request.oflags.has(oflags::directory) &&
      request.oflags.has_any(oflags::creat | oflags::excl | oflags::trunc)) {
    return fail(Errno::Inval);
  }
  return request;
}

/// The rights that the directory must have. Those that it cannot hand down are no refusal but are
/// taken from the request, as in wasmtime: libraries ask for all they might ever need.
Result<void> apply_rights(const FdEntry& directory, Request& request) {
  Rights here = rights::path_open;
  if (request.oflags.has(oflags::creat)) here = here | rights::path_create_file;
  if (request.oflags.has(oflags::trunc)) here = here | rights::path_filestat_set_size;
  // What a read-only directory lacks is answered with Rofs where it matters, not here.
  if (directory.read_only) here = here.without(rights::changing | rights::path_create_file);
  if (!directory.base.has(here)) return fail(Errno::Notcapable);
  request.base = request.base & directory.inheriting;
  request.inheriting = request.inheriting & directory.inheriting;
  return {};
}

os::Access access_of(const Request& request) noexcept {
  const bool reads = request.base.has_any(rights::fd_read | rights::fd_readdir);
  if (!request.writes()) return os::Access::Read;
  return reads ? os::Access::ReadWrite : os::Access::Write;
}

os::OpenHow open_how(const Request& request) noexcept {
  return os::OpenHow{.access = access_of(request),
                     .follow = request.follow,
                     .create = request.oflags.has(oflags::creat),
                     .exclusive = request.oflags.has(oflags::excl),
                     .truncate = request.oflags.has(oflags::trunc),
                     .directory = request.oflags.has(oflags::directory),
                     .append = request.fdflags.has(fdflags::append),
                     .dsync = request.fdflags.has(fdflags::dsync),
                     .sync = request.fdflags.has_any(fdflags::sync | fdflags::rsync)};
}

/// As a read-only file system would: what exists can be opened for reading, all else is Rofs.
Result<os::Fd> open_read_only(Context& context, const FdEntry& directory, const os::Path& path,
                              const Request& request) {
  if (request.writes()) return fail(Errno::Rofs);
  os::OpenHow how = open_how(request);
  how.create = false;
  os::Result<os::Fd> opened = context.resolver().open(directory.file, path, how);
  if (!request.oflags.has(oflags::creat)) return from_os(std::move(opened));
  if (opened.has_value() && request.oflags.has(oflags::excl)) return fail(Errno::Exist);
  if (!opened.has_value() && opened.error() == os::Errno::Noent) return fail(Errno::Rofs);
  return from_os(std::move(opened));
}

Result<FdEntry> entry_of(os::Fd file, const FdEntry& directory, const Request& request) {
  const os::FileStatus status = TRY(from_os(os::status(file)));
  if (status.type == os::FileType::Socket) return fail(Errno::Nxio);  // as Linux has it
  FdEntry entry;
  entry.kind = kind_of(status.type);
  entry.filetype = filetype_of(status.type);
  entry.flags = request.fdflags;
  entry.read_only = directory.read_only;
  const bool is_terminal = status.type == os::FileType::CharacterDevice && os::is_terminal(file);
  // Rights that mean nothing for this type of file are not given, as the witx allows.
  entry.base = request.base & rights_of(entry.kind, status.type, is_terminal);
  if (entry.kind == FileKind::Directory) entry.inheriting = request.inheriting;
  if (entry.read_only) entry.base = entry.base.without(rights::changing);
  entry.never_waits = true;  // opened by us and for nobody else, with O_NONBLOCK
  entry.file = std::move(file);
  return entry;
}

/// What each holds was made for it alone, and is no memory that counts as the guest's.
Result<void> check_served(FdTable& files) {
  constexpr std::size_t most = 1024;
  if (files.end() < most) return {};
  std::size_t open = 0;
  files.for_each([&](const FdEntry& each) { open += each.kind == FileKind::Served ? 1U : 0U; });
  return open < most ? Result<void>() : fail(Errno::Mfile);
}

/// Of a read-only tree too: it says Rofs itself where something would change.
Result<FdEntry> open_in_tree(const FdEntry& directory, const os::Path& path,
                             const Request& request) {
  auto& start = static_cast<files::Directory&>(*directory.node);
  FdEntry entry;
  entry.node = TRY(from_os(directory.tree->open(start, path, open_how(request))));
  const os::FileType type = entry.node->type();
  const bool is_directory = type == os::FileType::Directory;
  entry.kind = is_directory ? FileKind::TreeDirectory : FileKind::TreeFile;
  entry.filetype = filetype_of(type);
  entry.flags = request.fdflags;
  entry.read_only = directory.read_only;
  entry.base = request.base & (is_directory ? rights::directory : rights::regular);
  if (is_directory) entry.inheriting = request.inheriting;
  if (entry.read_only) entry.base = entry.base.without(rights::changing);
  entry.tree = directory.tree;
  return entry;
}

}  // namespace

Result<void> path_open(Context& context, GuestMemory memory, FdNumber fd, std::uint32_t dirflags,
                       GuestAddress path, GuestSize path_len, std::uint32_t oflags,
                       std::uint64_t rights_base, std::uint64_t rights_inheriting,
                       std::uint32_t fdflags, GuestAddress opened_fd) {
  const FdEntry* served = TRY(context.files().get(fd));
  if (served->kind == FileKind::ServedDirectory) {
    const Request asked =
        TRY(checked_request(dirflags, oflags, rights_base, rights_inheriting, fdflags));
    const os::Path named = TRY(memory.path(path, path_len));
    TRY(memory.at(opened_fd, sizeof(FdNumber)));
    TRY(check_served(context.files()));
    FdEntry opened =
        TRY(open_served(*served, named.text(), asked.oflags, asked.base & served->inheriting));
    return memory.store(opened_fd, TRY(context.files().insert(std::move(opened))));
  }
  const FdEntry* directory = TRY(directory_of(context, fd, Rights()));
  Request request = TRY(checked_request(dirflags, oflags, rights_base, rights_inheriting, fdflags));
  TRY(apply_rights(*directory, request));
  const os::Path name = TRY(memory.path(path, path_len));
  TRY(memory.at(opened_fd, sizeof(FdNumber)));  // before a file is opened that nobody could close
  if (directory->tree) {
    FdEntry below = TRY(open_in_tree(*directory, name, request));
    return memory.store(opened_fd, TRY(context.files().insert(std::move(below))));
  }
  os::Fd file =
      directory->read_only
          ? TRY(open_read_only(context, *directory, name, request))
          : TRY(from_os(context.resolver().open(directory->file, name, open_how(request))));
  FdEntry entry = TRY(entry_of(std::move(file), *directory, request));
  return memory.store(opened_fd, TRY(context.files().insert(std::move(entry))));
}

}  // namespace merlon::wasi::api
