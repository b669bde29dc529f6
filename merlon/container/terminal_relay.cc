#include "merlon/container/terminal_relay.h"

#include <array>

#include "merlon/os/container.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"
#include "merlon/os/poll.h"

namespace merlon::container {

namespace {

constexpr os::BorrowedFd caller_input{0};
constexpr os::BorrowedFd caller_output{1};
/// How often the caller's window is looked at.
constexpr std::chrono::milliseconds pace{200};

/// False at the end.
bool carry(os::BorrowedFd from, os::BorrowedFd to) {
  constexpr std::size_t one_read = std::size_t{16} << 10U;
  std::array<std::uint8_t, one_read> bytes{};
  const std::array<::iovec, 1> into{{{bytes.data(), bytes.size()}}};
  const auto got = os::read(from, into);
  if (!got) return got.error() == os::Errno::Again || got.error() == os::Errno::Intr;
  return *got != 0 && os::write_all(to, core::ByteView(bytes).first(*got)).has_value();
}

void relay(os::BorrowedFd keyboard) {
  os::Window known;
  bool has_input = true;
  for (;;) {
    const auto window = os::window_of(caller_output);
    if (window && *window != known) {
      known = *window;
      static_cast<void>(os::set_window(keyboard, known.rows, known.columns));
    }
    std::array<os::PollItem, 2> items{
        {{keyboard.number(), POLLIN, 0}, {has_input ? caller_input.number() : -1, POLLIN, 0}}};
    static_cast<void>(
        os::poll(items, window ? std::optional<std::chrono::nanoseconds>(pace) : std::nullopt));
    if (items[1].revents != 0) has_input = carry(caller_input, keyboard);
    // The last one to close the line makes this an error.
    if (items[0].revents != 0 && !carry(keyboard, caller_output)) return;
  }
}

}  // namespace

os::Result<os::ChildProcess> start_terminal_relay(os::Fd keyboard) {
  const auto child = os::fork_process();
  if (!child) return child.error();
  if (*child) return **child;
  os::set_process_name("merlon-oci:tty");
  os::end_with_parent();
  os::forget_signal_actions();
  os::ignore_broken_pipes();
  relay(keyboard);
  os::end_process(0);
}

}  // namespace merlon::container
