#pragma once

// A file's bytes in memory without a copy.

#include <cstddef>

#include "merlon/core/bytes.h"
#include "merlon/os/fd.h"

namespace merlon::os {

/// Owns a read-only view of a whole file. For files of our own that nobody shortens meanwhile: the
/// kernel ends a process that reads what is no longer there.
class FileMapping {
 public:
  /// Errors: Fbig (more than `max_size` bytes) · Inval (an empty file) · those of the kernel.
  [[nodiscard]] static Result<FileMapping> create(BorrowedFd file, std::size_t max_size) noexcept;

  FileMapping(FileMapping&& other) noexcept
      : file_(std::move(other.file_)), bytes_(std::exchange(other.bytes_, {})) {}
  FileMapping& operator=(FileMapping&&) = delete;
  FileMapping(const FileMapping&) = delete;
  FileMapping& operator=(const FileMapping&) = delete;
  ~FileMapping();

  [[nodiscard]] core::ByteView bytes() const noexcept { return bytes_; }

  /// Puts a copy of `part` of bytes(), whole pages of the file, over the pages at `target`, which
  /// are a mapping of the caller's; nothing is read until it is used.
  ///
  /// Errors: Inval (not whole pages, not of this file, not of one size) · those of the kernel.
  [[nodiscard]] Result<void> copy_over(core::ByteView part, core::ByteSpan target) const noexcept;

 private:
  FileMapping(Fd file, core::ByteView bytes) noexcept : file_(std::move(file)), bytes_(bytes) {}

  Fd file_;
  core::ByteView bytes_;
};

}  // namespace merlon::os
