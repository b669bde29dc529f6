#pragma once

// Device control. Requests and their structures are those of the device's header.

#include "merlon/os/fd.h"

namespace merlon::os {

/// ioctl(2) with a number as argument.
[[nodiscard]] Result<int> control(BorrowedFd device, unsigned long request,
                                  unsigned long argument = 0) noexcept;
/// ioctl(2) with a structure, which the kernel reads, writes, or both.
[[nodiscard]] Result<int> control_with(BorrowedFd device, unsigned long request,
                                       void* argument) noexcept;

}  // namespace merlon::os
