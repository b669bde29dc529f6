#include "merlon/os/snapshot_file.h"

#include <array>
#include <cstdio>

#include <fcntl.h>
#include <sys/mman.h>

namespace merlon::os {

Result<Fd> snapshot_file() noexcept {
  const int number = ::memfd_create("merlon-snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (number < 0) return last_errno();
  return Fd::adopt(number);
}

Result<void> seal(BorrowedFd file) noexcept {
  constexpr int all = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
  if (::fcntl(file.number(), F_ADD_SEALS, all) < 0) return last_errno();
  return {};
}

Result<Fd> reopen_for_reading(BorrowedFd file) noexcept {
  std::array<char, 32> path{};
  std::snprintf(path.data(), path.size(), "/proc/self/fd/%d", file.number());
  const int number = ::open(path.data(), O_RDONLY | O_CLOEXEC);
  if (number < 0) return last_errno();
  return Fd::adopt(number);
}

}  // namespace merlon::os
