#pragma once

// Terminals that a program makes for another one [pty(7)].

#include <cstdint>
#include <string>

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

/// Standard streams and controlling terminal of this process, which leads its session.
[[nodiscard]] Result<void> take_terminal(BorrowedFd line) noexcept;

}  // namespace merlon::os
