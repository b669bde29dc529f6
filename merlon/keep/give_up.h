#pragma once

// Files that a keep needs no more.

#include "merlon/launch/message.h"
#include "merlon/os/fd.h"

namespace merlon::keep {

/// Closes what nobody at the other end waits for. In a machine it stays open until the keep ends,
/// and all of them are closed at once: each close by itself is a way to the host.
inline void give_up(os::Fd file, launch::Confinement confinement) noexcept {
  if (confinement == launch::Confinement::Machine) static_cast<void>(file.release());
}

}  // namespace merlon::keep
