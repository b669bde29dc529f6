#include "merlon/os/fd.h"

#include <fcntl.h>
#include <unistd.h>

namespace merlon::os {

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    close();
    number_ = std::exchange(other.number_, -1);
  }
  return *this;
}

void Fd::close() noexcept {
  // Linux frees the number even when close() fails, so there is nothing to repeat or report.
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

Result<Fd> duplicate(BorrowedFd fd) noexcept {
  const int copy = ::fcntl(fd.number(), F_DUPFD_CLOEXEC, 3);
  if (copy < 0) return last_errno();
  return Fd::adopt(copy);
}

}  // namespace merlon::os
