#pragma once

// The only way to a guest's bytes. Every address and length comes from the guest and is hostile;
// what lies outside of its memory is Fault, for the guest to see.

#include <array>
#include <bit>
#include <concepts>
#include <cstring>
#include <span>
#include <string>

#include <sys/uio.h>

#include "merlon/core/bytes.h"
#include "merlon/os/file.h"
#include "merlon/os/path.h"
#include "merlon/wasi/failure.h"

namespace merlon::wasi {

/// A guest's linear memory during one call: the guest neither runs nor grows it meanwhile. Cheap to
/// copy. Addresses need no alignment.
class GuestMemory {
 public:
  explicit GuestMemory(core::ByteSpan bytes) noexcept : bytes_(bytes) {}

  /// The `size` bytes at `address`. Fault unless all of them are inside.
  [[nodiscard]] Result<core::ByteSpan> at(GuestAddress address, std::uint64_t size) const noexcept {
    if (address > bytes_.size() || size > bytes_.size() - address) return fail(Errno::Fault);
    return bytes_.subspan(address, static_cast<std::size_t>(size));
  }

  template <std::unsigned_integral T>
  [[nodiscard]] Result<T> load(GuestAddress address) const noexcept {
    const core::ByteSpan from = TRY(at(address, sizeof(T)));
    return read<T>(from, 0);
  }
  template <std::unsigned_integral T>
  [[nodiscard]] Result<void> store(GuestAddress address, T value) const noexcept {
    const core::ByteSpan into = TRY(at(address, sizeof(T)));
    write<T>(into, 0, value);
    return {};
  }

  /// Fields of a record that at() has given; `offset` is one of abi.h's layout.
  template <std::unsigned_integral T>
  [[nodiscard]] static T read(core::ByteView record, std::uint32_t offset) noexcept {
    static_assert(std::endian::native == std::endian::little);
    T value{};
    const core::ByteView field = record.subspan(offset, sizeof(T));
    std::memcpy(&value, field.data(), sizeof(T));
    return value;
  }
  template <std::unsigned_integral T>
  static void write(core::ByteSpan record, std::uint32_t offset, T value) noexcept {
    const core::ByteSpan field = record.subspan(offset, sizeof(T));
    std::memcpy(field.data(), &value, sizeof(T));
  }

  /// A $string that is a path. Errors: Fault · and as os::Path::from().
  [[nodiscard]] Result<os::Path> path(GuestAddress address, GuestSize size) const;

 private:
  core::ByteSpan bytes_;
};

/// The buffers of a scatter/gather list, read from the guest once and checked. Of a list of at most
/// 1,024 (IOV_MAX of Linux) the first 128 buffers that are not empty count, which is a short read
/// or write.
class IoBuffers {
 public:
  /// Reads `count` $iovec or $ciovec records. Fault if the list or any buffer looked at is outside;
  /// Inval if there are too many.
  [[nodiscard]] Result<void> load(GuestMemory memory, GuestAddress list, GuestSize count) noexcept;

  [[nodiscard]] os::IoVectors vectors() const noexcept { return {list_.data() + done_, left_}; }
  [[nodiscard]] bool empty() const noexcept { return left_ == 0; }
  /// Drops the first `size` bytes, which the kernel has taken care of.
  void advance(std::size_t size) noexcept;

 private:
  static constexpr std::size_t capacity = 128;
  static constexpr GuestSize longest = 1024;

  std::array<::iovec, capacity> list_;  // left as it is: only what load() wrote is read
  std::size_t done_ = 0;
  std::size_t left_ = 0;
};

}  // namespace merlon::wasi
