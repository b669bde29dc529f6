#include "merlon/files/archive.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "merlon/base/byte_writer.h"
#include "merlon/core/reader.h"
#include "merlon/os/path.h"

namespace merlon::files {

using core::ByteView;
using core::ErrorCode;
using core::Reader;
using core::Result;
using Kind = ArchiveEntry::Kind;

namespace {

constexpr std::string_view magic = "MRLNTREE";
constexpr std::uint32_t version = 1;

bool is_name(std::string_view name) noexcept {
  return os::is_entry_name(name) && name.size() <= max_name_size && name != "." && name != "..";
}

bool is_path(std::string_view path) noexcept {
  if (path.empty() || path.size() > os::max_path_size) return false;
  for (;;) {
    const std::size_t slash = path.find('/');
    if (!is_name(path.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

/// Name by name: the "/" between them is less than any byte of a name.
bool is_before(std::string_view one, std::string_view other) noexcept {
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c); };
  return std::ranges::lexicographical_compare(one, other, {}, rank, rank);
}

std::string_view parent_of(std::string_view path) noexcept {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

bool is_above(std::string_view directory, std::string_view path) noexcept {
  return path.size() > directory.size() && path.starts_with(directory) &&
         path[directory.size()] == '/';
}

Result<ArchiveEntry> read_entry(Reader& in) {
  ArchiveEntry entry;
  const std::uint8_t kind = TRY(in.u8());
  if (kind < static_cast<std::uint8_t>(Kind::Directory) ||
      kind > static_cast<std::uint8_t>(Kind::Link)) {
    return core::error(ErrorCode::Malformed, "unknown kind of entry in an archive", in.offset());
  }
  entry.kind = static_cast<Kind>(kind);
  entry.modified = TRY(in.u64());
  const std::uint16_t path_size = TRY(in.u16());
  entry.path = core::as_text(TRY(in.bytes(path_size)));
  if (entry.kind == Kind::Directory) return entry;
  const std::uint64_t size = entry.kind == Kind::File ? TRY(in.u64()) : TRY(in.u16());
  if (size > in.remaining()) {
    return core::error(ErrorCode::Malformed, "an archive ends early", in.offset());
  }
  entry.bytes = TRY(in.bytes(size));
  return entry;
}

/// What no entry's place in the order shows.
Result<void> check(const ArchiveEntry& entry) {
  if (entry.kind == Kind::Directory && !entry.bytes.empty()) {
    return core::error(ErrorCode::Malformed, "a directory has no bytes");
  }
  if (entry.kind != Kind::Link) return {};
  const std::string_view target = core::as_text(entry.bytes);
  if (os::is_link_text(target) && target.size() <= os::max_path_size) return {};
  return core::error(ErrorCode::Malformed, "a link of an archive says nothing that a link can say");
}

}  // namespace

Result<void> ArchiveOrder::add(std::string_view path, Kind kind) {
  if (!is_path(path)) return core::error(ErrorCode::Malformed, "no path of an archive");
  if (!last_.empty() && !is_before(last_, path)) {
    return core::error(ErrorCode::Malformed, "entries of an archive in another order");
  }
  const std::string_view parent = parent_of(path);
  const bool within =
      parent.empty() || is_above(parent, last_) || (parent == last_ && last_is_directory_);
  if (!within) return core::error(ErrorCode::Malformed, "an entry of an archive in no directory");
  last_ = path;
  last_is_directory_ = kind == Kind::Directory;
  return {};
}

Result<Archive> Archive::read(SharedBytes bytes) {
  if (bytes->size() > max_archive_size) {
    return core::error(ErrorCode::Exhausted, "an archive is too large", bytes->size());
  }
  Reader in(*bytes);
  if (core::as_text(TRY(in.bytes(magic.size()))) != magic) {
    return core::error(ErrorCode::Malformed, "not an archive of files");
  }
  const std::uint32_t found = TRY(in.u32());
  if (found != version) {
    return core::error(ErrorCode::Unsupported, "an archive of another version", found);
  }
  const std::uint32_t count = TRY(in.u32());
  constexpr std::size_t least = 12;  // of an entry
  if (count > max_archive_entries || count > in.remaining() / least) {
    return core::error(ErrorCode::Exhausted, "an archive of too many entries", count);
  }
  Archive archive(std::move(bytes));
  archive.entries_.reserve(count);
  ArchiveOrder order;
  for (std::uint32_t i = 0; i < count; ++i) {
    const ArchiveEntry entry = TRY(read_entry(in));
    TRY(order.add(entry.path, entry.kind));
    TRY(check(entry));
    archive.entries_.push_back(entry);
  }
  if (!in.at_end()) return core::error(ErrorCode::Malformed, "bytes behind an archive");
  return archive;
}

ArchiveWriter::ArchiveWriter() {
  base::ByteWriter out;
  out.text(magic);
  out.u32(version);
  out.u32(0);
  bytes_ = out.take();
}

Result<void> ArchiveWriter::add(const ArchiveEntry& entry) {
  TRY(order_.add(entry.path, entry.kind));
  TRY(check(entry));
  constexpr std::size_t most_around = 32;
  const std::size_t more = most_around + entry.path.size() + entry.bytes.size();
  if (count_ == max_archive_entries || more > max_archive_size - bytes_.size()) {
    return core::error(ErrorCode::Exhausted, "an archive is too large");
  }
  base::ByteWriter out;
  out.u8(static_cast<std::uint8_t>(entry.kind));
  out.u64(entry.modified);
  out.u16(static_cast<std::uint16_t>(entry.path.size()));
  out.text(entry.path);
  if (entry.kind == Kind::File) out.u64(entry.bytes.size());
  if (entry.kind == Kind::Link) out.u16(static_cast<std::uint16_t>(entry.bytes.size()));
  const std::vector<std::uint8_t> head = out.take();
  bytes_.insert(bytes_.end(), head.begin(), head.end());
  bytes_.insert(bytes_.end(), entry.bytes.begin(), entry.bytes.end());
  ++count_;
  return {};
}

std::vector<std::uint8_t> ArchiveWriter::take() {
  base::ByteWriter count;
  count.u32(count_);
  constexpr std::size_t count_offset = 12;
  std::ranges::copy(count.take(), bytes_.begin() + count_offset);
  return std::exchange(bytes_, {});
}

}  // namespace merlon::files
