#pragma once

// How a keep comes to connections that its workload opens while it runs, to destinations of the
// launch's list (message.h) and no others: it asks the process at the other end of a channel by the
// destination's place in the list, which both sides have. Several may be asked for at once;
// answers come in any order. All numbers are little-endian.
//
//   question: u32 id · u16 place in the list · u16 0
//   answer:   u32 id · u8 outcome · 3 bytes 0, and with Connected the socket
//
// Where a connection leads only its TLS can tell: whoever answers is of the host.

#include <cstdint>
#include <optional>

#include "merlon/core/result.h"
#include "merlon/os/fd.h"

namespace merlon::launch {

struct DialQuestion {
  std::uint32_t id = 0;
  std::uint16_t place = 0;
};

enum class DialOutcome : std::uint8_t {
  Connected = 0,
  Refused = 1,
  Unreachable = 2,
  TimedOut = 3,
  NoAddress = 4,  ///< nobody knows the name
  Failed = 5,
};

struct DialAnswer {
  std::uint32_t id = 0;
  DialOutcome outcome = DialOutcome::Failed;
  os::Fd connection;  ///< exactly with Connected
};

/// Unavailable: nobody is there.
[[nodiscard]] core::Result<void> ask(os::BorrowedFd channel, DialQuestion question);
/// The next answer, when there is something to read; attacker-controlled. Unavailable: nobody is
/// there · Malformed.
[[nodiscard]] core::Result<DialAnswer> receive_answer(os::BorrowedFd channel);

/// The other side. Waits for the next question; nothing: there is nobody any more.
[[nodiscard]] std::optional<DialQuestion> receive_question(os::BorrowedFd channel);
/// Any thread. `connection` exactly with Connected. Unavailable: nobody is there.
[[nodiscard]] core::Result<void> answer(os::BorrowedFd channel, std::uint32_t id,
                                        DialOutcome outcome,
                                        std::optional<os::BorrowedFd> connection);

}  // namespace merlon::launch
