#include "merlon/os/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace merlon::os {

namespace {

Result<void> done_or_errno(int result) noexcept {
  if (result < 0) return last_errno();
  return {};
}

}  // namespace

Result<NewTerminal> open_terminal() {
  const int number = ::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (number < 0) return last_errno();
  Fd keyboard = Fd::adopt(number);
  int locked = 0;
  TRY(done_or_errno(::ioctl(number, TIOCSPTLCK, &locked)));
  unsigned index = 0;
  TRY(done_or_errno(::ioctl(number, TIOCGPTN, &index)));
  const int line = ::ioctl(number, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (line < 0) return last_errno();
  return NewTerminal{std::move(keyboard), Fd::adopt(line), "/dev/pts/" + std::to_string(index)};
}

Result<void> set_window(BorrowedFd line, std::uint16_t rows, std::uint16_t columns) noexcept {
  ::winsize size{};
  size.ws_row = rows;
  size.ws_col = columns;
  return done_or_errno(::ioctl(line.number(), TIOCSWINSZ, &size));
}

Result<Window> window_of(BorrowedFd terminal) noexcept {
  ::winsize size{};
  TRY(done_or_errno(::ioctl(terminal.number(), TIOCGWINSZ, &size)));
  return Window{size.ws_row, size.ws_col};
}

RawTerminal::RawTerminal(BorrowedFd terminal) noexcept : terminal_(terminal) {
  ::termios now{};
  if (::tcgetattr(terminal.number(), &now) != 0) return;
  before_ = now;
  ::cfmakeraw(&now);
  ::tcsetattr(terminal.number(), TCSANOW, &now);
}

RawTerminal::~RawTerminal() {
  if (before_) ::tcsetattr(terminal_.number(), TCSANOW, &*before_);
}

Result<void> take_terminal(BorrowedFd line) noexcept {
  TRY(done_or_errno(::ioctl(line.number(), TIOCSCTTY, 0)));
  for (int stream = 0; stream < 3; ++stream) TRY(done_or_errno(::dup2(line.number(), stream)));
  return {};
}

}  // namespace merlon::os
