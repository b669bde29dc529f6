#pragma once

// One keep that was made ahead: its process, while it comes up and until somebody takes it.

#include <cstdint>
#include <optional>
#include <string>

#include "merlon/host/backend.h"
#include "merlon/host/host_error.h"
#include "merlon/launch/preparation.h"
#include "merlon/os/process.h"

namespace merlon::pool {

/// Ended with this object, unless it was taken.
class MadeKeep {
 public:
  /// Starts it; it is not ready yet. `module` is what it shall be prepared with; none: it is blank.
  ///
  /// Errors: those of host::Keep::start() · Unavailable (it ended at once).
  [[nodiscard]] static core::Result<MadeKeep, host::HostError> start(
      host::Backend backend, const host::MachineOptions& machine,
      std::optional<launch::Preparation> preparation);

  MadeKeep(MadeKeep&& other) noexcept;
  MadeKeep& operator=(MadeKeep&& other) noexcept;
  MadeKeep(const MadeKeep&) = delete;
  MadeKeep& operator=(const MadeKeep&) = delete;
  ~MadeKeep() { end(); }

  /// Of one that is to begin as a snapshot: now it is. False if it has ended meanwhile.
  [[nodiscard]] bool begin(std::uint64_t now) noexcept;

  /// Readable when it has something to say, or has ended.
  [[nodiscard]] os::BorrowedFd channel() const noexcept { return channel_; }
  [[nodiscard]] os::BorrowedFd process() const noexcept { return pidfd_; }
  /// Hears what it has to say; false until it is ready to be taken. The error is why it never will
  /// be, in one line.
  [[nodiscard]] core::Result<bool, std::string> hear();
  [[nodiscard]] bool is_ready() const noexcept { return words_to_come_ == 0; }
  /// Nanoseconds of Clock::Monotonic.
  [[nodiscard]] std::uint64_t made_at() const noexcept { return made_at_; }

  /// Gives its channel away; the process stays ours.
  [[nodiscard]] os::Fd give_channel() noexcept { return std::move(channel_); }
  void kill() const noexcept;
  /// Its process has ended (process() is readable).
  [[nodiscard]] std::optional<os::ExitStatus> wait() noexcept;

 private:
  MadeKeep(os::ChildProcess process, os::Fd pidfd, os::Fd channel, int words,
           std::uint64_t now) noexcept;
  void end() noexcept;

  std::optional<os::ChildProcess> process_;
  os::Fd pidfd_;
  os::Fd channel_;
  int words_to_come_ = 0;  ///< before it is ready
  std::uint64_t made_at_ = 0;
};

}  // namespace merlon::pool
