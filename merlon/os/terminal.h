#pragma once

// Terminals that a program makes for another one [pty(7)].

#include <cstdint>
#include <optional>
#include <string>

#include <termios.h>

#include "merlon/os/fd.h"

namespace merlon::os {

struct NewTerminal {
  Fd keyboard;       ///< who owns the terminal reads and writes here
  Fd line;           ///< the program's side
  std::string name;  ///< "/dev/pts/3"
};
[[nodiscard]] Result<NewTerminal> open_terminal();

[[nodiscard]] Result<void> set_window(BorrowedFd line, std::uint16_t rows,
                                      std::uint16_t columns) noexcept;

struct Window {
  std::uint16_t rows = 0;
  std::uint16_t columns = 0;
  bool operator==(const Window&) const = default;
};
/// Notty: it is no terminal.
[[nodiscard]] Result<Window> window_of(BorrowedFd terminal) noexcept;

/// A terminal that hands on each key as it is, until this object goes.
class RawTerminal {
 public:
  /// Does nothing where it is no terminal.
  explicit RawTerminal(BorrowedFd terminal) noexcept;
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  BorrowedFd terminal_;
  std::optional<::termios> before_;
};

/// Standard streams and controlling terminal of this process, which leads its session.
[[nodiscard]] Result<void> take_terminal(BorrowedFd line) noexcept;

}  // namespace merlon::os
