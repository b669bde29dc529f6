#pragma once

// A tree of files as bytes: how a package's directories travel to a keep.
//
//   offset  size
//        0     8  magic "MRLNTREE"
//        8     4  version, 1
//       12     4  count of entries, at most max_archive_entries
//       16        the entries, each
//                   u8 kind · u64 time of its last change, nanoseconds since 1970 · u16 size of the
//                   path · the path
//                   kind 1, directory: nothing more
//                   kind 2, file: u64 size · its bytes
//                   kind 3, symbolic link: u16 size · what it says
//
// Integers are little-endian. A path is relative, of names of 1 to 255 bytes with a "/" between
// them, none of them "." or "..". Each name comes behind the directory that it is in, and within
// one directory the names rise bytewise, what is below a name directly behind it; so there is one
// encoding of each tree.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"
#include "merlon/files/content.h"

namespace merlon::files {

inline constexpr std::size_t max_archive_size = std::size_t{256} << 20U;
inline constexpr std::size_t max_archive_entries = std::size_t{1} << 17U;
inline constexpr std::size_t max_name_size = 255;

struct ArchiveEntry {
  enum class Kind : std::uint8_t { Directory = 1, File = 2, Link = 3 };
  Kind kind = Kind::Directory;
  std::uint64_t modified = 0;
  std::string_view path;  ///< within the archive's bytes
  core::ByteView bytes;   ///< of a file; or what a link says
};

/// Whether paths come in the one order.
class ArchiveOrder {
 public:
  /// Malformed: no path, or not behind the last one, or in no directory.
  [[nodiscard]] core::Result<void> add(std::string_view path, ArchiveEntry::Kind kind);

 private:
  std::string last_;
  bool last_is_directory_ = true;
};

class Archive {
 public:
  /// Attacker-controlled; work and memory are bounded by the size of `bytes`.
  /// Errors: Malformed · Unsupported (version) · Exhausted.
  [[nodiscard]] static core::Result<Archive> read(SharedBytes bytes);

  [[nodiscard]] const SharedBytes& bytes() const noexcept { return bytes_; }
  [[nodiscard]] const std::vector<ArchiveEntry>& entries() const noexcept { return entries_; }

 private:
  explicit Archive(SharedBytes bytes) noexcept : bytes_(std::move(bytes)) {}

  SharedBytes bytes_;
  std::vector<ArchiveEntry> entries_;
};

/// Makes one. Entries are added in the order that the format asks for.
class ArchiveWriter {
 public:
  ArchiveWriter();

  /// Errors: Malformed (a path, its order, a link) · Exhausted (then nothing more can be added).
  [[nodiscard]] core::Result<void> add(const ArchiveEntry& entry);
  /// The archive. Nothing can be added afterwards.
  [[nodiscard]] std::vector<std::uint8_t> take();

 private:
  std::vector<std::uint8_t> bytes_;
  std::uint32_t count_ = 0;
  ArchiveOrder order_;
};

}  // namespace merlon::files
