#include "merlon/sallyport/shared_memory.h"

namespace merlon::sallyport {
namespace {

/// From so many words on, one instruction moves them faster than a loop: it knows how many come.
constexpr std::size_t many = 64;

/// Words in one turn of a loop.
constexpr std::size_t batch = 8;
constexpr std::size_t batch_size = batch * word_size;

/// Moves `count` words. Shared ones are aligned: a processor that moves more than one at once still
/// moves whole words from a word's beginning on.
void move_words(void* to, const void* from, std::size_t count) noexcept {
  // SAFETY: callers hold `count` words on both sides, which do not overlap; the direction flag is
  // clear, as compilers have it. General registers only.
  asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

}  // namespace

SharedMemory::SharedMemory(core::ByteSpan memory) noexcept
    // SAFETY: aligned, which is checked here; both sides only access its words, and as atomics.
    : words_(reinterpret_cast<std::uint64_t*>(memory.data())), size_(memory.size()) {
  // SAFETY: only looked at as a number.
  MERLON_CHECK(reinterpret_cast<std::uintptr_t>(memory.data()) % word_size == 0);
  MERLON_CHECK(memory.size() % word_size == 0);
}

void SharedMemory::copy_in(core::ByteSpan into, std::size_t offset) const noexcept {
  check(offset, into.size());
  const std::uint64_t* shared = at(offset);
  std::uint8_t* to = into.data();
  std::size_t left = into.size();
  if (const std::size_t words = left / word_size; words >= many) {
    move_words(to, shared, words);
    shared += words;
    to += words * word_size;
    left %= word_size;
  }
  for (; left >= batch_size; left -= batch_size, to += batch_size) {
#pragma GCC unroll 8
    for (std::size_t i = 0; i < batch; ++i) {
      const std::uint64_t word = get<__ATOMIC_RELAXED>(shared++);
      __builtin_memcpy(to + i * word_size, &word, word_size);
    }
  }
  for (; left >= word_size; left -= word_size, to += word_size) {
    const std::uint64_t word = get<__ATOMIC_RELAXED>(shared++);
    __builtin_memcpy(to, &word, word_size);
  }
  if (left == 0) return;
  std::uint64_t word = get<__ATOMIC_RELAXED>(shared);
  for (; left != 0; --left, word >>= 8U) *to++ = static_cast<std::uint8_t>(word);
}

void SharedMemory::copy_out(core::ByteView from, std::size_t offset) const noexcept {
  check(offset, from.size());
  std::uint64_t* shared = at(offset);
  const std::uint8_t* next = from.data();
  std::size_t left = from.size();
  if (const std::size_t words = left / word_size; words >= many) {
    move_words(shared, next, words);
    shared += words;
    next += words * word_size;
    left %= word_size;
  }
  for (; left >= batch_size; left -= batch_size, next += batch_size) {
#pragma GCC unroll 8
    for (std::size_t i = 0; i < batch; ++i) {
      std::uint64_t word = 0;
      __builtin_memcpy(&word, next + i * word_size, word_size);
      put<__ATOMIC_RELAXED>(shared++, word);
    }
  }
  for (; left >= word_size; left -= word_size, next += word_size) {
    std::uint64_t word = 0;
    __builtin_memcpy(&word, next, word_size);
    put<__ATOMIC_RELAXED>(shared++, word);
  }
  if (left != 0) put<__ATOMIC_RELAXED>(shared, padded_word({next, left}));
}

}  // namespace merlon::sallyport
