#pragma once

// Plain memory operations without a C library.

#include <cstddef>
#include <cstdint>

#include "merlon/core/bytes.h"

namespace merlon::shim::linux {

/// Makes memory zero.
inline void clear(core::ByteSpan memory) noexcept {
  void* to = memory.data();
  std::size_t size = memory.size();
  // SAFETY: the span is its caller's to write.
  asm volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(0) : "memory");
}

/// Copies; the two do not overlap, and `to` is at least as large.
inline void copy(core::ByteSpan to, core::ByteView from) noexcept {
  void* target = to.data();
  const void* source = from.data();
  std::size_t size = from.size();
  // SAFETY: callers give a `to` that is no shorter than `from`.
  asm volatile("rep movsb" : "+D"(target), "+S"(source), "+c"(size) : : "memory");
}

}  // namespace merlon::shim::linux
