#pragma once

// How a message to a keep begins, before anybody knows which it is: a part of channel.cc that
// preparation.cc needs as well.

#include <cstdint>
#include <vector>

#include "merlon/launch/channel.h"

namespace merlon::launch {

/// What came with the first byte: at least header_size bytes, and all open files.
struct FirstBytes {
  std::vector<std::uint8_t> bytes;
  std::vector<os::Fd> files;
};

/// Errors: Unavailable (the other end closed without a word) · Malformed (it ends early).
[[nodiscard]] core::Result<FirstBytes> receive_first_bytes(os::BorrowedFd channel);

/// The launch that begins so; errors of receive().
[[nodiscard]] core::Result<Launch> receive_after(FirstBytes first, os::BorrowedFd channel);

}  // namespace merlon::launch
