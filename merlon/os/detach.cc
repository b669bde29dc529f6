#include "merlon/os/detach.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace merlon::os {

Result<void> detach() noexcept {
  const ::pid_t child = ::fork();
  if (child < 0) return last_errno();
  if (child > 0) ::_exit(0);
  // A new session: neither a terminal's signals nor those to the starter's group reach it.
  if (::setsid() < 0) return last_errno();
  return {};
}

void leave_terminal() noexcept {
  const int terminal = ::open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (terminal < 0) return;
  ::ioctl(terminal, TIOCNOTTY);
  ::close(terminal);
}

Result<void> put_in_place_of(int number, BorrowedFd file) noexcept {
  if (::dup2(file.number(), number) < 0) return last_errno();
  return {};
}

}  // namespace merlon::os
