#include "merlon/os/helper.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "merlon/os/child_end.h"
#include "merlon/os/clock.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"
#include "merlon/os/poll.h"

namespace merlon::os {

namespace {

constexpr std::size_t max_input = std::size_t{32} << 10U;

struct Pipe {
  Fd reading;
  Fd writing;
};

Result<Pipe> make_pipe() noexcept {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return last_errno();
  return Pipe{Fd::adopt(ends[0]), Fd::adopt(ends[1])};
}

/// In the child no signal is blocked or ignored that this process blocks or ignores.
class Manner {
 public:
  Manner(int input, int output) noexcept {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_adddup2(&actions_, input, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, output, 1);
    ::posix_spawnattr_init(&attributes_);
    ::sigset_t none;
    ::sigset_t broken_pipe;
    sigemptyset(&none);
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &broken_pipe);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Manner() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  Manner(const Manner&) = delete;
  Manner& operator=(const Manner&) = delete;

  [[nodiscard]] const ::posix_spawn_file_actions_t* actions() const noexcept { return &actions_; }
  [[nodiscard]] const ::posix_spawnattr_t* attributes() const noexcept { return &attributes_; }

 private:
  ::posix_spawn_file_actions_t actions_{};
  ::posix_spawnattr_t attributes_{};
};

/// Until the end, or for what reason not.
Result<std::vector<std::uint8_t>> read_until_end(BorrowedFd from, std::size_t most,
                                                 std::uint64_t deadline) {
  std::vector<std::uint8_t> all;
  std::array<std::uint8_t, 4096> room{};
  const std::array into{::iovec{room.data(), room.size()}};
  for (;;) {
    const auto time = now(Clock::Monotonic);
    if (!time || *time >= deadline) return Errno::Timedout;
    std::array items{PollItem{from.number(), POLLIN, 0}};
    const auto left = std::chrono::nanoseconds(static_cast<std::int64_t>(deadline - *time));
    const auto ready = poll(items, left);
    if (!ready && ready.error() != Errno::Intr) return ready.error();
    if (!ready || *ready == 0) continue;
    const auto got = read(from, into);
    if (!got && got.error() == Errno::Intr) continue;
    if (!got) return got.error();
    if (*got == 0) return all;
    if (*got > most - all.size()) return Errno::Fbig;
    all.insert(all.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(*got));
  }
}

}  // namespace

Result<HelperAnswer> run_helper(std::span<const std::string> words, core::ByteView input,
                                std::size_t max_output, std::uint64_t deadline) {
  if (words.empty() || input.size() > max_input) return Errno::Inval;
  // A file that has no name: one that does not read its input breaks no pipe.
  const Fd in = TRY(memory_file("input", input));
  auto out = TRY(make_pipe());
  std::vector<char*> argv;
  // SAFETY: posix_spawn promises to leave the strings alone; their type is older than const.
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::pid_t id = 0;
  {
    const Manner manner(in.number(), out.writing.number());
    const int failure = ::posix_spawnp(&id, words[0].c_str(), manner.actions(), manner.attributes(),
                                       argv.data(), environ);
    if (failure != 0) return static_cast<Errno>(failure);
  }
  const ChildProcess child = ChildProcess::adopt(id);
  out.writing = Fd();
  auto output = read_until_end(out.reading, max_output, deadline);
  if (!output) static_cast<void>(child.signal(SIGKILL));
  const auto status = output ? end_by(child, deadline) : child.wait();
  if (!output) return output.error();
  if (!status) return status.error();
  return HelperAnswer{*status, *std::move(output)};
}

}  // namespace merlon::os
