#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "merlon/os/file.h"
#include "merlon/wasi/testing/guest.h"

namespace merlon::wasi {
namespace {

using os::testing::ScratchDirectory;
using testing::Guest;

class FdIo : public ::testing::Test {
 protected:
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);
    dir_ = guest_.preopen(scratch_);
  }
  std::uint64_t seek(FdNumber fd, std::int64_t offset, std::uint32_t whence) {
    EXPECT_EQ((guest_.call<&api::fd_seek>(fd, offset, whence, Guest::result)), Errno::Success);
    return guest_.get<std::uint64_t>();
  }
  Errno pread(FdNumber fd, GuestSize size, std::uint64_t offset) {
    return guest_.call<&api::fd_pread>(fd, Guest::list, guest_.iovecs({{Guest::buffer, size}}),
                                       offset, Guest::result);
  }
  Errno pwrite(FdNumber fd, std::string_view text, std::uint64_t offset) {
    const GuestSize size = guest_.put(text);
    return guest_.call<&api::fd_pwrite>(fd, Guest::list, guest_.iovecs({{Guest::text, size}}),
                                        offset, Guest::result);
  }
  /// A pipe: its reading end for the guest, its writing end for us.
  FdNumber pipe_to_guest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    ours_ = os::Fd::adopt(ends[1]);
    return guest_.insert(open_file(os::Fd::adopt(ends[0])).value());
  }
  FdNumber pipe_from_guest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    ours_ = os::Fd::adopt(ends[0]);
    return guest_.insert(open_file(os::Fd::adopt(ends[1])).value());
  }
  void put_in_pipe(std::string_view text) {
    EXPECT_EQ(::write(ours_.number(), text.data(), text.size()),
              static_cast<::ssize_t>(text.size()));
  }
  std::size_t drain_pipe() {
    std::array<char, 4096> bytes{};
    std::size_t total = 0;
    for (;;) {
      const ::ssize_t size = ::read(ours_.number(), bytes.data(), bytes.size());
      if (size <= 0) return total;
      total += static_cast<std::size_t>(size);
    }
  }
  Errno set_nonblock(FdNumber fd) {
    return guest_.call<&api::fd_fdstat_set_flags>(fd, std::uint32_t{fdflags::nonblock.bits()});
  }

  ScratchDirectory scratch_;
  Guest guest_;
  FdNumber dir_ = 0;
  os::Fd ours_;
};

TEST_F(FdIo, WhatIsWrittenIsRead) {
  const FdNumber fd = guest_.create(dir_, "f");
  EXPECT_EQ(guest_.write(fd, "hello"), Errno::Success);
  EXPECT_EQ(guest_.get<GuestSize>(), 5U);
  EXPECT_EQ(scratch_.content("f"), "hello");
  EXPECT_EQ(seek(fd, 1, 0), 1U);
  EXPECT_EQ(guest_.read(fd), "ello");
  EXPECT_EQ(guest_.read(fd), "");
}

TEST_F(FdIo, SeveralBuffersAreOneWrite) {
  const FdNumber fd = guest_.create(dir_, "f");
  guest_.put("abc", 1024);
  guest_.put("defg", 2048);
  const GuestSize count = guest_.iovecs({{1024, 3}, {5000, 0}, {2048, 4}});
  EXPECT_EQ((guest_.call<&api::fd_write>(fd, Guest::list, count, Guest::result)), Errno::Success);
  EXPECT_EQ(guest_.get<GuestSize>(), 7U);
  EXPECT_EQ(scratch_.content("f"), "abcdefg");
}

TEST_F(FdIo, ABadResultAddressTakesNoBytes) {
  const FdNumber fd = pipe_to_guest();
  put_in_pipe("kept");
  const GuestSize count = guest_.iovecs({{Guest::buffer, 4}});
  EXPECT_EQ((guest_.call<&api::fd_read>(fd, Guest::list, count, 65534U)), Errno::Fault);
  EXPECT_EQ(guest_.read(fd), "kept");
}

TEST_F(FdIo, SeekKnowsItsThreeOriginsAndRefusesOthers) {
  scratch_.make_file("f", "0123456789");
  const FdNumber fd = guest_.open(dir_, "f", {});
  EXPECT_EQ(seek(fd, -3, 2), 7U);
  EXPECT_EQ(seek(fd, 1, 1), 8U);
  EXPECT_EQ(seek(fd, 1000, 1), 1008U);
  EXPECT_EQ((guest_.call<&api::fd_seek>(fd, std::int64_t{-1}, 0U, Guest::result)), Errno::Inval);
  EXPECT_EQ((guest_.call<&api::fd_seek>(fd, std::int64_t{0}, 3U, Guest::result)), Errno::Inval);
  EXPECT_EQ((guest_.call<&api::fd_tell>(fd, Guest::result)), Errno::Success);
  EXPECT_EQ(guest_.get<std::uint64_t>(), 1008U);
}

TEST_F(FdIo, TellNeedsLessThanSeek) {
  scratch_.make_file("f", "01");
  const FdNumber fd = guest_.open(dir_, "f", {.base = rights::fd_read | rights::fd_tell});
  EXPECT_EQ((guest_.call<&api::fd_tell>(fd, Guest::result)), Errno::Success);
  EXPECT_EQ(seek(fd, 0, 1), 0U);
  EXPECT_EQ((guest_.call<&api::fd_seek>(fd, std::int64_t{1}, 0U, Guest::result)),
            Errno::Notcapable);
  EXPECT_EQ(pread(fd, 1, 0), Errno::Notcapable);
}

TEST_F(FdIo, PositionedCallsLeaveThePositionAlone) {
  const FdNumber fd = guest_.create(dir_, "f");
  EXPECT_EQ(pwrite(fd, "0123", 2), Errno::Success);
  EXPECT_EQ(pread(fd, 4, 4), Errno::Success);
  EXPECT_EQ(guest_.get<GuestSize>(), 2U);
  EXPECT_EQ(guest_.string_at(Guest::buffer, 2), "23");
  EXPECT_EQ(seek(fd, 0, 1), 0U);
  EXPECT_EQ(pread(fd, 4, ~std::uint64_t{0}), Errno::Inval);
}

TEST_F(FdIo, ReadingAndWritingNeedTheirRights) {
  scratch_.make_file("f", "text");
  const FdNumber reader = guest_.open(dir_, "f", {.base = rights::fd_read});
  const FdNumber writer = guest_.open(dir_, "f", {.base = rights::fd_write});
  EXPECT_EQ(guest_.write(reader, "x"), Errno::Notcapable);
  EXPECT_EQ(guest_.read(writer), "(notcapable)");
  EXPECT_EQ(guest_.read(99), "(badf)");
}

TEST_F(FdIo, ADirectoryIsNeitherReadNorWrittenNorSought) {
  EXPECT_EQ(guest_.read(dir_), "(isdir)");
  EXPECT_EQ(guest_.write(dir_, "x"), Errno::Isdir);
  EXPECT_EQ(pread(dir_, 1, 0), Errno::Isdir);
  EXPECT_EQ((guest_.call<&api::fd_tell>(dir_, Guest::result)), Errno::Isdir);
}

TEST_F(FdIo, NullReadsNothingAndSwallowsAll) {
  const FdNumber fd = guest_.insert(null_file());
  EXPECT_EQ(guest_.read(fd), "");
  EXPECT_EQ(guest_.write(fd, "gone"), Errno::Success);
  EXPECT_EQ(guest_.get<GuestSize>(), 4U);
  EXPECT_EQ(pread(fd, 4, 9), Errno::Success);
  EXPECT_EQ(guest_.get<GuestSize>(), 0U);
  EXPECT_EQ(pwrite(fd, "gone", 9), Errno::Success);
  EXPECT_EQ(guest_.get<GuestSize>(), 4U);
  EXPECT_EQ(seek(fd, 5, 0), 0U);
}

TEST_F(FdIo, APipeHasNoPositions) {
  const FdNumber fd = pipe_to_guest();
  EXPECT_EQ((guest_.call<&api::fd_tell>(fd, Guest::result)), Errno::Spipe);
  EXPECT_EQ(pread(fd, 1, 0), Errno::Spipe);
}

TEST_F(FdIo, ABlockingReadWaitsForTheFirstByte) {
  const FdNumber fd = pipe_to_guest();
  std::thread writer([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    put_in_pipe("late");
  });
  EXPECT_EQ(guest_.read(fd), "late");
  writer.join();
  ours_.close();
  EXPECT_EQ(guest_.read(fd), "");
}

TEST_F(FdIo, ANonblockingReadSaysAgainAndTheSharedFileIsNotChanged) {
  const FdNumber fd = pipe_to_guest();
  const FdEntry* entry = guest_.context().files().get(fd).value();
  EXPECT_EQ(set_nonblock(fd), Errno::Success);
  EXPECT_EQ(guest_.read(fd), "(again)");
  EXPECT_FALSE(os::open_flags(entry->file).value().nonblock);
  put_in_pipe("now");
  EXPECT_EQ(guest_.read(fd), "now");
}

TEST_F(FdIo, ABlockingWriteGoesOnUntilAllIsWritten) {
  const FdNumber fd = pipe_from_guest();
  std::size_t drained = 0;
  std::thread reader([&] { drained = drain_pipe(); });
  // More than a pipe holds: 128 times the same 16 KiB.
  std::vector<std::pair<GuestAddress, GuestSize>> buffers(128, {Guest::text, 15000});
  const GuestSize count = guest_.iovecs(buffers);
  EXPECT_EQ((guest_.call<&api::fd_write>(fd, Guest::list, count, Guest::result)), Errno::Success);
  EXPECT_EQ(guest_.get<GuestSize>(), 128U * 15000U);
  EXPECT_EQ((guest_.call<&api::fd_close>(fd)), Errno::Success);
  reader.join();
  EXPECT_EQ(drained, 128U * 15000U);
}

TEST_F(FdIo, ANonblockingWriteIsShortThenSaysAgain) {
  const FdNumber fd = pipe_from_guest();
  EXPECT_EQ(set_nonblock(fd), Errno::Success);
  const GuestSize count = guest_.iovecs({{0, 65536}, {0, 65536}});
  std::size_t written = 0;
  Errno last = Errno::Success;
  for (int i = 0; i < 100 && last == Errno::Success; ++i) {
    // The answer goes beside the buffers' content, which does not matter here.
    last = guest_.call<&api::fd_write>(fd, Guest::list, count, Guest::result);
    if (last == Errno::Success) written += guest_.get<GuestSize>();
    guest_.iovecs({{0, 65536}, {0, 65536}});
  }
  EXPECT_EQ(last, Errno::Again);
  EXPECT_GE(written, 4096U);
  EXPECT_LE(written, 2U * 65536U);
}

TEST_F(FdIo, AClosedReaderIsPipeNotTheEndOfUs) {
  const FdNumber fd = pipe_from_guest();
  ours_.close();
  EXPECT_EQ(guest_.write(fd, "x"), Errno::Pipe);
}

TEST_F(FdIo, InterruptEndsAReadThatWaits) {
  const FdNumber fd = pipe_to_guest();
  std::thread stopper([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    guest_.context().interrupt();
  });
  const GuestSize count = guest_.iovecs({{Guest::buffer, 4}});
  EXPECT_EQ(api::fd_read(guest_.context(), guest_.memory(), fd, Guest::list, count, Guest::result)
                .error(),
            interrupted());
  stopper.join();
}

TEST_F(FdIo, ASignalWithInterruptEndsAWriteInsideTheKernel) {
  const FdNumber fd = pipe_from_guest();
  static Context* context = nullptr;
  context = &guest_.context();
  struct ::sigaction action{};
  action.sa_handler = [](int) { context->interrupt(); };
  ASSERT_EQ(::sigaction(SIGALRM, &action, nullptr), 0);
  guest_.context().files().get(fd).value()->needs_poll = true;  // as on Linux before 6.4
  const ::itimerval soon{{0, 5000}, {0, 20000}};
  ASSERT_EQ(::setitimer(ITIMER_REAL, &soon, nullptr), 0);
  const GuestSize count = guest_.iovecs({{0, 65536}, {0, 65536}});
  const Result<void> stopped =
      api::fd_write(guest_.context(), guest_.memory(), fd, Guest::list, count, Guest::result);
  const ::itimerval never{};
  ::setitimer(ITIMER_REAL, &never, nullptr);
  ::signal(SIGALRM, SIG_DFL);
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error(), interrupted());
}

TEST_F(FdIo, AFileThatMustBeAskedFirstBehavesTheSame) {
  const FdNumber fd = pipe_to_guest();
  guest_.context().files().get(fd).value()->needs_poll = true;
  put_in_pipe("here");
  EXPECT_EQ(guest_.read(fd), "here");
  EXPECT_EQ(set_nonblock(fd), Errno::Success);
  EXPECT_EQ(guest_.read(fd), "(again)");
}

TEST_F(FdIo, AFullPipeThatMustBeAskedFirstSaysAgain) {
  const FdNumber fd = pipe_from_guest();
  guest_.context().files().get(fd).value()->needs_poll = true;
  EXPECT_EQ(set_nonblock(fd), Errno::Success);
  Errno last = Errno::Success;
  for (int i = 0; i < 10'000 && last == Errno::Success; ++i) last = guest_.write(fd, "0123456789");
  EXPECT_EQ(last, Errno::Again);
}

TEST_F(FdIo, ATerminalIsAskedFirst) {
  const os::Fd ours = os::Fd::adopt(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!ours.is_open() || ::grantpt(ours.number()) != 0 || ::unlockpt(ours.number()) != 0) {
    GTEST_SKIP() << "no terminals here";
  }
  const int theirs = ::open(::ptsname(ours.number()), O_RDWR | O_NOCTTY | O_CLOEXEC);
  ASSERT_GE(theirs, 0);
  const FdNumber fd = guest_.insert(open_file(os::Fd::adopt(theirs)).value());
  ASSERT_EQ(::write(ours.number(), "line\n", 5), 5);
  EXPECT_EQ(guest_.read(fd), "line\n");
  EXPECT_EQ(set_nonblock(fd), Errno::Success);
  EXPECT_EQ(guest_.read(fd), "(again)");
  EXPECT_EQ(guest_.write(fd, "back"), Errno::Success);
}

TEST_F(FdIo, AStreamSocketReadsAndWritesAsAFile) {
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  ours_ = os::Fd::adopt(pair[0]);
  const FdNumber fd = guest_.insert(open_file(os::Fd::adopt(pair[1])).value());
  EXPECT_EQ(guest_.context().files().get(fd).value()->filetype, Filetype::SocketStream);
  put_in_pipe("ping");
  EXPECT_EQ(guest_.read(fd), "ping");
  EXPECT_EQ(guest_.write(fd, "pong"), Errno::Success);
  std::array<char, 4> got{};
  EXPECT_EQ(::read(ours_.number(), got.data(), got.size()), 4);
  ours_.close();
  EXPECT_EQ(guest_.write(fd, "x"), Errno::Pipe);
}

TEST_F(FdIo, AFailedWriteToAHostsStreamIsRememberedOnce) {
  FdEntry full = open_file(os::Fd::adopt(::open("/dev/full", O_WRONLY | O_CLOEXEC))).value();
  full.loss_name = "standard output";
  const FdNumber fd = guest_.insert(std::move(full));
  EXPECT_FALSE(guest_.context().output_loss().has_value());
  EXPECT_EQ(guest_.write(fd, "lost"), Errno::Nospc);
  ASSERT_TRUE(guest_.context().output_loss().has_value());
  EXPECT_EQ(guest_.context().output_loss()->file, "standard output");
  EXPECT_EQ(guest_.context().output_loss()->reason, Errno::Nospc);
}

TEST_F(FdIo, FailedWritesToTheGuestsOwnFilesAreItsOwnAffair) {
  const FdNumber fd = pipe_from_guest();
  ours_.close();
  EXPECT_EQ(guest_.write(fd, "lost"), Errno::Pipe);
  EXPECT_FALSE(guest_.context().output_loss().has_value());
}

}  // namespace
}  // namespace merlon::wasi
