#pragma once

// The files of an image: archives of tar [POSIX-PAX; OCI-IMAGE 1.1.1 layer.md], each laid over
// those before it. Attacker-controlled; work and memory are bounded by what comes and by the limits
// of a keep's files. Pure.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/files/archive.h"
#include "merlon/oci/manifest.h"

namespace merlon::oci {

/// Behind a directory stands what is in it, as an archive wants it.
struct PathLess {
  using is_transparent = void;
  [[nodiscard]] bool operator()(std::string_view one, std::string_view other) const noexcept;
};

class FileSystem {
 public:
  /// Puts a file there, with the directories above it. Refused: something else is there.
  [[nodiscard]] Read<void> add(std::string_view path, std::vector<std::uint8_t> bytes);
  /// Lays an archive of tar over what is there: a file takes the place of one, ".wh.NAME" takes
  /// NAME away. Refused by name: links and devices, names that no package has.
  [[nodiscard]] Read<void> apply(core::ByteView tar);

  /// Makes the file at `path` main.wasm. False if there is none.
  [[nodiscard]] bool make_main(std::string_view path);
  [[nodiscard]] bool has_file(std::string_view path) const;
  [[nodiscard]] Read<files::Archive> archive() const;
  /// How many bytes may still be added.
  [[nodiscard]] std::uint64_t room() const noexcept { return max_content - bytes_; }

 private:
  struct Entry {
    bool is_directory = false;
    std::vector<std::uint8_t> bytes{};
  };
  friend class TarReader;
  [[nodiscard]] Read<void> add_directory(std::string_view path);
  void remove(std::string_view path, bool only_below);

  std::map<std::string, Entry, PathLess> entries_;
  std::uint64_t bytes_ = 0;
};

}  // namespace merlon::oci
