#pragma once

// Keeps that are made ahead: what the process of one is told before it has a workload, what it gets
// when its time has come, and how it says that it has ended. Written by the pool that made it
// (`pool`) and by who takes it from there; read by merlon-keep and merlon-vmm.
//
//   a preparation, in the place of the first launch message; with it travels a module, or a file
//   without a meaning: so it is never read together with what is sent behind it
//
//   offset  size
//        0     8  magic "MRLNPREP"
//        8     4  version, 1
//       12     1  confinement, as of a launch message
//       13     1  flags: bit 0 has module, bit 1 network, bit 2 directories, bit 3 verbose
//       14     2  zeros
//
//   then the keep's process says that it is ready (readiness.h), or why it cannot be
//
//   the standard streams of who takes the keep, with three open files, before his launch message
//        0     8  magic "MRLNSTRM"
//
//   and, when the workload has ended, on the same channel
//        0     1  3
//        1     1  exit status

#include <array>
#include <variant>

#include "merlon/launch/channel.h"

namespace merlon::launch {

/// What a keep that is made ahead will be able to reach, at most: it is confined to that before it
/// sees its module.
struct Preparation {
  Confinement confinement = Confinement::Process;
  bool network = false;      ///< sockets; else its launch has none
  bool directories = false;  ///< likewise
  bool verbose = false;
  os::Fd module;  ///< compiled beforehand; none: the launch brings one
};

/// Its bytes, for whoever hands it on.
[[nodiscard]] std::vector<std::uint8_t> encode(const Preparation& preparation);

/// Errors: Unavailable (nobody reads).
[[nodiscard]] core::Result<void> send(os::BorrowedFd channel, const Preparation& preparation);

/// What a process of a keep hears first. Attacker-controlled, as receive() has it.
///
/// Errors: those of receive() · Unsupported (another version).
[[nodiscard]] core::Result<std::variant<Launch, Preparation>> receive_first(os::BorrowedFd channel);

/// Standard input, output and error.
using Streams = std::array<os::Fd, 3>;

/// Errors: Unavailable (the keep is gone).
[[nodiscard]] core::Result<void> send_streams(os::BorrowedFd channel,
                                              std::span<const os::BorrowedFd, 3> streams);
/// Waits for them. Attacker-controlled.
///
/// Errors: Unavailable (the other end closed without a word) · Malformed.
[[nodiscard]] core::Result<Streams> receive_streams(os::BorrowedFd channel);

/// Says how the workload ended, so that nobody has to wait until its process is taken apart. Says
/// nothing if nobody listens.
void send_end(os::BorrowedFd channel, int status) noexcept;
/// Errors: Unavailable (the keep ended without a word) · Malformed.
[[nodiscard]] core::Result<int> receive_end(os::BorrowedFd channel);

}  // namespace merlon::launch
