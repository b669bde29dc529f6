#pragma once

// The one word that a keep's process says before it takes a launch: that it can run a workload, or
// why it cannot. Only a backend that may be replaced by another says it (merlon-vmm).
//
//   offset  size
//        0     1  1: ready, 2: unfit
//        1     1  bytes of the text, at most max_text
//        2        text: what it is, or why it cannot run; UTF-8
//
// A process that is to begin as a snapshot is told first that it may: one byte, 1.

#include <string>
#include <string_view>

#include "merlon/core/result.h"
#include "merlon/os/fd.h"

namespace merlon::launch {

struct Readiness {
  bool ready = false;
  std::string text;
};

/// Sends it; a text that is too long is cut. Errors: Unavailable (nobody reads).
[[nodiscard]] core::Result<void> send(os::BorrowedFd channel, const Readiness& readiness);

/// Waits for it; the other end is a program of ours.
///
/// Errors: Unavailable (the other end closed without a word) · Malformed.
[[nodiscard]] core::Result<Readiness> receive_readiness(os::BorrowedFd channel);

/// Lets a process that waits begin as its snapshot. Errors: Unavailable (it has ended).
[[nodiscard]] core::Result<void> send_begin(os::BorrowedFd channel);

/// Waits for that. Errors: Unavailable (the other end closed) · Malformed.
[[nodiscard]] core::Result<void> receive_begin(os::BorrowedFd channel);

}  // namespace merlon::launch
