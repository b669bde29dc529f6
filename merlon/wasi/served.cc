#include "merlon/wasi/served.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include <string.h>  // explicit_bzero

#include "merlon/wasi/preopen.h"
#include "merlon/wasi/rights.h"
#include "merlon/wasi/served_calls.h"

namespace merlon::wasi {

namespace {

constexpr Rights file_rights = rights::fd_read | rights::fd_seek | rights::fd_tell |
                               rights::fd_filestat_get | rights::poll_fd_readwrite;
constexpr Rights directory_rights =
    rights::path_open | rights::fd_readdir | rights::path_filestat_get | rights::fd_filestat_get;
/// What a path names: a directory, or one of its files.
struct Found {
  std::shared_ptr<ServedDirectory> directory;
  std::optional<std::size_t> file{};
};

/// Goes one name further down.
Result<void> step(std::vector<std::shared_ptr<ServedDirectory>>& way,
                  std::optional<std::size_t>& file, std::string_view part) {
  if (file) return fail(Errno::Notdir);
  if (part.empty() || part == ".") return {};
  if (part == "..") {
    if (way.size() == 1) return fail(Errno::Notcapable);
    way.pop_back();
    return {};
  }
  const auto names = way.back()->names();
  const auto at = std::ranges::find(names, part, &ServedName::name);
  if (at == names.end()) return fail(Errno::Noent);
  const auto index = static_cast<std::size_t>(at - names.begin());
  if (at->directory) {
    way.push_back(TRY(way.back()->enter(index)));
  } else {
    file = index;
  }
  return {};
}

/// What leads out is Notcapable, as everywhere.
Result<Found> find(std::shared_ptr<ServedDirectory> directory, std::string_view path) {
  if (path.starts_with('/')) return fail(Errno::Notcapable);
  std::vector<std::shared_ptr<ServedDirectory>> way{std::move(directory)};
  std::optional<std::size_t> file;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    TRY(step(way, file, path.substr(0, slash)));
    if (file && slash != std::string_view::npos) return fail(Errno::Notdir);  // "name/"
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return Found{std::move(way.back()), file};
}

std::uint64_t inode_of(const ServedDirectory& directory, std::size_t index) noexcept {
  return directory.inode() + 1 + index;
}

Filestat filestat_of_directory(const ServedDirectory& directory) {
  Filestat filestat;
  filestat.type = Filetype::Directory;
  filestat.status.links = 1;
  filestat.status.inode = directory.inode();
  return filestat;
}

Result<Filestat> filestat_of_file(ServedFile& file, std::uint64_t inode) {
  Filestat filestat;
  filestat.type = Filetype::RegularFile;
  filestat.status.links = 1;
  filestat.status.inode = inode;
  filestat.status.size = TRY(file.content()).size();
  return filestat;
}

}  // namespace

Result<void> ServedFile::take(core::ByteView /*bytes*/) { return fail(Errno::Rofs); }

Result<std::shared_ptr<ServedDirectory>> ServedDirectory::enter(std::size_t /*index*/) {
  return fail(Errno::Notdir);
}

FdEntry served_directory(std::shared_ptr<ServedDirectory> directory, std::string guest_name) {
  FdEntry entry;
  entry.kind = FileKind::ServedDirectory;
  entry.filetype = Filetype::Directory;
  entry.read_only = true;
  entry.base = directory_rights;
  entry.inheriting = directory_rights | file_rights | rights::fd_write;
  entry.served_directory = std::move(directory);
  if (!guest_name.empty()) entry.preopened_as = std::move(guest_name);
  return entry;
}

Result<FdEntry> open_served(const FdEntry& directory, std::string_view path, Oflags oflags,
                            Rights wanted) {
  if (!directory.base.has(rights::path_open)) return fail(Errno::Notcapable);
  const auto found = find(directory.served_directory, path);
  const bool makes = oflags.has(oflags::creat);
  if (!found) {
    return makes && found.error() == fail(Errno::Noent) ? Result<FdEntry>(fail(Errno::Rofs))
                                                        : found.error();
  }
  if (makes && oflags.has(oflags::excl)) return fail(Errno::Exist);
  if (!found->file) {
    if (wanted.has_any(rights::writing) || oflags.has(oflags::trunc)) return fail(Errno::Isdir);
    FdEntry entry = served_directory(found->directory, "");
    entry.base = entry.base & wanted;
    return entry;
  }
  ServedDirectory& holder = *found->directory;
  const ServedName name = holder.names()[*found->file];
  if (oflags.has(oflags::directory)) return fail(Errno::Notdir);
  // Programs open what they write with truncation, which changes nothing here.
  const bool writes = wanted.has(rights::fd_write) || oflags.has(oflags::trunc);
  if (writes && !name.takes) return fail(Errno::Rofs);
  FdEntry entry;
  entry.kind = FileKind::Served;
  entry.filetype = Filetype::RegularFile;
  entry.read_only = true;
  entry.base = wanted & (name.takes ? file_rights | rights::fd_write : file_rights);
  entry.served = TRY(holder.open(*found->file));
  entry.served_inode = inode_of(holder, *found->file);
  return entry;
}

Result<Filestat> served_filestat(const FdEntry& entry) {
  return entry.kind == FileKind::ServedDirectory
             ? Result<Filestat>(filestat_of_directory(*entry.served_directory))
             : filestat_of_file(*entry.served, entry.served_inode);
}

Result<Filestat> served_filestat_below(const FdEntry& directory, std::string_view path) {
  const Found found = TRY(find(directory.served_directory, path));
  if (!found.file) return filestat_of_directory(*found.directory);
  const auto file = TRY(found.directory->open(*found.file));
  return filestat_of_file(*file, inode_of(*found.directory, *found.file));
}

Result<std::size_t> read_served(FdEntry& entry, std::uint64_t offset, os::IoVectors into) {
  core::ByteView content = TRY(entry.served->content());
  content = content.subspan(std::min<std::uint64_t>(offset, content.size()));
  std::size_t read = 0;
  for (const ::iovec& buffer : into) {
    const std::size_t size = std::min(buffer.iov_len, content.size());
    std::copy_n(content.begin(), size, static_cast<std::uint8_t*>(buffer.iov_base));
    content = content.subspan(size);
    read += size;
  }
  return read;
}

Result<std::size_t> write_served(FdEntry& entry, os::IoVectors from) {
  std::size_t size = 0;
  for (const ::iovec& buffer : from) {
    if (buffer.iov_len > entry.served->most_taken() - size) return fail(Errno::Fbig);
    size += buffer.iov_len;
  }
  // What is said may be secret: one piece is not copied, and copies are overwritten.
  std::vector<std::uint8_t> whole;
  core::ByteView said;
  if (from.size() == 1) {
    said = {static_cast<const std::uint8_t*>(from[0].iov_base), size};
  } else {
    whole.reserve(size);
    for (const ::iovec& buffer : from) {
      const auto* const data = static_cast<const std::uint8_t*>(buffer.iov_base);
      whole.insert(whole.end(), data, data + buffer.iov_len);
    }
    said = whole;
  }
  const auto taken = entry.served->take(said);
  if (!whole.empty()) ::explicit_bzero(whole.data(), whole.size());
  if (!taken) return taken.error();
  entry.position = 0;
  return size;
}

Result<std::uint64_t> seek_served(FdEntry& entry, std::int64_t offset, os::Whence whence) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  std::uint64_t from = 0;
  if (whence == os::Whence::Current) from = entry.position;
  if (whence == os::Whence::End) from = TRY(entry.served->content()).size();
  const auto start = static_cast<std::int64_t>(from);  // positions are at most `most`
  if (offset < -start || offset > most - start) return fail(Errno::Inval);
  entry.position = static_cast<std::uint64_t>(start + offset);
  return entry.position;
}

std::uint64_t served_bytes_left(FdEntry& entry) {
  const auto content = entry.served->content();
  if (!content || content->size() <= entry.position) return 0;
  return content->size() - entry.position;
}

std::optional<ServedDirent> served_dirent(const FdEntry& directory, DirCookie cookie) {
  constexpr std::array<std::string_view, 2> first{".", ".."};
  ServedDirectory& listed = *directory.served_directory;
  if (cookie < first.size()) {
    return ServedDirent{first[cookie], listed.inode(), Filetype::Directory};
  }
  const std::uint64_t index = cookie - first.size();
  const auto names = listed.names();
  if (index >= names.size()) return std::nullopt;
  const ServedName name = names[index];
  if (!name.directory) {
    return ServedDirent{name.name, inode_of(listed, index), Filetype::RegularFile};
  }
  const auto below = listed.enter(index);
  return ServedDirent{name.name, below ? (*below)->inode() : 0, Filetype::Directory};
}

}  // namespace merlon::wasi
