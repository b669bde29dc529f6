#include "merlon/os/ioctl.h"

#include <sys/ioctl.h>

namespace merlon::os {

Result<int> control(BorrowedFd device, unsigned long request, unsigned long argument) noexcept {
  const int result = ::ioctl(device.number(), request, argument);
  if (result < 0) return last_errno();
  return result;
}

Result<int> control_with(BorrowedFd device, unsigned long request, void* argument) noexcept {
  const int result = ::ioctl(device.number(), request, argument);
  if (result < 0) return last_errno();
  return result;
}

}  // namespace merlon::os
