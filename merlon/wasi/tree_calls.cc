#include "merlon/wasi/tree_calls.h"

#include <limits>

namespace merlon::wasi::tree_calls {

using os::Errno;

namespace {

files::File& file_of(const FdEntry& entry) noexcept {
  return static_cast<files::File&>(*entry.node);
}

/// Asked for when it was opened, or since.
os::Result<void> keep_if_asked(const FdEntry& entry) {
  if (!entry.flags.has_any(fdflags::dsync | fdflags::sync)) return {};
  return entry.tree->keep();
}

}  // namespace

std::size_t read(FdEntry& entry, os::IoVectors into) {
  const std::size_t size = read_at(entry, into, entry.position);
  entry.position += size;
  return size;
}

std::size_t read_at(const FdEntry& entry, os::IoVectors into, std::uint64_t offset) {
  return file_of(entry).content().read(offset, into);
}

os::Result<std::size_t> write(FdEntry& entry, os::IoVectors from) {
  if (entry.flags.has(fdflags::append)) entry.position = file_of(entry).size();
  const std::size_t size = TRY(entry.tree->write(file_of(entry), entry.position, from));
  entry.position += size;
  TRY(keep_if_asked(entry));
  return size;
}

os::Result<std::size_t> write_at(FdEntry& entry, os::IoVectors from, std::uint64_t offset) {
  if (offset > files::Content::max_size) return Errno::Inval;
  const bool appends = entry.flags.has(fdflags::append);
  const std::uint64_t at = appends ? file_of(entry).size() : offset;
  const std::size_t size = TRY(entry.tree->write(file_of(entry), at, from));
  TRY(keep_if_asked(entry));
  return size;
}

os::Result<std::uint64_t> seek(FdEntry& entry, std::int64_t offset, os::Whence whence) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  std::uint64_t from = 0;
  if (whence == os::Whence::Current) from = entry.position;
  if (whence == os::Whence::End) from = file_of(entry).size();
  const auto start = static_cast<std::int64_t>(from);  // positions are at most `most`
  if (offset < -start || offset > most - start) return Errno::Inval;
  entry.position = static_cast<std::uint64_t>(start + offset);
  return entry.position;
}

std::uint64_t bytes_left(const FdEntry& entry) noexcept {
  const std::uint64_t size = file_of(entry).size();
  return size > entry.position ? size - entry.position : 0;
}

os::Result<void> allocate(const FdEntry& entry, std::uint64_t offset, std::uint64_t size) {
  return entry.tree->allocate(file_of(entry), offset, size);
}

os::Result<void> resize(const FdEntry& entry, std::uint64_t size) {
  return entry.tree->resize(file_of(entry), size);
}

os::Result<void> keep(const FdEntry& entry) { return entry.tree->keep(); }

os::FileStatus status(const FdEntry& entry) noexcept { return entry.tree->status(*entry.node); }

os::Result<void> set_times(const FdEntry& entry, os::TimeChanges changes) {
  return entry.tree->set_times(*entry.node, changes);
}

}  // namespace merlon::wasi::tree_calls
