#include "merlon/os/container.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <string>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "merlon/core/bytes.h"
#include "merlon/os/child_end.h"
#include "merlon/os/clock.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"
#include "merlon/os/poll.h"

namespace merlon::os {

namespace {

Result<void> done_or_errno(long result) noexcept {
  if (result < 0) return last_errno();
  return {};
}

struct ResourceName {
  std::string_view name;
  __rlimit_resource resource;
};
constexpr auto resource_names = std::array{
    ResourceName{"RLIMIT_AS", RLIMIT_AS},
    ResourceName{"RLIMIT_CORE", RLIMIT_CORE},
    ResourceName{"RLIMIT_CPU", RLIMIT_CPU},
    ResourceName{"RLIMIT_DATA", RLIMIT_DATA},
    ResourceName{"RLIMIT_FSIZE", RLIMIT_FSIZE},
    ResourceName{"RLIMIT_LOCKS", RLIMIT_LOCKS},
    ResourceName{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    ResourceName{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
    ResourceName{"RLIMIT_NICE", RLIMIT_NICE},
    ResourceName{"RLIMIT_NOFILE", RLIMIT_NOFILE},
    ResourceName{"RLIMIT_NPROC", RLIMIT_NPROC},
    ResourceName{"RLIMIT_RSS", RLIMIT_RSS},
    ResourceName{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    ResourceName{"RLIMIT_RTTIME", RLIMIT_RTTIME},
    ResourceName{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    ResourceName{"RLIMIT_STACK", RLIMIT_STACK},
};

/// The word number `index` of a text, from 0.
std::string_view word_of(std::string_view text, std::size_t index) noexcept {
  for (; index > 0; --index) {
    const std::size_t blank = text.find(' ');
    if (blank == std::string_view::npos) return {};
    text.remove_prefix(blank + 1);
  }
  return text.substr(0, text.find(' '));
}

Result<void> raise_loopback() noexcept {
  const int number = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (number < 0) return last_errno();
  const Fd socket = Fd::adopt(number);
  ::ifreq request{};
  constexpr std::string_view loopback = "lo";
  std::ranges::copy(loopback, request.ifr_name);
  TRY(done_or_errno(::ioctl(socket.number(), SIOCGIFFLAGS, &request)));
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  return done_or_errno(::ioctl(socket.number(), SIOCSIFFLAGS, &request));
}

/// Its pointers are the texts'.
std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  // SAFETY: execve promises to leave the strings alone; its type is older than const.
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// In the child: becomes the program, or tells why not on `telling`, which a program closes.
[[noreturn]] void become_program(const ProgramCall& call, BorrowedFd input, BorrowedFd telling) {
  const std::vector<char*> arguments = pointers_to(call.arguments);
  const std::vector<char*> environment = pointers_to(call.environment);
  forget_signal_actions();
  ::signal(SIGPIPE, SIG_DFL);
  ::dup2(input.number(), 0);
  ::dup2(2, 1);
  constexpr unsigned on_exec = 1U << 2U;  // CLOSE_RANGE_CLOEXEC
  ::syscall(SYS_close_range, 3U, ~0U, on_exec);
  ::execve(call.path.c_str(), arguments.data(), environment.data());
  const int reason = errno;
  static_cast<void>(!::write(telling.number(), &reason, sizeof(reason)));
  ::_exit(1);
}

}  // namespace

Result<ExitStatus> run_program(const ProgramCall& call, core::ByteView input,
                               std::chrono::nanoseconds limit) {
  // A file without a name: one that does not read its input breaks no pipe.
  const Fd in = TRY(memory_file("input", input));
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return last_errno();
  const Fd hearing = Fd::adopt(ends[0]);
  Fd telling = Fd::adopt(ends[1]);
  const auto child = TRY(fork_process());
  if (!child) become_program(call, in, telling);
  telling.close();
  int reason = 0;
  const ::ssize_t heard = ::read(hearing.number(), &reason, sizeof(reason));
  const std::uint64_t deadline =
      TRY(now(Clock::Monotonic)) + static_cast<std::uint64_t>(limit.count());
  auto ended = end_by(*child, deadline);
  if (heard == sizeof(reason)) return static_cast<Errno>(reason);
  return ended;
}

std::optional<std::uint32_t> group_of(const std::string& path) noexcept {
  struct ::stat there{};
  if (::stat(path.c_str(), &there) != 0) return std::nullopt;
  return there.st_gid;
}

Result<std::optional<ChildProcess>> fork_process() noexcept {
  const ::pid_t child = ::fork();
  if (child < 0) return last_errno();
  if (child == 0) return std::optional<ChildProcess>();
  return std::optional(ChildProcess::adopt(child));
}

void forget_signal_actions() noexcept {
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCHLD, SIGALRM}) {
    ::signal(number, SIG_DFL);
  }
  ::sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

Result<void> begin_session() noexcept { return done_or_errno(::setsid()); }

void set_process_name(const std::string& name) noexcept { ::prctl(PR_SET_NAME, name.c_str()); }

Result<void> adopt_orphans() noexcept {
  return done_or_errno(::prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L));
}

Result<void> signal_process(std::int64_t process, int number,
                            const std::function<bool()>& is_meant) {
  if (process <= 0 || process > INT32_MAX) return Errno::Srch;
  const auto id = static_cast<::pid_t>(process);
  const auto held = open_process(id);
  if (!held && held.error() != Errno::Nosys) return held.error();
  if (!is_meant()) return Errno::Srch;
  return held ? signal(*held, number) : done_or_errno(::kill(id, number));
}

Result<ProcessStatus> process_status(std::int64_t process) {
  constexpr std::size_t largest = 4096;
  const auto file = open_file("/proc/" + std::to_string(process) + "/stat");
  if (!file) return file.error() == Errno::Noent ? Errno::Srch : file.error();
  const auto bytes = read_all(*file, largest);
  if (!bytes) return bytes.error();
  const std::string_view text = core::as_text(*bytes);
  // The name in brackets may hold anything, blanks and brackets too [proc(5)].
  const std::size_t bracket = text.rfind(") ");
  if (bracket == std::string_view::npos) return Errno::Io;
  const std::string_view rest = text.substr(bracket + 2);
  constexpr std::size_t start_time = 19;  // field 22; the state is field 3
  const std::string_view word = word_of(rest, start_time);
  ProcessStatus status;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), status.started);
  if (rest.empty() || error != std::errc{} || end != word.data() + word.size()) return Errno::Io;
  status.state = rest.front();
  return status;
}

Result<void> make_network() noexcept {
  TRY(done_or_errno(::unshare(CLONE_NEWNET)));
  return raise_loopback();
}

Result<void> join_network(const std::string& path) noexcept {
  const int number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (number < 0) return last_errno();
  const Fd space = Fd::adopt(number);
  return done_or_errno(::setns(space.number(), CLONE_NEWNET));
}

Result<Fd> open_in_root(BorrowedFd root, const std::string& path, bool regular) noexcept {
  ::open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  constexpr int most_races = 16;
  long number = -1;
  for (int race = 0; race < most_races && number < 0; ++race) {
    number = ::syscall(SYS_openat2, root.number(), path.c_str(), &how, sizeof(how));
    if (number < 0 && errno != EAGAIN && errno != EINTR) return last_errno();
  }
  if (number < 0) return last_errno();
  Fd opened = Fd::adopt(static_cast<int>(number));
  if (!regular) return opened;
  switch (TRY(status(opened)).type) {
    case FileType::Regular: return opened;
    case FileType::Directory: return Errno::Isdir;
    case FileType::Fifo: return Errno::IsFifo;
    case FileType::Socket: return Errno::IsSocket;
    case FileType::Symlink:
    case FileType::BlockDevice:
    case FileType::CharacterDevice:
    case FileType::Unknown: break;
  }
  return Errno::IsDevice;
}

Result<void> take_identity(std::uint32_t user, std::uint32_t group,
                           std::span<const std::uint32_t> groups) noexcept {
  // Who is not root has the groups that he has, and may only stay who he is.
  if (::geteuid() == 0) TRY(done_or_errno(::setgroups(groups.size(), groups.data())));
  TRY(done_or_errno(::setresgid(group, group, group)));
  return done_or_errno(::setresuid(user, user, user));
}

std::uint32_t user_id() noexcept { return ::geteuid(); }

void set_file_mask(std::uint32_t bits) noexcept { ::umask(bits); }

bool is_resource_name(std::string_view name) noexcept {
  return std::ranges::find(resource_names, name, &ResourceName::name) != resource_names.end();
}

Result<void> limit_resource(std::string_view name, std::uint64_t soft,
                            std::uint64_t hard) noexcept {
  const auto* const found = std::ranges::find(resource_names, name, &ResourceName::name);
  if (found == resource_names.end()) return Errno::Inval;
  const ::rlimit limit{soft, hard};
  return done_or_errno(::setrlimit(found->resource, &limit));
}

}  // namespace merlon::os
