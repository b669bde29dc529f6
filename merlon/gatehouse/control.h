#pragma once

// What the gatehouse says to the warden of a keep, over a socket in the keep's folder that only
// this user reaches. One request for each connection:
//
//   u8 verb · u64 position · u32 size · bytes        little-endian; position only of Input
//   answer: u8 outcome · u64 position
//
// All bytes are sealed; neither side can read them.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"
#include "merlon/os/fd.h"

namespace merlon::gatehouse {

enum class Verb : std::uint8_t {
  Deliver = 1,  ///< the one delivery
  Input = 2,    ///< more of the talk to the keep, from `position` on
  Stop = 3,     ///< end the keep
};

enum class Outcome : std::uint8_t {
  Done = 0,
  TakenBefore = 1,  ///< there was a delivery
  NotYet = 2,       ///< there was no delivery
  Elsewhere = 3,    ///< input goes on at the position in the answer
  Full = 4,         ///< the keep does not take its input; later
  Broken = 5,       ///< the keep is gone
  NoDelivery = 6,   ///< what came is no delivery, or more than one
  NoRoom = 7,       ///< it cannot be noted, and nothing was handed over
};

struct Command {
  Verb verb = Verb::Stop;
  std::uint64_t position = 0;
  std::vector<std::uint8_t> bytes;
};

struct Reply {
  Outcome outcome = Outcome::Broken;
  std::uint64_t position = 0;  ///< where the next input goes
};

/// For a keep to take a delivery; its warden answers that one only then.
inline constexpr std::chrono::seconds hand_over_limit{60};
/// A warden waits for nobody, so that it answers all else at once; its keep may have taken all that
/// their control group has of the processor.
inline constexpr std::chrono::seconds usual_patience{5};

/// The gatehouse's side: connects, asks, and waits for the answer: for each step no longer than
/// `patience`, but for a delivery's answer as long as a hand-over may take besides. An error says
/// that there was no answer, not that there is no keep, nor that nothing was done.
[[nodiscard]] core::Result<Reply> ask(const std::string& path, const Command& command,
                                      std::chrono::microseconds patience = usual_patience);
/// The answer alone, on a connection. Malformed · Unavailable.
[[nodiscard]] core::Result<Reply> receive_reply(os::BorrowedFd connection);

/// The warden's side; memory grows with what has come. Malformed · Exhausted (more than a delivery
/// can have) · Unavailable.
[[nodiscard]] core::Result<Command> receive_command(os::BorrowedFd connection);
[[nodiscard]] core::Result<void> send_reply(os::BorrowedFd connection, Reply reply);

}  // namespace merlon::gatehouse
