#pragma once

// What a process becomes before it stands for a container: a fork that its starter does not wait
// for, a session, a network, a user, limits. For programs with one thread.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/os/fd.h"
#include "merlon/os/process.h"

namespace merlon::os {

/// Comes back twice: with the child in the process that called, with nothing in the child, which
/// has copies of everything. Again · Nomem.
[[nodiscard]] Result<std::optional<ChildProcess>> fork_process() noexcept;

/// The signals whose action is inherited act as usual again, and none is blocked.
void forget_signal_actions() noexcept;

/// A session of its own: no terminal, and no signal to the starter's group reaches it.
[[nodiscard]] Result<void> begin_session() noexcept;

/// How tools list this process; 15 bytes of it.
void set_process_name(const std::string& name) noexcept;

/// From now on orphans among this process's descendants become its children [prctl(2)
/// PR_SET_CHILD_SUBREAPER].
[[nodiscard]] Result<void> adopt_orphans() noexcept;

/// Sends a signal to a process by its number; 0 only asks. `is_meant` is asked whether it is the
/// right one when the kernel cannot give the number to another any more, which may end and be
/// followed by one of the same number until then (before Linux 5.3 also after that).
///
/// Errors: Srch (there is none, or it is not meant) · Perm · Inval.
[[nodiscard]] Result<void> signal_process(std::int64_t process, int number,
                                          const std::function<bool()>& is_meant);

/// What tells a process from a later one of the same number.
struct ProcessStatus {
  char state = '?';           ///< as ps shows it; 'Z' and 'X' have ended
  std::uint64_t started = 0;  ///< in ticks since the machine was started
};
/// Srch if there is no such process, Io if /proc says nothing that can be used.
[[nodiscard]] Result<ProcessStatus> process_status(std::int64_t process);

struct ProgramCall {
  std::string path;
  std::vector<std::string> arguments;  ///< from the program's own name on
  std::vector<std::string> environment;
};
/// Runs a program that reads `input` and writes to our standard error, both ways, and has no other
/// descriptor. It is killed when it has not ended after `limit`: Timedout. Noent, Acces … : it
/// could not be started.
[[nodiscard]] Result<ExitStatus> run_program(const ProgramCall& call, core::ByteView input,
                                             std::chrono::nanoseconds limit);

/// The group that owns what is there; nothing if there is nothing.
[[nodiscard]] std::optional<std::uint32_t> group_of(const std::string& path) noexcept;

/// This process has a new network with nothing in it but a loopback interface that is up.
[[nodiscard]] Result<void> make_network() noexcept;
/// It has the network of the namespace at `path` [setns(2)]. Inval: it is none.
[[nodiscard]] Result<void> join_network(const std::string& path) noexcept;

/// What `path` names for a process whose root directory is `root`: links and ".." stay within, as
/// in chroot(2). For reading, closed on exec; never waits. Directories too, unless `regular`: then
/// Isdir, IsFifo, IsDevice or IsSocket for what is no regular file. Nosys before Linux 5.6.
[[nodiscard]] Result<Fd> open_in_root(BorrowedFd root, const std::string& path,
                                      bool regular) noexcept;

/// Groups, group and user, for good: what a program run from here on may touch is theirs.
[[nodiscard]] Result<void> take_identity(std::uint32_t user, std::uint32_t group,
                                         std::span<const std::uint32_t> groups) noexcept;
/// Who this process is.
[[nodiscard]] std::uint32_t user_id() noexcept;

/// Bits that files made from here on do not get.
void set_file_mask(std::uint32_t bits) noexcept;

/// A limit by its name in POSIX, "RLIMIT_NOFILE"; no limit is the largest number. Inval: no such
/// name. Perm: higher than this process may have.
[[nodiscard]] Result<void> limit_resource(std::string_view name, std::uint64_t soft,
                                          std::uint64_t hard) noexcept;
[[nodiscard]] bool is_resource_name(std::string_view name) noexcept;

}  // namespace merlon::os
