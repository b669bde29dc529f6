#pragma once

// For tests: what this process can do with an address of its own, without dying of it: the kernel
// is asked to read from there, or to write there.

#include <array>
#include <cstdint>

#include <fcntl.h>
#include <unistd.h>

#include "merlon/os/fd.h"

namespace merlon::host::sgx::simulated::testing {

[[nodiscard]] inline bool is_readable(std::uint64_t address) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  const os::Fd reads = os::Fd::adopt(ends[0]);
  const os::Fd writes = os::Fd::adopt(ends[1]);
  // SAFETY: the kernel looks whether the address can be read.
  return ::write(writes.number(), reinterpret_cast<const void*>(address), 1) == 1;
}

/// Writes a byte there, if it can: the one that there is.
[[nodiscard]] inline bool is_writable(std::uint64_t address) {
  std::array<int, 2> ends{};
  if (!is_readable(address) || ::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  const os::Fd reads = os::Fd::adopt(ends[0]);
  const os::Fd writes = os::Fd::adopt(ends[1]);
  // SAFETY: as above.
  return ::write(writes.number(), reinterpret_cast<const void*>(address), 1) == 1 &&
         ::read(reads.number(), reinterpret_cast<void*>(address), 1) == 1;
}

}  // namespace merlon::host::sgx::simulated::testing
