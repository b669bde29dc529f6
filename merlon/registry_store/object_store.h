#pragma once

// Where the bytes of packages lie: objects that are written once, under random names, and never
// changed. A store may lose or alter what it was given; whoever reads checks it (Blob).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"

namespace merlon::registry_store {

/// 32 hexadecimal digits.
using ObjectName = std::string;
[[nodiscard]] bool is_object_name(std::string_view name) noexcept;
/// One that nobody has had.
[[nodiscard]] ObjectName new_object_name();

/// An object that is being written, for one thread at a time. What was appended stays if it goes,
/// for a later ObjectStore::resume().
class ObjectWriter {
 public:
  ObjectWriter() = default;
  virtual ~ObjectWriter() = default;
  ObjectWriter(const ObjectWriter&) = delete;
  ObjectWriter& operator=(const ObjectWriter&) = delete;

  /// Exhausted: no room · Unavailable.
  [[nodiscard]] virtual core::Result<void> append(core::ByteView bytes) = 0;
  /// Once it returns well, the object outlives the machine's end.
  [[nodiscard]] virtual core::Result<void> finish() = 0;
};

/// An object that is read; any thread.
class ObjectReader {
 public:
  ObjectReader() = default;
  virtual ~ObjectReader() = default;
  ObjectReader(const ObjectReader&) = delete;
  ObjectReader& operator=(const ObjectReader&) = delete;

  [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;
  /// All of `into`, from `offset` on. Unavailable: it is not there, or not now.
  [[nodiscard]] virtual core::Result<void> read(std::uint64_t offset,
                                                core::ByteSpan into) const = 0;
};

/// Any thread. Errors besides those named: Unavailable.
class ObjectStore {
 public:
  /// Objects are listed in so many parts.
  static constexpr unsigned parts = 256;

  ObjectStore() = default;
  virtual ~ObjectStore() = default;
  ObjectStore(const ObjectStore&) = delete;
  ObjectStore& operator=(const ObjectStore&) = delete;

  /// Exhausted: nothing more may be brought now; what is to go may.
  [[nodiscard]] virtual core::Result<void> room() const { return {}; }
  /// A new object.
  [[nodiscard]] virtual core::Result<std::unique_ptr<ObjectWriter>> create(
      const ObjectName& name) = 0;
  /// One that was not finished, to go on at its end. NotFound · Denied: somebody writes it now ·
  /// Unsupported: who began it is its only writer, and what is kept goes on in another object.
  [[nodiscard]] virtual core::Result<std::unique_ptr<ObjectWriter>> resume(
      const ObjectName& name) = 0;
  /// How much is kept of one that was not finished. NotFound.
  [[nodiscard]] virtual core::Result<std::uint64_t> kept(const ObjectName& name) const = 0;
  /// One that is `length` bytes long; the reader says if it knows that it is not. NotFound, or the
  /// reader does not find it.
  [[nodiscard]] virtual core::Result<std::unique_ptr<ObjectReader>> open(
      const ObjectName& name, std::uint64_t length) const = 0;
  /// Well if it is not there.
  [[nodiscard]] virtual core::Result<void> remove(const ObjectName& name) = 0;
  /// Those of one part, finished or not; may lag behind.
  [[nodiscard]] virtual core::Result<std::vector<ObjectName>> list(unsigned part) const = 0;
};

}  // namespace merlon::registry_store
