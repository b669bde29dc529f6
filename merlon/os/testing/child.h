#pragma once

// A piece of a test that runs in a process of its own, because it changes or ends its process.

#include <array>
#include <functional>
#include <string>

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "merlon/os/open.h"
#include "merlon/os/process.h"

namespace merlon::os::testing {

/// How a child ended, and what it and its children wrote to standard error.
struct Ended {
  ExitStatus status;
  std::string said;

  [[nodiscard]] bool with(int value) const {
    return status.kind == ExitStatus::Kind::Exited && status.value == value;
  }
  [[nodiscard]] bool by(int signal) const {
    return status.kind == ExitStatus::Kind::Killed && status.value == signal;
  }
};

inline std::ostream& operator<<(std::ostream& out, const Ended& ended) {
  const bool exited = ended.status.kind == ExitStatus::Kind::Exited;
  return out << (exited ? "exit status " : "signal ") << ended.status.value << ", said \""
             << ended.said << '"';
}

/// Runs `body` in a forked child, whose exit status is what it gives.
inline Ended in_child(const std::function<int()>& body) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const Fd read_end = Fd::adopt(ends[0]);
  Fd write_end = Fd::adopt(ends[1]);
  const ::pid_t child = ::fork();
  EXPECT_GE(child, 0);
  if (child == 0) {
    ::dup2(write_end.number(), 2);
    ::_exit(body());
  }
  write_end.close();
  Ended ended;
  const auto said = read_all(read_end, 100'000);
  if (said) ended.said = core::as_text(*said);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  ended.status = WIFSIGNALED(status) ? ExitStatus{ExitStatus::Kind::Killed, WTERMSIG(status)}
                                     : ExitStatus{ExitStatus::Kind::Exited, WEXITSTATUS(status)};
  return ended;
}

/// In a child of root: goes on as an ordinary user. False if that cannot be.
inline bool become_nobody() {
  constexpr unsigned nobody = 65534;
  return ::setgroups(0, nullptr) == 0 && ::setgid(nobody) == 0 && ::setuid(nobody) == 0;
}

}  // namespace merlon::os::testing
