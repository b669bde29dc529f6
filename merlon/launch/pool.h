#pragma once

// What is said to a pool of keeps that were made ahead, merlon-pool, at its socket: one question on
// each connection, its answer, and, when the keep's process is no more, how it ended. Who closes
// the connection before gives the keep up: the pool ends it.
//
//   question; with it travels the module
//   offset  size
//        0     8  magic "MRLNTAKE"
//        8     4  version, 1
//       12     1  backend, as host::Backend has them
//       13     1  what the launch reaches: bit 0 network, bit 1 directories
//       14     2  zeros
//
//   answer; with `prepared` and `blank` travel the keep's channel (descriptor 3 of its process) and
//   its process (pidfd_open(2))
//        0     1  0: none here, 1: prepared with this module, 2: blank, its launch brings the
//        module
//
//   end
//        0     1  1: exited, 2: killed
//        1     1  exit status, or the signal's number

#include <cstdint>
#include <optional>

#include "merlon/core/result.h"
#include "merlon/os/fd.h"
#include "merlon/os/process.h"

namespace merlon::launch {

/// A keep that fits a launch.
struct PoolQuestion {
  std::uint8_t backend = 0;
  bool network = false;
  bool directories = false;
  os::Fd module;
};

/// One that was made ahead.
struct TakenKeep {
  bool prepared = false;  ///< with the question's module
  os::Fd channel;
  os::Fd process;  ///< a pidfd
};

/// Errors: Unavailable (nobody reads).
[[nodiscard]] core::Result<void> send(os::BorrowedFd pool, const PoolQuestion& question);
/// Attacker-controlled. Errors: Unavailable (nobody asks any more) · Malformed · Unsupported
/// (another version).
[[nodiscard]] core::Result<PoolQuestion> receive_pool_question(os::BorrowedFd connection);

/// Without a keep: there is none that fits. Errors: Unavailable (nobody listens).
[[nodiscard]] core::Result<void> send_pool_answer(os::BorrowedFd connection,
                                                  const std::optional<TakenKeep>& keep);
/// Errors: Unavailable (the pool ended without a word) · Malformed.
[[nodiscard]] core::Result<std::optional<TakenKeep>> receive_pool_answer(os::BorrowedFd pool);

/// Says nothing if nobody listens.
void send_process_end(os::BorrowedFd connection, const os::ExitStatus& status) noexcept;
/// Errors: Unavailable (the pool ended, and the keep with it) · Malformed.
[[nodiscard]] core::Result<os::ExitStatus> receive_process_end(os::BorrowedFd pool);

}  // namespace merlon::launch
