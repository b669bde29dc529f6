#pragma once

// The keep's own memory, reached by addresses that the keep wrote: each is checked against the
// ledger before the shim follows it.

#include <cstdint>
#include <optional>

#include "merlon/core/bytes.h"
#include "merlon/sallyport/item.h"
#include "merlon/shim/linux/keep.h"
#include "merlon/shim/linux/runtime.h"

namespace merlon::shim::linux {

/// `size` bytes at `address` that the keep may write.
[[nodiscard]] inline std::optional<core::ByteSpan> writable_bytes(std::uint64_t address,
                                                                  std::uint64_t size) noexcept {
  if (!keep().memory.allows(address, size, true)) return std::nullopt;
  if (!reach_pages(address, size)) return std::nullopt;
  // SAFETY: the ledger says that the keep may write there, and the machine follows it.
  return core::ByteSpan(reinterpret_cast<std::uint8_t*>(address), size);
}

/// `size` bytes at `address` that the keep may read.
[[nodiscard]] inline std::optional<core::ByteView> readable_bytes(std::uint64_t address,
                                                                  std::uint64_t size) noexcept {
  if (!keep().memory.allows(address, size, false)) return std::nullopt;
  if (!reach_pages(address, size)) return std::nullopt;
  // SAFETY: as above, for reading.
  return core::ByteView(reinterpret_cast<const std::uint8_t*>(address), size);
}

template <sallyport::Item T>
[[nodiscard]] bool read_user(std::uint64_t address, T& value) noexcept {
  const auto bytes = readable_bytes(address, sizeof(T));
  if (!bytes) return false;
  // SAFETY: any object may be written as bytes; an Item takes any of them.
  copy({reinterpret_cast<std::uint8_t*>(&value), sizeof(T)}, *bytes);
  return true;
}

template <sallyport::Item T>
[[nodiscard]] bool write_user(std::uint64_t address, const T& value) noexcept {
  const auto bytes = writable_bytes(address, sizeof(T));
  if (!bytes) return false;
  // SAFETY: any object may be read as bytes.
  copy(*bytes, {reinterpret_cast<const std::uint8_t*>(&value), sizeof(T)});
  return true;
}

/// The bytes of a text that ends with a NUL, without it; nothing when it is longer than a path can
/// be or leaves the keep's memory.
[[nodiscard]] std::optional<core::ByteView> user_path(std::uint64_t address) noexcept;

/// An object's bytes, to be sent or received.
template <sallyport::Item T>
[[nodiscard]] core::ByteView bytes_of(const T& value) noexcept {
  // SAFETY: any object may be read as bytes.
  return {reinterpret_cast<const std::uint8_t*>(&value), sizeof(T)};
}
template <sallyport::Item T>
[[nodiscard]] core::ByteSpan writable_bytes_of(T& value) noexcept {
  // SAFETY: any object may be written as bytes; an Item takes any of them.
  return {reinterpret_cast<std::uint8_t*>(&value), sizeof(T)};
}

}  // namespace merlon::shim::linux
