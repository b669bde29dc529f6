#include "merlon/os/process.h"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "merlon/os/channel.h"
#include "merlon/os/clock.h"
#include "merlon/os/container.h"
#include "merlon/os/open.h"
#include "merlon/os/terminal.h"

namespace merlon::os {
namespace {

struct Pipe {
  Fd read;
  Fd write;
};

Pipe make_pipe() {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  return {Fd::adopt(ends[0]), Fd::adopt(ends[1])};
}

Result<ChildProcess> shell(const std::string& script, BorrowedFd third) {
  const std::vector<std::string> arguments{"sh", "-c", script};
  return ChildProcess::spawn("/bin/sh", arguments, third);
}

/// What a shell script prints to its descriptor 3.
std::string said(const std::string& script) {
  Pipe pipe = make_pipe();
  const auto child = shell(script, pipe.write);
  EXPECT_TRUE(child.has_value());
  pipe.write.close();
  const auto bytes = read_all(pipe.read, 10'000);
  EXPECT_TRUE(child->wait().has_value());
  return bytes ? std::string(core::as_text(*bytes)) : "";
}

TEST(ChildProcess, EndsWithItsStatus) {
  const Pipe pipe = make_pipe();
  const auto child = shell("exit 7", pipe.write);
  ASSERT_TRUE(child.has_value());
  const auto status = child->wait();
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->kind, ExitStatus::Kind::Exited);
  EXPECT_EQ(status->value, 7);
}

TEST(ChildProcess, EndsBySignal) {
  const Pipe pipe = make_pipe();
  const auto child = shell("kill -KILL $$", pipe.write);
  const auto status = child->wait();
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->kind, ExitStatus::Kind::Killed);
  EXPECT_EQ(status->value, SIGKILL);
}

TEST(ChildProcess, HasFourDescriptorsAndNoEnvironment) {
  // One descriptor that would leak if nobody closed it.
  const Fd leak = Fd::adopt(::open("/dev/null", O_RDONLY));
  ASSERT_TRUE(leak.is_open());
  EXPECT_EQ(said("for n in 0 1 2 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$n ] && echo $n; done >&3"),
            "0\n1\n2\n3\n");
  const std::string environment = said("tr '\\0' '\\n' < /proc/$$/environ >&3");
  EXPECT_EQ(environment, "");
}

TEST(ChildProcess, HasItsDescriptorsInTheirOrderWhereverTheyWere) {
  // Out of the way, however many descriptors this program was started with.
  const auto high = [](const Fd& fd) {
    return Fd::adopt(::fcntl(fd.number(), F_DUPFD_CLOEXEC, 100));
  };
  std::vector<Pipe> pipes;
  for (int i = 0; i < 3; ++i) {
    const Pipe pipe = make_pipe();
    pipes.push_back({high(pipe.read), high(pipe.write)});
  }
  // Where the child's own will be, in another order than theirs. Whatever lay there comes back.
  std::map<int, int> saved;
  std::vector<BorrowedFd> others;
  for (const int number : {5, 3, 4}) {
    saved[number] = ::fcntl(number, F_DUPFD_CLOEXEC, 100);
    const int source = pipes[static_cast<std::size_t>(number - 3)].write.number();
    ASSERT_EQ(::dup2(source, number), number);
    others.emplace_back(number);
  }
  const std::vector<std::string> arguments{"sh", "-c", "echo a >&3; echo b >&4; echo c >&5"};
  const auto child = ChildProcess::spawn("/bin/sh", arguments, others);
  ASSERT_TRUE(child.has_value());
  EXPECT_EQ(child->wait()->value, 0);
  for (const auto& [number, copy] : saved) {
    ::close(number);
    if (copy < 0) continue;
    ::dup2(copy, number);
    ::close(copy);
  }
  std::string heard;
  for (Pipe& pipe : pipes) {
    pipe.write.close();
    heard += core::as_text(read_all(pipe.read, 100).value());
  }
  EXPECT_EQ(heard, "b\nc\na\n");  // 3, 4 and 5 of ours were the child's 4, 5 and 3
}

TEST(ChildProcess, AProgramThatIsNotThereIsAnError) {
  const Pipe pipe = make_pipe();
  const std::vector<std::string> arguments{"x"};
  EXPECT_EQ(ChildProcess::spawn("/nonexistent/x", arguments, pipe.write).error(), Errno::Noent);
}

TEST(Become, IsTheOtherProgramInTheSameProcess) {
  const std::vector<std::string> arguments{"sh", "-c", "exit $1", "sh", "23"};
  EXPECT_EXIT(static_cast<void>(become("/bin/sh", arguments)), testing::ExitedWithCode(23), "");
}

TEST(Become, ComesBackIfItCannot) {
  const std::vector<std::string> arguments{"x"};
  EXPECT_EQ(become("/nonexistent/x", arguments), Errno::Noent);
}

TEST(SignalRelay, PassesSignalsOnAndTheChildDecides) {
  Pipe pipe = make_pipe();
  const SignalRelay relay;
  const auto child =
      shell("trap 'exit 42' TERM; echo ready >&3; while :; do sleep 0.01; done", pipe.write);
  ASSERT_TRUE(child.has_value());
  char byte = 0;
  ASSERT_EQ(::read(pipe.read.number(), &byte, 1), 1);  // the trap is set
  ASSERT_EQ(::kill(::getpid(), SIGTERM), 0);
  const auto status = relay.wait(*child);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->value, 42);
}

TEST(SignalRelay, WaitsNoLongerThanItIsTold) {
  Pipe pipe = make_pipe();
  const SignalRelay relay;
  const auto child = shell("exec sleep 60", pipe.write);
  ASSERT_TRUE(child.has_value());
  const auto early = relay.wait_until(*child, 0);
  ASSERT_TRUE(early.has_value());
  EXPECT_FALSE(early->has_value());
  const auto late = relay.wait_until(*child, *now(Clock::Monotonic) + 20'000'000);
  ASSERT_TRUE(late.has_value());
  EXPECT_FALSE(late->has_value());
  ASSERT_TRUE(child->signal(SIGKILL).has_value());
  const auto ended = relay.wait_until(*child, *now(Clock::Monotonic) + 60'000'000'000);
  ASSERT_TRUE(ended.has_value());
  ASSERT_TRUE(ended->has_value());
  EXPECT_EQ((*ended)->value, SIGKILL);
}

TEST(SignalRelay, ASignalThatKillsTheChildIsItsEnd) {
  Pipe pipe = make_pipe();
  // What a shell runs in the background ignores SIGINT, and so would the child.
  ::signal(SIGINT, SIG_DFL);
  const SignalRelay relay;
  const auto child = shell("echo ready >&3; exec sleep 60", pipe.write);
  char byte = 0;
  ASSERT_EQ(::read(pipe.read.number(), &byte, 1), 1);
  ASSERT_EQ(::kill(::getpid(), SIGINT), 0);
  const auto status = relay.wait(*child);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->kind, ExitStatus::Kind::Killed);
  EXPECT_EQ(status->value, SIGINT);
}

/// Whether a child that was started after somebody had pressed Ctrl-C ends by it.
bool ends_by_an_early_interrupt() {
  ::signal(SIGINT, SIG_DFL);
  if (!begin_session()) return false;
  const auto terminal = open_terminal();
  if (!terminal || !take_terminal(terminal->line)) return false;
  const SignalRelay relay;
  if (::write(terminal->keyboard.number(), "\3", 1) != 1) return false;
  ::sigset_t waiting;
  do {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ::sigpending(&waiting);
  } while (::sigismember(&waiting, SIGINT) == 0);
  const std::vector<std::string> arguments{"sleep", "60"};
  const auto child = ChildProcess::spawn("/bin/sleep", arguments, std::span<const BorrowedFd>());
  if (!child) return false;
  const auto ended = relay.wait_until(*child, *now(Clock::Monotonic) + 30'000'000'000);
  return ended && *ended && (*ended)->kind == ExitStatus::Kind::Killed && (*ended)->value == SIGINT;
}

TEST(SignalRelay, WhatTheTerminalSentBeforeTheChildWasThereReachesIt) {
  EXPECT_EXIT(
      {
        ::signal(SIGHUP, SIG_IGN);  // its terminal goes when the function ends
        std::_Exit(ends_by_an_early_interrupt() ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(SignalName, KnowsTheUsualOnes) {
  EXPECT_STREQ(signal_name(SIGSEGV), "SIGSEGV");
  EXPECT_STREQ(signal_name(99), "signal");
}

TEST(SignalRelay, PassesOnToAProcessThatIsNobodysChild) {
  auto pipe = open_channel();
  ASSERT_TRUE(pipe);
  const SignalRelay relay;
  const auto child = ChildProcess::spawn("/bin/sleep", std::array<std::string, 2>{"sleep", "60"},
                                         BorrowedFd(pipe->there));
  ASSERT_TRUE(child);
  pipe->there.close();
  const auto process = open_process(child->id());
  ASSERT_TRUE(process);
  const auto now = os::now(Clock::Monotonic);
  ASSERT_TRUE(now);
  EXPECT_FALSE(relay.wait_readable_for(pipe->here, *process, *now).value());
  ::raise(SIGTERM);
  // The other end closes when the child has ended.
  EXPECT_TRUE(relay.wait_readable_for(pipe->here, *process, *now + 10'000'000'000).value());
  const auto ended = child->wait();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->kind, ExitStatus::Kind::Killed);
  EXPECT_EQ(ended->value, SIGTERM);
  EXPECT_FALSE(signal(*process, SIGTERM));
}

}  // namespace
}  // namespace merlon::os
