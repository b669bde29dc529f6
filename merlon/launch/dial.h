#pragma once

// How a keep comes to a connection with its Steward, at its start and whenever its certificate is
// to be renewed: it asks the process at the other end of a channel, which connects and hands the
// socket over. The keep says one byte for each connection that it wants. The answer is one message:
//
//   offset  size
//        0     1  0: a connection comes with it; 1: none does
//        1        why not, UTF-8, at most max_dial_text bytes; there only behind a 1
//
// Where the connection leads only its TLS can tell: whoever answers is of the host.

#include <optional>
#include <string>

#include "merlon/core/result.h"
#include "merlon/os/fd.h"

namespace merlon::launch {

inline constexpr std::size_t max_dial_text = 200;

/// Asks for a connection. Unavailable: nobody is there.
[[nodiscard]] core::Result<void> ask_for_connection(os::BorrowedFd channel);

/// The answer, when there is something to read on the channel; attacker-controlled. The error is
/// what the other side says, or why there is no answer.
[[nodiscard]] core::Result<os::Fd, std::string> receive_connection(os::BorrowedFd channel);

/// The other side. Waits for the next one who asks; false: there is nobody any more.
[[nodiscard]] bool is_asked_for_connection(os::BorrowedFd channel);
/// Unavailable: nobody is there.
[[nodiscard]] core::Result<void> send_connection(os::BorrowedFd channel, os::BorrowedFd connection);
[[nodiscard]] core::Result<void> refuse_connection(os::BorrowedFd channel, std::string_view why);

}  // namespace merlon::launch
