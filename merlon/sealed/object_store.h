#pragma once

// Where a volume's objects lie: bytes by name, on the host's side. Nothing of it is trusted: it may
// lose, alter, swap, repeat and withhold what it was given, and say that it has not.

#include <vector>

#include "merlon/core/fixed_bytes.h"
#include "merlon/core/result.h"

namespace merlon::sealed {

/// 16 random bytes, which name one object and no other ever; all zero names none.
using ObjectId = core::FixedBytes<struct ObjectIdTag, 16>;

/// Errors of all: Unavailable (the store is gone, and whether what was asked for was done is not
/// known) · Exhausted (no room; nothing has changed) · Denied (another keep has it, or it may not
/// be written; nothing has changed) · Malformed (an answer that is none).
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  /// All objects that there are but the index, in no order. At most `most`: Exhausted beyond.
  [[nodiscard]] virtual core::Result<std::vector<ObjectId>> list(std::size_t most) = 0;

  /// NotFound: there is none. At most `max_size` bytes: Exhausted beyond.
  [[nodiscard]] virtual core::Result<std::vector<std::uint8_t>> get(const ObjectId& id,
                                                                    std::size_t max_size) = 0;
  [[nodiscard]] virtual core::Result<std::vector<std::uint8_t>> get_index(std::size_t max_size) = 0;

  /// All of it or nothing, and on the disk when this comes back.
  [[nodiscard]] virtual core::Result<void> put(const ObjectId& id, core::ByteView bytes) = 0;
  /// Puts a new index in the place of the old one, likewise.
  [[nodiscard]] virtual core::Result<void> put_index(core::ByteView bytes) = 0;

  /// One that is not there is no error.
  [[nodiscard]] virtual core::Result<void> remove(const ObjectId& id) = 0;
};

}  // namespace merlon::sealed
