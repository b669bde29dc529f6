#pragma once

// The block: memory that a keep and its host share, one for each thread of a keep. It is the only
// way between them; the layout is part of docs/sallyport.md, version 1.
//
//   offset  size  written by
//        0     4  keep    call
//        4     4  keep    sequence, one more with each request
//        8    48  keep    six arguments, u64
//       56     4  keep    bytes in `data` for the host
//       60     4  keep    bytes the host may put into `data`
//       64     8  host    result, i64: an answer, or minus an errno
//       72     4  host    bytes in `data` for the keep
//       76     4  host    sequence of the request answered; written last
//       80     4  host    not 0: it looks here by itself, no bell is needed
//     4096        both    data
//
// Integers are little-endian. Everything here may change under either side's hands at any moment:
// each field is read once, into memory of the reader's own, and judged there. Freestanding.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "merlon/core/bytes.h"
#include "merlon/core/check.h"
#include "merlon/sallyport/call.h"

namespace merlon::sallyport {

inline constexpr std::uint32_t version = 1;
inline constexpr std::size_t data_offset = 4096;
inline constexpr std::size_t argument_count = 6;
using Arguments = std::array<std::uint64_t, argument_count>;

/// The words of the block's first page.
struct Header {
  std::uint32_t call;
  std::uint32_t sequence;
  std::uint64_t arguments[argument_count];
  std::uint32_t sent;
  std::uint32_t room;
  std::int64_t result;
  std::uint32_t returned;
  std::uint32_t answered;
  std::uint32_t attended;
};
static_assert(sizeof(Header) == 88 && offsetof(Header, attended) == 80);

/// A view of a block. Does not own it; both sides have one each.
class Block {
 public:
  /// `memory` is aligned to a page and larger than one page.
  explicit Block(core::ByteSpan memory) noexcept : memory_(memory) {
    MERLON_CHECK(memory.size() > data_offset);
  }

  [[nodiscard]] std::size_t capacity() const noexcept { return memory_.size() - data_offset; }
  [[nodiscard]] core::ByteSpan data() const noexcept { return memory_.subspan(data_offset); }

  /// Reads one word, once.
  template <typename T>
  [[nodiscard]] T load(const T Header::* field) const noexcept {
    return __atomic_load_n(&(header()->*field), __ATOMIC_ACQUIRE);
  }
  template <typename T>
  void store(T Header::* field, T value) const noexcept {
    __atomic_store_n(&(header()->*field), value, __ATOMIC_RELEASE);
  }
  [[nodiscard]] std::uint64_t load_argument(std::size_t index) const noexcept {
    return __atomic_load_n(&header()->arguments[index], __ATOMIC_RELAXED);
  }
  void store_argument(std::size_t index, std::uint64_t value) const noexcept {
    __atomic_store_n(&header()->arguments[index], value, __ATOMIC_RELAXED);
  }

  /// Copies the first `into.size()` bytes of the data out, for judging.
  void copy_out(core::ByteSpan into) const noexcept {
    MERLON_CHECK(into.size() <= capacity());
    if (into.empty()) return;  // memcpy wants addresses even for nothing
    std::memcpy(into.data(), data().data(), into.size());
    std::atomic_signal_fence(std::memory_order_seq_cst);  // the copy is what is judged
  }
  /// Copies `from` into the data at `offset`.
  void copy_in(core::ByteView from, std::size_t offset = 0) const noexcept {
    MERLON_CHECK(offset <= capacity() && from.size() <= capacity() - offset);
    if (from.empty()) return;
    std::memcpy(data().data() + offset, from.data(), from.size());
  }

 private:
  [[nodiscard]] Header* header() const noexcept {
    // SAFETY: the block starts with a Header, aligned to a page; both sides only use atomic
    // accesses to its words.
    return reinterpret_cast<Header*>(memory_.data());
  }

  core::ByteSpan memory_;
};

}  // namespace merlon::sallyport
