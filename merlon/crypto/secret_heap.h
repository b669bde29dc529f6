#pragma once

// Where private keys lie.

#include <cstddef>

namespace merlon::crypto {

/// From here on OpenSSL keeps private numbers in a heap of their own: apart from everything that is
/// read, written or sent, between two pages that are not there, overwritten when they are freed.
/// Locked into memory where the kernel does that. Once for a program, before its first key and its
/// second thread; false if there is no memory for it.
[[nodiscard]] bool start_secret_heap() noexcept;

/// Bytes of it that are in use.
[[nodiscard]] std::size_t secret_heap_used() noexcept;

}  // namespace merlon::crypto
