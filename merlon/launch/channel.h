#pragma once

// Hands a launch message and its open files over a stream socket.

#include <span>
#include <vector>

#include "merlon/core/result.h"
#include "merlon/launch/message.h"
#include "merlon/os/fd.h"

namespace merlon::launch {

/// The descriptor on which the program in a keep finds its end of the channel.
inline constexpr int keep_descriptor = 3;

/// Sends `message` and `descriptors`, of which there must be message.descriptor_count().
///
/// Errors: as encode() · Internal (count of descriptors) · Unavailable (the keep is gone).
[[nodiscard]] core::Result<void> send(os::BorrowedFd channel, const Message& message,
                                      std::span<const os::BorrowedFd> descriptors);

/// A message and the open files that came with it.
struct Launch {
  Message message;
  os::Fd module;                    ///< none if there is none to run
  os::Fd archive;                   ///< what mounts are filled from; none if none is
  os::Fd steward;                   ///< who connects with it (dial.h); none if there is none
  os::Fd registry;                  ///< who connects with the package's (dial.h); none: no need
  os::Fd dialler;                   ///< who connects with what is allowed (dial_allowed.h)
  os::Fd volume;                    ///< who keeps the volume; none if there is none
  std::vector<os::Fd> descriptors;  ///< of the entries that carry one, in their order
};

/// Waits for one launch. Attacker-controlled; at most max_message_size bytes are read.
///
/// Errors: as body_size() and decode_body() · Malformed (the stream ends early, more or fewer
///         descriptors than the message says) · Unavailable (the other end closed without a word).
[[nodiscard]] core::Result<Launch> receive(os::BorrowedFd channel);

}  // namespace merlon::launch
