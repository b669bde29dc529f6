#pragma once

// A keep proves itself: makes its keys, and has the processor speak for them.

#include "merlon/launch/message.h"
#include "merlon/os/fd.h"

namespace merlon::keep {

/// Answers `message`, which asks for a proof, on `channel`; also if there can be none: then the
/// answer says why.
///
/// Errors: those of launch::send.
[[nodiscard]] core::Result<void> prove(const launch::Message& message, os::BorrowedFd channel);

/// For a keep that is not asked for a proof: gives up the keys to the security processor, so that
/// nothing that runs in it later, also after a way out of the engine, can have a report made.
void give_up_proving() noexcept;

}  // namespace merlon::keep
