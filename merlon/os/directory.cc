#include "merlon/os/directory.h"

#include <algorithm>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "merlon/core/reader.h"
#include "merlon/os/file_status.h"
#include "merlon/os/open.h"
#include "merlon/os/path.h"

namespace merlon::os {
namespace {

// struct linux_dirent64: inode u64, next i64, record size u16, type u8, name with its NUL.
constexpr std::size_t record_header = 19;

FileType type_of_record(std::uint8_t type) noexcept {
  return type_of_mode(static_cast<::mode_t>(DTTOIF(type)));
}

/// Some file systems leave the type out.
FileType looked_up_type(BorrowedFd directory, const char* name) noexcept {
  struct ::stat found{};
  if (::fstatat(directory.number(), name, &found, AT_SYMLINK_NOFOLLOW) < 0) {
    return FileType::Unknown;
  }
  return type_of_mode(found.st_mode);
}

}  // namespace

std::uint16_t DirectoryReader::record_size() const {
  std::uint16_t size = 0;
  std::memcpy(&size, buffer_.data() + offset_ + 16, sizeof(size));
  return size;
}

/// The record at offset_, checked: under a hostile host the kernel's answer is foreign bytes too.
Result<DirectoryEntry> DirectoryReader::parse() const {
  const core::ByteView rest(buffer_.data() + offset_, filled_ - offset_);
  if (rest.size() <= record_header) return Errno::Io;
  const std::size_t size = record_size();
  if (size <= record_header || size > rest.size()) return Errno::Io;
  core::Reader reader(rest.first(size));
  DirectoryEntry entry;
  entry.inode = *reader.u64();
  entry.next = *reader.u64();
  if (!reader.skip(sizeof(std::uint16_t)).has_value()) return Errno::Io;
  entry.type = type_of_record(*reader.u8());
  const std::string_view name = core::as_text(*reader.bytes(reader.remaining()));
  const std::size_t end = name.find('\0');
  if (end == std::string_view::npos || !is_entry_name(name.substr(0, end))) return Errno::Io;
  entry.name = name.substr(0, end);
  return entry;
}

Result<void> DirectoryReader::refill(BorrowedFd directory, std::uint64_t cookie) {
  // Reading on needs no seek: the kernel's position is right behind the buffer.
  const bool reads_on = valid_ && cookie != 0 && offset_ == filled_ && cookie == cookie_;
  valid_ = false;
  if (!reads_on) TRY(seek(directory, static_cast<std::int64_t>(cookie), Whence::Set));
  const ::ssize_t size = ::getdents64(directory.number(), buffer_.data(), buffer_.size());
  if (size < 0) return last_errno();
  if (static_cast<std::size_t>(size) > buffer_.size()) return Errno::Io;
  filled_ = static_cast<std::size_t>(size);
  offset_ = 0;
  cookie_ = first_cookie_ = cookie;
  valid_ = true;
  return {};
}

/// True when the record at `cookie` is in the buffer; it is then the one at offset_.
bool DirectoryReader::rewind_to(std::uint64_t cookie) {
  if (!valid_ || cookie == 0) return false;
  offset_ = 0;
  cookie_ = first_cookie_;
  while (offset_ < filled_ && cookie_ != cookie) {
    const Result<DirectoryEntry> entry = parse();
    if (!entry.has_value()) return false;
    cookie_ = entry->next;
    offset_ += record_size();
  }
  return offset_ < filled_;
}

Result<std::optional<DirectoryEntry>> DirectoryReader::at(BorrowedFd directory,
                                                          std::uint64_t cookie) {
  const bool here = valid_ && cookie != 0 && cookie == cookie_ && offset_ < filled_;
  if (!here && !rewind_to(cookie)) TRY(refill(directory, cookie));
  if (filled_ == 0) return std::optional<DirectoryEntry>{};
  DirectoryEntry entry = TRY(parse());
  offset_ += record_size();
  cookie_ = entry.next;
  if (entry.type == FileType::Unknown) {
    entry.type = looked_up_type(directory, entry.name.data());  // NUL-terminated in the buffer
  }
  return std::optional<DirectoryEntry>(entry);
}

namespace {

/// Of the entries that `is_wanted`, at most `most`.
template <typename Wanted>
Result<std::vector<std::string>> sorted_names(BorrowedFd directory, std::size_t most,
                                              Wanted is_wanted) {
  std::vector<std::string> names;
  DirectoryReader reader;
  for (std::uint64_t cookie = 0;;) {
    const auto entry = TRY(reader.at(directory, cookie));
    if (!entry) break;
    cookie = entry->next;
    if (entry->name == "." || entry->name == ".." || !is_wanted(*entry)) continue;
    if (names.size() == most) return Errno::Overflow;
    names.emplace_back(entry->name);
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

Result<std::vector<std::string>> names_in(BorrowedFd directory) {
  constexpr std::size_t all = SIZE_MAX;
  return sorted_names(directory, all, [](const DirectoryEntry&) { return true; });
}

Result<std::vector<std::string>> names_in(const std::string& path) {
  const Fd directory = TRY(open_directory(path));
  return names_in(directory);
}

Result<std::vector<std::string>> visible_files_in(const std::string& path, std::size_t most) {
  const Fd directory = TRY(open_directory(path));
  return sorted_names(directory, most, [](const DirectoryEntry& entry) {
    const bool is_file = entry.type == FileType::Regular || entry.type == FileType::Symlink ||
                         entry.type == FileType::Unknown;
    return is_file && !entry.name.starts_with('.');
  });
}

}  // namespace merlon::os
