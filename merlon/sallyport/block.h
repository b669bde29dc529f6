#pragma once

// The block: memory that a keep and its host share, one for each thread of a keep. It is the only
// way between them; the layout is part of docs/sallyport.md, version 2.
//
//   offset  written by
//        0  keep        call
//        8  keep        sequence, one more with each request; written last
//       16  keep        four arguments
//       48  keep        bytes in `data` for the host
//       56  keep        bytes the host may put into `data`
//      128  host        result: an answer, or minus an errno, as two's complement
//      136  host        bytes in `data` for the keep
//      144  host        sequence of the request answered; written last
//      152  host        1: it looks here by itself, no bell is needed
//      192  host        HostTime, before the keep starts
//     4096  both        data
//
// Each is one little-endian word of 8 bytes. Everything here may change under either side's hands
// at any moment: shared_memory.h says how it is touched, and what is read there is Untrusted.
// Freestanding.

#include <array>
#include <cstddef>
#include <cstdint>

#include "merlon/core/bytes.h"
#include "merlon/core/check.h"
#include "merlon/core/untrusted.h"
#include "merlon/sallyport/call.h"
#include "merlon/sallyport/shared_memory.h"

namespace merlon::sallyport {

inline constexpr std::uint32_t version = 2;
inline constexpr std::size_t data_offset = 4096;
inline constexpr std::size_t argument_count = 4;
using Arguments = std::array<std::uint64_t, argument_count>;

/// The words of the block's first page, by their offset. A request is one line of the cache, and an
/// answer another: between two processors each line more costs what a small call costs.
enum class Header : std::size_t {
  Call = 0,
  Sequence = 8,
  FirstArgument = 16,
  Sent = 48,
  Room = 56,
  Result = 128,
  Returned = 136,
  Answered = 144,
  Attended = 152,
  TscKhz = 192,
  TscBase = 200,
  MonotonicBase = 208,
  RealtimeBase = 216,
};

/// A view of a block. Does not own it; both sides have one each.
class Block {
 public:
  /// `memory` is aligned to a page, larger than one page, and whole words.
  explicit Block(core::ByteSpan memory) noexcept : memory_(memory) {
    MERLON_CHECK(memory.size() > data_offset);
  }

  [[nodiscard]] std::size_t capacity() const noexcept { return memory_.size() - data_offset; }

  /// Reads one word, once.
  [[nodiscard]] core::Untrusted<std::uint64_t> load(Header field) const noexcept {
    return memory_.load_word(static_cast<std::size_t>(field));
  }
  void store(Header field, std::uint64_t value) const noexcept {
    memory_.store_word(static_cast<std::size_t>(field), value);
  }
  /// `index` is below argument_count.
  [[nodiscard]] core::Untrusted<std::uint64_t> load_argument(std::size_t index) const noexcept {
    return memory_.load_word(argument(index));
  }
  void store_argument(std::size_t index, std::uint64_t value) const noexcept {
    memory_.store_word(argument(index), value);
  }

  /// The first bytes of the data.
  [[nodiscard]] SharedBytes data(std::size_t size) const noexcept {
    return {memory_, data_offset, size};
  }
  /// Copies the first `into.size()` bytes of the data into memory of the caller's own.
  void copy_in(core::ByteSpan into) const noexcept { memory_.copy_in(into, data_offset); }
  /// Copies `from` into the data at `offset`, a multiple of 8; zeros up to the next one.
  void copy_out(core::ByteView from, std::size_t offset = 0) const noexcept {
    MERLON_CHECK(offset <= capacity());
    memory_.copy_out(from, data_offset + offset);
  }
  /// Writes the word of the data at `offset`, a multiple of 8.
  void store_data(std::size_t offset, std::uint64_t word) const noexcept {
    MERLON_CHECK(offset < capacity());
    memory_.store_word(data_offset + offset, word);
  }

 private:
  [[nodiscard]] static std::size_t argument(std::size_t index) noexcept {
    MERLON_CHECK(index < argument_count);
    return static_cast<std::size_t>(Header::FirstArgument) + index * word_size;
  }

  SharedMemory memory_;
};

}  // namespace merlon::sallyport
