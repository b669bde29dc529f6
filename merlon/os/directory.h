#pragma once

// The entries of a directory, in the kernel's order, from any place the kernel has named before.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/os/file.h"

namespace merlon::os {

struct DirectoryEntry {
  std::uint64_t inode = 0;
  std::uint64_t next = 0;  ///< cookie of the entry behind this one
  FileType type = FileType::Unknown;
  std::string_view name;  ///< borrowed from the reader until its next call
};

/// Reads one open directory, many entries per system call. Cookie 0 is the start; all others come
/// from DirectoryEntry::next and stay valid as long as the directory is open, whatever is created
/// or removed (as telldir(3)). The descriptor's position belongs to the reader.
class DirectoryReader {
 public:
  /// The entry at `cookie`, or nothing at the end. Cookie 0 always asks the kernel anew.
  ///
  /// Errors: Inval (no cookie of this directory) · Notdir · Io (the kernel's answer is malformed).
  [[nodiscard]] Result<std::optional<DirectoryEntry>> at(BorrowedFd directory,
                                                         std::uint64_t cookie);

 private:
  [[nodiscard]] Result<void> refill(BorrowedFd directory, std::uint64_t cookie);
  [[nodiscard]] bool rewind_to(std::uint64_t cookie);
  [[nodiscard]] Result<DirectoryEntry> parse() const;
  [[nodiscard]] std::uint16_t record_size() const;

  alignas(8) std::array<std::uint8_t, 8192> buffer_{};
  std::size_t filled_ = 0;
  std::size_t offset_ = 0;          // of the record at cookie_
  std::uint64_t cookie_ = 0;        // of the record at offset_
  std::uint64_t first_cookie_ = 0;  // of the record at 0
  bool valid_ = false;
};

/// Names of what is in a directory, "." and ".." aside, in the order of their bytes.
///
/// Errors: those of open_directory() and of DirectoryReader::at().
[[nodiscard]] Result<std::vector<std::string>> names_in(BorrowedFd directory);
[[nodiscard]] Result<std::vector<std::string>> names_in(const std::string& path);

/// The same of files and links alone, without those that begin with a dot.
///
/// Errors: as above · Overflow (more than `most`).
[[nodiscard]] Result<std::vector<std::string>> visible_files_in(const std::string& path,
                                                                std::size_t most);

}  // namespace merlon::os
