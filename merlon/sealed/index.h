#pragma once

// A volume's one index: all names, times and sizes, and which objects hold which bytes. Whoever has
// it has one whole state of the volume.
//
//   offset  size
//        0     8  generation
//        8     4  count of entries, 1 to max_entries; the first is the root directory
//       12     4  zero
//       16        the entries, each
//                   u8 kind · u8 size of the name · u16 zero · u32 parent: number of an entry
//                   before it, a directory; of the root 0 · u64 accessed · u64 modified ·
//                   u64 changed, nanoseconds since 1970 · the name; of the root none
//                   kind 1, directory: nothing more
//                   kind 2, file: u64 size · for each piece_size bytes: object (16) · SHA-256 of
//                   the
//                           bytes (32); both zero: these bytes are zeros
//                   kind 3, symbolic link: u16 size · what it says
//                   kind 4, a further name: u32 number of an entry before it, a file or link
//
// Integers are little-endian. It is sealed by the volume's key, so whoever could write another one
// is no stranger; it is read as strictly all the same.

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "merlon/sealed/object.h"

namespace merlon::sealed {

inline constexpr std::size_t max_entries = std::size_t{1} << 17U;
inline constexpr std::size_t max_index_size = std::size_t{32} << 20U;
/// Of all files together.
inline constexpr std::uint64_t max_volume_size = std::uint64_t{4} << 30U;
inline constexpr std::size_t max_link_size = 4095;

/// Nanoseconds since 1970.
struct Times {
  std::uint64_t accessed = 0;
  std::uint64_t modified = 0;
  std::uint64_t changed = 0;
  bool operator==(const Times&) const = default;
};

struct Entry {
  enum class Kind : std::uint8_t { Directory = 1, File = 2, Link = 3, Name = 4 };
  Kind kind = Kind::Directory;
  std::uint32_t parent = 0;
  std::string name;
  Times times{};
  std::uint64_t size = 0;  ///< of a file
  std::string target{};    ///< of a link: what it says
  std::uint32_t of = 0;    ///< of a further name: the entry that it is another name of
};

struct Piece {
  ObjectId object;  ///< zero: the piece's bytes are zeros
  crypto::Sha256Digest digest;
  bool operator==(const Piece&) const = default;
};
using Pieces = std::vector<Piece>;

[[nodiscard]] constexpr std::uint64_t pieces_of(std::uint64_t size) noexcept {
  return (size + piece_size - 1) / piece_size;
}

struct Index {
  std::uint64_t generation = 0;
  std::vector<Entry> entries;
  std::vector<Pieces> pieces;  ///< of each entry; empty for what is no file

  /// Exhausted: more entries or bytes than an index has, or a volume. Malformed: what no reader
  /// would accept.
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> bytes() const;
  /// Work and memory are bounded by the size of `bytes`. Malformed · Exhausted, as above.
  [[nodiscard]] static core::Result<Index> parse(core::ByteView bytes);
};

}  // namespace merlon::sealed
