#include "merlon/os/fifo.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace merlon::os {

namespace {

constexpr char knocked = 'k';

}  // namespace

Result<void> make_fifo(const std::string& path) noexcept {
  if (::mkfifo(path.c_str(), S_IRUSR | S_IWUSR) != 0) return last_errno();
  return {};
}

Result<Fd> open_fifo(const std::string& path) noexcept {
  // Open for both, so that neither this call waits nor a read ends because nobody writes.
  const int number = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (number < 0) return last_errno();
  return Fd::adopt(number);
}

Result<void> wait_at(BorrowedFd fifo) noexcept {
  char letter = 0;
  const ::ssize_t count = ::read(fifo.number(), &letter, 1);
  if (count < 0) return last_errno();
  return count == 1 ? Result<void>() : Errno::Io;
}

Result<void> knock(const std::string& path) noexcept {
  const int number = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
  if (number < 0) return last_errno();
  const Fd fifo = Fd::adopt(number);
  const ::ssize_t count = ::write(fifo.number(), &knocked, 1);
  if (count < 0) return last_errno();
  return count == 1 ? Result<void>() : Errno::Io;
}

}  // namespace merlon::os
