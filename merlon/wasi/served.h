#pragma once

// A directory that no kernel has: whoever starts the guest makes its files himself, when they are
// opened. The guest finds it as any other preopened directory; nothing in it can be changed, made
// or removed, and it has no directories below it.

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
};

struct ServedName {
  std::string_view name;
  bool takes = false;  ///< may be written, which is how it is asked
};

class ServedDirectory {
 public:
  virtual ~ServedDirectory() = default;

  /// In a fixed order; the same for the life of this object.
  [[nodiscard]] virtual std::span<const ServedName> names() const noexcept = 0;
  /// The file of the name at `index`.
  [[nodiscard]] virtual Result<std::unique_ptr<ServedFile>> open(std::size_t index) = 0;
};

}  // namespace merlon::wasi
