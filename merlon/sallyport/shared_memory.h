#pragma once

// The one file through which memory that somebody else writes too is touched, with
// shared_memory.cc. All accesses are of whole words of 8 bytes at addresses that are multiples of
// 8: smaller or unaligned ones would let stale data of the processor's buffers out (writes: MMIO
// stale data, INTEL-SA-00615) or in (reads: ÆPIC, INTEL-SA-00657) where an enclave shares memory.
// Each word is read once, into memory of the reader's own, and judged there. Private buffers may
// lie anywhere and have any size. tools/check_shared_memory.py keeps others out. Freestanding.

#include <cstddef>
#include <cstdint>

#include "merlon/core/bytes.h"
#include "merlon/core/check.h"
#include "merlon/core/untrusted.h"

namespace merlon::sallyport {

inline constexpr std::size_t word_size = 8;

/// The first bytes of `bytes`, at most a word, as they lie in memory, and zeros behind them.
[[nodiscard]] constexpr std::uint64_t padded_word(core::ByteView bytes) noexcept {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < bytes.size() && i < word_size; ++i) {
    word |= std::uint64_t{bytes[i]} << (8 * i);
  }
  return word;
}

/// A view of shared memory. Does not own it. Offsets are bytes, multiples of 8; who passes others,
/// or more than there is, ends.
class SharedMemory {
 public:
  /// `memory` starts at a multiple of 8 and is as large as one.
  explicit SharedMemory(core::ByteSpan memory) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Reads one word. What was written before it, by whoever wrote it last, is read as well.
  [[nodiscard]] core::Untrusted<std::uint64_t> load_word(std::size_t offset) const noexcept {
    check(offset, word_size);
    return core::Untrusted(get<__ATOMIC_ACQUIRE>(at(offset)));
  }
  /// Writes one word; all that was written before it is there for who reads it.
  void store_word(std::size_t offset, std::uint64_t word) const noexcept {
    check(offset, word_size);
    put<__ATOMIC_RELEASE>(at(offset), word);
  }

  /// Copies from shared to private memory. Of the last word, which is read whole, as many bytes as
  /// `into` has room for.
  void copy_in(core::ByteSpan into, std::size_t offset) const noexcept;
  /// Copies from private to shared memory. The rest of the last word becomes zero; what is behind
  /// it stays as it was.
  void copy_out(core::ByteView from, std::size_t offset) const noexcept;

 private:
  friend class SharedBytes;

  void check(std::size_t offset, std::size_t size) const noexcept {
    MERLON_CHECK(offset % word_size == 0 && offset <= size_ && size <= size_ - offset);
  }
  [[nodiscard]] std::uint64_t* at(std::size_t offset) const noexcept {
    return words_ + offset / word_size;
  }
  template <int order>
  [[nodiscard]] static std::uint64_t get(const std::uint64_t* from) noexcept {
    return __atomic_load_n(from, order);
  }
  template <int order>
  static void put(std::uint64_t* to, std::uint64_t word) noexcept {
    __atomic_store_n(to, word, order);
  }

  std::uint64_t* words_;
  std::size_t size_;
};

/// Some bytes of shared memory, of which all may change at any moment.
class SharedBytes {
 public:
  SharedBytes(SharedMemory memory, std::size_t offset, std::size_t size) noexcept
      : memory_(memory), offset_(offset), size_(size) {
    memory_.check(offset, size);
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Copies the first bytes; there are as many.
  void copy_in(core::ByteSpan into) const noexcept {
    MERLON_CHECK(into.size() <= size_);
    memory_.copy_in(into, offset_);
  }
  /// Puts `from` at the beginning; there is room for it.
  void copy_out(core::ByteView from) const noexcept {
    MERLON_CHECK(from.size() <= size_);
    memory_.copy_out(from, offset_);
  }

  /// The address, for a system call that moves the bytes by itself: nobody here looks there. Only
  /// outside of a keep, where no buffer of the processor holds anything of one. Each use has a
  /// comment `// KERNEL:` that says why; tools/check_shared_memory.py looks for it.
  [[nodiscard]] void* for_the_kernel() const noexcept { return memory_.at(offset_); }

 private:
  SharedMemory memory_;
  std::size_t offset_;
  std::size_t size_;
};

}  // namespace merlon::sallyport
