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

  FileMapping(FileMapping&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  FileMapping& operator=(FileMapping&&) = delete;
  FileMapping(const FileMapping&) = delete;
  FileMapping& operator=(const FileMapping&) = delete;
  ~FileMapping();

  [[nodiscard]] core::ByteView bytes() const noexcept { return bytes_; }

 private:
  explicit FileMapping(core::ByteView bytes) noexcept : bytes_(bytes) {}

  core::ByteView bytes_;
};

}  // namespace merlon::os
