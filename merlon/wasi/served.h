#pragma once

// A directory that no kernel has: whoever starts the guest makes its files himself, when they are
// opened. The guest finds it as any other preopened directory; nothing in it can be changed, made
// or removed by the guest.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "merlon/core/bytes.h"
#include "merlon/wasi/failure.h"

namespace merlon::wasi {

/// As one descriptor of the guest has it open.
class ServedFile {
 public:
  virtual ~ServedFile() = default;

  /// All of it as it is now; good until the next call.
  [[nodiscard]] virtual Result<core::ByteView> content() = 0;
  /// Takes all of `bytes` for what the file makes of it, and the descriptor is at the file's start
  /// again. Rofs for a file that is only read.
  [[nodiscard]] virtual Result<void> take(core::ByteView bytes);
  /// In one write; more is Fbig.
  [[nodiscard]] virtual std::size_t most_taken() const noexcept { return 4096; }
};

struct ServedName {
  std::string_view name;
  bool takes = false;  ///< may be written, which is how it is asked
  bool directory = false;
};

class ServedDirectory {
 public:
  virtual ~ServedDirectory() = default;

  /// As they are now, always in the same order; good until the next call.
  [[nodiscard]] virtual std::span<const ServedName> names() = 0;
  /// The file of the name at `index`, as names() was last.
  [[nodiscard]] virtual Result<std::unique_ptr<ServedFile>> open(std::size_t index) = 0;
  /// The directory of the name at `index`, as names() was last. It outlives this one if need be.
  [[nodiscard]] virtual Result<std::shared_ptr<ServedDirectory>> enter(std::size_t index);
  /// Its own; those of its files come behind it. Programs that walk a tree take a number that they
  /// have seen for a circle.
  [[nodiscard]] virtual std::uint64_t inode() const noexcept { return 1; }
};

}  // namespace merlon::wasi
