#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "merlon/os/clock.h"
#include "merlon/os/socket.h"
#include "merlon/wasi/testing/guest.h"

namespace merlon::wasi {
namespace {

using os::testing::ScratchDirectory;
using testing::Guest;

constexpr std::uint32_t realtime = 0;
constexpr std::uint32_t monotonic = 1;
constexpr std::uint64_t millisecond = 1'000'000;

struct Event {
  std::uint64_t userdata = 0;
  Errno error = Errno::Success;
  EventType type = EventType::Clock;
  std::uint64_t nbytes = 0;
  std::uint16_t flags = 0;
};

class PollOneoff : public ::testing::Test {
 protected:
  static constexpr GuestAddress in = 4096;
  static constexpr GuestAddress out = 32768;

  void subscribe_clock(std::uint64_t userdata, std::uint32_t id, Timestamp timeout,
                       std::uint16_t flags = 0) {
    const core::ByteSpan record = next(userdata, 0);
    GuestMemory::write(record, 16, id);
    GuestMemory::write(record, 24, timeout);
    GuestMemory::write(record, 40, flags);
  }
  void subscribe(std::uint64_t userdata, EventType type, FdNumber fd) {
    GuestMemory::write(next(userdata, static_cast<std::uint8_t>(type)), 16, fd);
  }
  core::ByteSpan next(std::uint64_t userdata, std::uint8_t tag) {
    const core::ByteSpan record = guest().memory().at(in + count_ * 48, 48).value();
    std::fill(record.begin(), record.end(), std::uint8_t{0xAA});  // padding is nobody's business
    GuestMemory::write(record, 0, userdata);
    GuestMemory::write(record, 8, tag);
    ++count_;
    return record;
  }
  Errno poll() {
    const Errno number = guest().call<&api::poll_oneoff>(in, out, count_, Guest::result);
    count_ = 0;
    return number;
  }
  std::vector<Event> events() {
    EXPECT_EQ(poll(), Errno::Success);
    std::vector<Event> found(guest().get<GuestSize>());
    for (GuestAddress i = 0; i < found.size(); ++i) {
      const core::ByteSpan record = guest().memory().at(out + i * 32, 32).value();
      found[i] = {GuestMemory::read<std::uint64_t>(record, 0),
                  static_cast<Errno>(GuestMemory::read<std::uint16_t>(record, 8)),
                  static_cast<EventType>(GuestMemory::read<std::uint8_t>(record, 10)),
                  GuestMemory::read<std::uint64_t>(record, 16),
                  GuestMemory::read<std::uint16_t>(record, 24)};
    }
    return found;
  }
  Guest& guest() {
    if (!guest_) guest_.emplace(options_);
    return *guest_;
  }
  FdNumber pipe_reader() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    ours_ = os::Fd::adopt(ends[1]);
    return guest().insert(open_file(os::Fd::adopt(ends[0])).value());
  }
  FdNumber socket() {
    std::array<int, 2> pair{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    ours_ = os::Fd::adopt(pair[0]);
    return guest().insert(open_file(os::Fd::adopt(pair[1])).value());
  }
  void send(std::string_view text) {
    EXPECT_EQ(::write(ours_.number(), text.data(), text.size()),
              static_cast<::ssize_t>(text.size()));
  }

  ContextOptions options_;
  std::optional<Guest> guest_;
  GuestSize count_ = 0;
  os::Fd ours_;
};

TEST_F(PollOneoff, NothingToWaitForIsInvalid) { EXPECT_EQ(poll(), Errno::Inval); }

TEST_F(PollOneoff, ListsOutsideOfMemoryFault) {
  EXPECT_EQ((guest().call<&api::poll_oneoff>(65500U, out, 1U, Guest::result)), Errno::Fault);
  EXPECT_EQ((guest().call<&api::poll_oneoff>(in, 65520U, 1U, Guest::result)), Errno::Fault);
  EXPECT_EQ((guest().call<&api::poll_oneoff>(in, out, ~0U, Guest::result)), Errno::Nomem);
  EXPECT_EQ((guest().call<&api::poll_oneoff>(in, out, 1U, 65533U)), Errno::Fault);
}

TEST_F(PollOneoff, ATimeoutRingsNotBeforeItsTime) {
  const std::uint64_t before = os::now(os::Clock::Monotonic).value();
  subscribe_clock(7, monotonic, 20 * millisecond);
  const std::vector<Event> found = events();
  EXPECT_GE(os::now(os::Clock::Monotonic).value() - before, 20 * millisecond);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].userdata, 7U);
  EXPECT_EQ(found[0].type, EventType::Clock);
  EXPECT_EQ(found[0].error, Errno::Success);
}

TEST_F(PollOneoff, AKernelThatCannotWaitSaysSo) {
  ::rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const FdNumber fd = pipe_reader();
  ASSERT_TRUE(guest().context().bell().has_value());
  const ::rlimit none{1, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  subscribe(1, EventType::FdRead, fd);
  EXPECT_EQ(poll(), Errno::Inval);  // more files than a process may have
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST_F(PollOneoff, SignalsDoNotPutATimeoutOff) {
  struct sigaction nothing{};
  nothing.sa_handler = [](int) {};  // without SA_RESTART
  ::sigaction(SIGALRM, &nothing, nullptr);
  const ::itimerval often{{0, 3000}, {0, 3000}};
  ::setitimer(ITIMER_REAL, &often, nullptr);
  subscribe_clock(1, monotonic, 30 * millisecond);
  const std::uint64_t before = os::now(os::Clock::Monotonic).value();
  EXPECT_EQ(events().size(), 1U);
  EXPECT_GE(os::now(os::Clock::Monotonic).value() - before, 30 * millisecond);
  const ::itimerval never{};
  ::setitimer(ITIMER_REAL, &never, nullptr);
  ::signal(SIGALRM, SIG_DFL);
}

TEST_F(PollOneoff, OfTwoTimeoutsTheEarlierRingsAlone) {
  subscribe_clock(1, monotonic, 10'000 * millisecond);
  subscribe_clock(2, realtime, 5 * millisecond);
  const std::vector<Event> found = events();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].userdata, 2U);
}

TEST_F(PollOneoff, AbsoluteTimesOfBothClocks) {
  subscribe_clock(1, realtime, os::now(os::Clock::Realtime).value() + 5 * millisecond, 1);
  EXPECT_EQ(events().size(), 1U);
  EXPECT_GE(os::now(os::Clock::Realtime).value(), 5 * millisecond);
  subscribe_clock(1, monotonic, os::now(os::Clock::Monotonic).value() + 5 * millisecond, 1);
  EXPECT_EQ(events().size(), 1U);
  subscribe_clock(1, realtime, 5, 1);  // long ago
  EXPECT_EQ(events().size(), 1U);
}

TEST_F(PollOneoff, AbsoluteRealtimeFollowsAClockThatIsSet) {
  // The guest sleeps for what would be an hour; then somebody sets the clock.
  class Jumping final : public ClockSource {
   public:
    Result<Timestamp> now(ClockId) override { return ++looks_ < 3 ? 1000U : ~Timestamp{0}; }
    Result<Timestamp> resolution(ClockId) override { return Timestamp{1}; }

   private:
    int looks_ = 0;
  } jumping;
  options_.clocks = &jumping;
  subscribe_clock(1, realtime, 3'600'000 * millisecond, 1);
  EXPECT_EQ(events().size(), 1U);
}

TEST_F(PollOneoff, ATimeoutBeyondAllTimeIsNoOverflow) {
  const FdNumber fd = pipe_reader();
  send("x");
  subscribe_clock(1, monotonic, ~Timestamp{0});
  subscribe(2, EventType::FdRead, fd);
  const std::vector<Event> found = events();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].userdata, 2U);
}

TEST_F(PollOneoff, OtherClocksAndFlagsAreErrorsOfTheirSubscriptionAlone) {
  subscribe_clock(1, 2, 0);
  subscribe_clock(2, 9, 0);
  subscribe_clock(3, monotonic, 0, 2);
  subscribe_clock(4, monotonic, 0);
  const std::vector<Event> found = events();
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].error, Errno::Notsup);
  EXPECT_EQ(found[1].error, Errno::Inval);
  EXPECT_EQ(found[2].error, Errno::Inval);
  EXPECT_EQ(found[3].error, Errno::Success);
}

TEST_F(PollOneoff, AnUnknownTypeIsInvalid) {
  next(1, 3);
  EXPECT_EQ(poll(), Errno::Inval);
}

TEST_F(PollOneoff, BytesInAPipeAreCounted) {
  const FdNumber fd = pipe_reader();
  send("12345");
  subscribe(9, EventType::FdRead, fd);
  const std::vector<Event> found = events();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].type, EventType::FdRead);
  EXPECT_EQ(found[0].nbytes, 5U);
  EXPECT_EQ(found[0].flags, 0U);
}

TEST_F(PollOneoff, AClosedWriterIsAHangup) {
  const FdNumber fd = pipe_reader();
  ours_.close();
  subscribe(9, EventType::FdRead, fd);
  const std::vector<Event> found = events();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].flags, 1U);
  EXPECT_EQ(found[0].nbytes, 0U);
}

TEST_F(PollOneoff, AnEventHasNothingOfWhatLayThereBefore) {
  const core::ByteSpan record = guest().memory().at(out, 32).value();
  std::ranges::fill(record, std::uint8_t{0xAA});
  subscribe_clock(7, monotonic, 0);
  ASSERT_EQ(events().size(), 1U);
  for (const std::size_t at : {11U, 12U, 15U, 16U, 23U, 26U, 31U}) EXPECT_EQ(record[at], 0) << at;
}

TEST_F(PollOneoff, AFullPipeWithoutAReaderIsAHangup) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
  const std::array<char, 4096> page{};
  while (::write(ends[1], page.data(), page.size()) > 0) {
  }
  const FdNumber fd = guest().insert(open_file(os::Fd::adopt(ends[1])).value());
  ::close(ends[0]);
  subscribe_clock(1, monotonic, 10'000 * millisecond);
  subscribe(2, EventType::FdWrite, fd);
  const auto found = events();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].userdata, 2U);
  EXPECT_EQ(found[0].flags, 1U);
}

TEST_F(PollOneoff, AFileThatIsNoMoreIsAnError) {
  const FdNumber fd = pipe_reader();
  ASSERT_TRUE(guest().context().bell().has_value());  // or it took the number that is free now
  ::close(guest().context().files().get(fd).value()->file.number());
  subscribe(3, EventType::FdRead, fd);
  const auto found = events();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].error, Errno::Badf);
  EXPECT_EQ(found[0].nbytes, 0U);
}

TEST_F(PollOneoff, APeerThatStoppedSendingHangsUpReadingOnly) {
  const FdNumber fd = socket();
  send("last");
  ASSERT_EQ(::shutdown(ours_.number(), SHUT_WR), 0);
  subscribe(1, EventType::FdRead, fd);
  subscribe(2, EventType::FdWrite, fd);
  const std::vector<Event> found = events();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].nbytes, 4U);
  EXPECT_EQ(found[0].flags, 1U);
  EXPECT_EQ(found[1].flags, 0U);
}

TEST_F(PollOneoff, AllThatIsReadyIsReportedInOrder) {
  const ScratchDirectory scratch;
  const FdNumber dir = guest().preopen(scratch);
  const FdNumber file = guest().create(dir, "f");
  const FdNumber quiet = pipe_reader();
  os::Fd writer_of_quiet = std::move(ours_);
  const FdNumber ready = pipe_reader();
  send("x");
  subscribe(1, EventType::FdRead, quiet);
  subscribe(2, EventType::FdRead, ready);
  subscribe(3, EventType::FdWrite, file);
  subscribe_clock(4, monotonic, 0);
  subscribe(5, EventType::FdRead, 77);
  subscribe_clock(6, monotonic, 10'000 * millisecond);
  std::vector<std::uint64_t> who;
  std::vector<Errno> errors;
  for (const Event& event : events()) {
    who.push_back(event.userdata);
    errors.push_back(event.error);
  }
  EXPECT_EQ(who, (std::vector<std::uint64_t>{2, 3, 4, 5}));
  EXPECT_EQ(errors.back(), Errno::Badf);
}

TEST_F(PollOneoff, HundredsOfSubscriptionsOnFewFilesLoseNothing) {
  std::vector<os::Fd> writers;
  std::vector<FdNumber> readers;
  for (int i = 0; i < 20; ++i) {
    readers.push_back(pipe_reader());
    if (i % 2 == 0) send("x");
    writers.push_back(std::move(ours_));
  }
  for (std::uint64_t i = 0; i < 500; ++i) {
    subscribe(i, EventType::FdRead, readers[i % readers.size()]);
  }
  const std::vector<Event> found = events();
  EXPECT_EQ(found.size(), 250U);
  for (const Event& event : found) EXPECT_EQ(event.userdata % 2, 0U);
}

TEST_F(PollOneoff, TheSameFilesCanBeWaitedForAgain) {
  const FdNumber fd = socket();
  for (int i = 0; i < 3; ++i) {
    subscribe(1, EventType::FdWrite, fd);
    EXPECT_EQ(events().size(), 1U);
  }
  send("x");
  subscribe(2, EventType::FdRead, fd);
  EXPECT_EQ(events().at(0).nbytes, 1U);
}

TEST_F(PollOneoff, ARegularFileIsReadyWithWhatIsLeftOfIt) {
  const ScratchDirectory scratch;
  scratch.make_file("f", "0123456789");
  const FdNumber file = guest().open(guest().preopen(scratch), "f", {});
  EXPECT_EQ(guest().read(file, 4), "0123");
  subscribe(1, EventType::FdRead, file);
  EXPECT_EQ(events().at(0).nbytes, 6U);
  const FdNumber null = guest().insert(null_file());
  subscribe(1, EventType::FdRead, null);
  EXPECT_EQ(events().size(), 1U);
}

TEST_F(PollOneoff, WithoutTheRightThereIsOnlyAnError) {
  const FdNumber fd = socket();
  EXPECT_EQ((guest().call<&api::fd_fdstat_set_rights>(
                fd, (rights::fd_read | rights::fd_write).bits(), std::uint64_t{0})),
            Errno::Success);
  send("x");
  subscribe(1, EventType::FdWrite, fd);
  subscribe(2, EventType::FdRead, fd);
  const std::vector<Event> found = events();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].error, Errno::Notcapable);
  EXPECT_EQ(found[1].error, Errno::Notcapable);
}

TEST_F(PollOneoff, TheRightToPollIsEnoughForBothDirections) {
  const FdNumber fd = socket();
  EXPECT_EQ((guest().call<&api::fd_fdstat_set_rights>(fd, rights::poll_fd_readwrite.bits(),
                                                      std::uint64_t{0})),
            Errno::Success);
  send("x");
  subscribe(1, EventType::FdWrite, fd);
  subscribe(2, EventType::FdRead, fd);
  const std::vector<Event> found = events();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].error, Errno::Success);
  EXPECT_EQ(found[1].error, Errno::Success);
}

TEST_F(PollOneoff, AListeningSocketMayBeAskedForBothDirections) {
  os::Fd listener = os::listen_tcp("127.0.0.1", 0).value();
  const std::uint16_t port = os::local_port(listener).value();
  const FdNumber fd = guest().insert(listening_socket(std::move(listener)).value());
  subscribe(1, EventType::FdRead, fd);
  subscribe(2, EventType::FdWrite, fd);
  subscribe_clock(3, monotonic, millisecond);
  const std::vector<Event> quiet = events();
  ASSERT_EQ(quiet.size(), 1U);
  EXPECT_EQ(quiet[0].userdata, 3U);
  const os::Fd client = os::connect_tcp("127.0.0.1", port).value();
  subscribe(1, EventType::FdRead, fd);
  subscribe(2, EventType::FdWrite, fd);
  const std::vector<Event> called = events();
  ASSERT_EQ(called.size(), 1U);
  EXPECT_EQ(called[0].userdata, 1U);
  EXPECT_EQ(called[0].error, Errno::Success);
}

TEST_F(PollOneoff, TheAnswerMayOverwriteTheQuestion) {
  const FdNumber fd = socket();
  for (std::uint64_t i = 0; i < 10; ++i) subscribe(i, EventType::FdWrite, fd);
  EXPECT_EQ((guest().call<&api::poll_oneoff>(in, in, count_, Guest::result)), Errno::Success);
  EXPECT_EQ(guest().get<GuestSize>(), 10U);
  EXPECT_EQ(guest().get<std::uint64_t>(in + 9 * 32), 9U);
}

TEST_F(PollOneoff, InterruptEndsASleep) {
  Context& context = guest().context();
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    context.interrupt();
  });
  subscribe_clock(1, monotonic, 3'600'000 * millisecond);
  EXPECT_EQ(api::poll_oneoff(context, guest().memory(), in, out, 1, Guest::result).error(),
            interrupted());
  stopper.join();
}

TEST_F(PollOneoff, WhoIsInterruptedBeforeItWaitsDoesNotBegin) {
  guest().context().interrupt();
  ASSERT_TRUE(guest().context().bell().has_value());
  subscribe_clock(1, monotonic, std::uint64_t{3600} * 1000 * millisecond);
  EXPECT_EQ(api::poll_oneoff(guest().context(), guest().memory(), in, out, 1, 0).error(),
            interrupted());
}

}  // namespace
}  // namespace merlon::wasi
