// fd_readdir, fd_prestat_get, fd_prestat_dir_name.

#include <algorithm>
#include <array>

#include "merlon/wasi/api.h"
#include "merlon/wasi/preopen.h"
#include "merlon/wasi/rights.h"
#include "merlon/wasi/served_calls.h"

namespace merlon::wasi::api {
namespace {

/// Where C libraries start to look for preopened directories.
constexpr FdNumber first_searched = 3;

/// As much of `from` as fits; `into` becomes what is left.
void append(core::ByteSpan& into, core::ByteView from) {
  const std::size_t size = std::min(into.size(), from.size());
  std::copy_n(from.begin(), size, into.begin());
  into = into.subspan(size);
}

void append_dirent(core::ByteSpan& into, std::string_view name, std::uint64_t inode, Filetype type,
                   DirCookie next) {
  using D = layout::Dirent;
  std::array<std::uint8_t, D::size> record{};
  GuestMemory::write(record, D::next, next);
  GuestMemory::write(record, D::ino, inode);
  GuestMemory::write(record, D::namlen, static_cast<std::uint32_t>(name.size()));
  GuestMemory::write(record, D::type, static_cast<std::uint8_t>(type));
  append(into, record);
  append(into, core::as_bytes(name));
}

}  // namespace

/// Cookies stand for the file system's own positions, so they stay valid while entries come and go.
Result<void> fd_readdir(Context& context, GuestMemory memory, FdNumber fd, GuestAddress buf,
                        GuestSize buf_len, DirCookie cookie, GuestAddress bufused) {
  FdEntry* entry = TRY(context.files().get(fd));
  if (!entry->is_directory()) return fail(Errno::Notdir);
  if (!entry->base.has(rights::fd_readdir)) return fail(Errno::Notcapable);
  core::ByteSpan rest = TRY(memory.at(buf, buf_len));
  if (entry->kind == FileKind::ServedDirectory) {
    while (!rest.empty()) {
      const auto found = served_dirent(*entry, cookie);
      if (!found) break;
      append_dirent(rest, found->name, found->inode, found->type, ++cookie);
    }
    return memory.store(bufused, static_cast<GuestSize>(buf_len - rest.size()));
  }
  if (entry->kind == FileKind::TreeDirectory) {
    const auto& listed = static_cast<const files::Directory&>(*entry->node);
    while (!rest.empty()) {
      const auto found = listed.at(cookie);
      if (!found) break;
      cookie = found->next;
      append_dirent(rest, found->name, found->inode, filetype_of(found->type), cookie);
    }
    return memory.store(bufused, static_cast<GuestSize>(buf_len - rest.size()));
  }
  if (!entry->listing) {
    entry->listing = std::make_unique<DirectoryListing>(context.cookie_budget());
  }
  std::unique_ptr<os::DirectoryReader> passing;
  os::DirectoryReader& reader = entry->listing->reader(passing);
  DirectoryCookies& cookies = entry->listing->cookies;
  while (!rest.empty()) {
    const std::uint64_t place = TRY(cookies.place_of(cookie));
    const auto found = TRY(from_os(reader.at(entry->file, place)));
    if (!found.has_value()) break;
    cookie = cookies.behind(cookie, found->next);
    append_dirent(rest, found->name, found->inode, filetype_of(found->type), cookie);
  }
  return memory.store(bufused, static_cast<GuestSize>(buf_len - rest.size()));
}

/// C libraries look for preopened directories from 3 upwards until the first Badf. So that they
/// find those behind a socket, other files from 3 on that come before a preopened directory answer
/// with a tag of their own, which libraries skip.
Result<void> fd_prestat_get(Context& context, GuestMemory memory, FdNumber fd,
                            GuestAddress prestat) {
  const FdEntry* entry = TRY(context.files().get(fd));
  const bool is_directory = entry->preopened_as.has_value();
  const bool is_passed = fd >= first_searched && context.files().has_preopened_above(fd);
  if (!is_directory && !is_passed) return fail(Errno::Badf);
  using P = layout::Prestat;
  const core::ByteSpan record = TRY(memory.at(prestat, P::size));
  GuestMemory::write(record, P::tag, is_directory ? preopentype_dir : preopentype_other);
  const std::size_t size = is_directory ? entry->preopened_as->size() : 0;
  GuestMemory::write(record, P::name_len, static_cast<GuestSize>(size));
  return {};
}

Result<void> fd_prestat_dir_name(Context& context, GuestMemory memory, FdNumber fd,
                                 GuestAddress path, GuestSize path_len) {
  const FdEntry* entry = TRY(context.files().get(fd));
  if (!entry->preopened_as.has_value()) return fail(Errno::Badf);
  const core::ByteView name = core::as_bytes(*entry->preopened_as);
  if (path_len < name.size()) return fail(Errno::Nametoolong);
  core::ByteSpan into = TRY(memory.at(path, name.size()));
  append(into, name);
  return {};
}

}  // namespace merlon::wasi::api
