#include "merlon/wasi/stream_io.h"

#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

#include "merlon/wasi/testing/guest.h"

namespace merlon::wasi {
namespace {

using testing::Guest;

struct State {
  std::string here;    // read ahead, where no descriptor tells of it
  std::string unsent;  // taken, and not yet in the pipe
  bool stuck = false;  // the peer takes nothing
  bool finished = false;
  bool gone = false;  // the stream was destroyed
};

/// Holds back what it takes until somebody flushes it; its descriptor is a pipe's writing end.
class SlowStream final : public net::Stream {
 public:
  SlowStream(std::shared_ptr<State> state, os::Fd pipe)
      : state_(std::move(state)), pipe_(std::move(pipe)) {}
  ~SlowStream() override { state_->gone = true; }
  SlowStream(const SlowStream&) = delete;
  SlowStream& operator=(const SlowStream&) = delete;

  os::BorrowedFd descriptor() const noexcept override { return pipe_; }
  os::Result<os::Received> receive(os::IoVectors into, os::ReceiveFlags /*flags*/) override {
    if (state_->here.empty()) return os::Errno::Again;
    const std::size_t size = std::min(into[0].iov_len, state_->here.size());
    std::memcpy(into[0].iov_base, state_->here.data(), size);
    state_->here.erase(0, size);
    return os::Received{size, false};
  }
  os::Result<std::size_t> send(os::IoVectors from) override {
    state_->unsent.append(static_cast<const char*>(from[0].iov_base), from[0].iov_len);
    return from[0].iov_len;
  }
  os::Result<void> shut_down(bool /*reading*/, bool /*writing*/) override { return {}; }
  net::Readiness look(net::Side side) override {
    using Known = net::Readiness::Known;
    if (side == net::Side::Write) return {Known::Yes};
    return {state_->here.empty() ? Known::No : Known::Yes, false, state_->here.size()};
  }
  bool has_unsent() const noexcept override { return !state_->unsent.empty(); }
  void flush() override {
    if (state_->stuck || state_->unsent.empty()) return;
    EXPECT_EQ(::write(pipe_.number(), state_->unsent.data(), state_->unsent.size()),
              static_cast<ssize_t>(state_->unsent.size()));
    state_->unsent.clear();
  }
  void finish() override {
    if (!state_->finished) state_->unsent += "|";
    state_->finished = true;
  }

 private:
  std::shared_ptr<State> state_;
  os::Fd pipe_;
};

class StreamIo : public ::testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    peer_ = os::Fd::adopt(ends[0]);
    fd_ =
        guest_.insert(stream_socket(std::make_shared<SlowStream>(state_, os::Fd::adopt(ends[1]))));
  }
  std::string sent() {
    std::array<char, 256> room{};
    std::array items{os::PollItem{peer_.number(), POLLIN, 0}};
    if (os::poll(items, std::chrono::nanoseconds(0)).value_or(0U) == 0) return "";
    const auto size = ::read(peer_.number(), room.data(), room.size());
    return {room.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }
  /// Waits a moment for nothing of this stream's.
  void wait_for_a_clock() {
    const core::ByteSpan record = guest_.memory().at(4096, 48).value();
    std::fill(record.begin(), record.end(), std::uint8_t{0});
    GuestMemory::write(record, 16, std::uint32_t{1});
    GuestMemory::write(record, 24, std::uint64_t{1'000'000});
    EXPECT_EQ((guest_.call<&api::poll_oneoff>(4096U, 8192U, 1U, Guest::result)), Errno::Success);
  }
  void set_nonblock() {
    EXPECT_EQ((guest_.call<&api::fd_fdstat_set_flags>(fd_, std::uint32_t{4})), Errno::Success);
  }

  Guest guest_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
  os::Fd peer_;
  FdNumber fd_ = 0;
};

TEST_F(StreamIo, AWriterThatWaitsHasSentWhatItWrote) {
  EXPECT_EQ(guest_.write(fd_, "hello"), Errno::Success);
  EXPECT_EQ(sent(), "hello");
}

TEST_F(StreamIo, WhatIsUnsentGoesOnWhileTheGuestWaitsForSomethingElse) {
  set_nonblock();
  EXPECT_EQ(guest_.write(fd_, "hello"), Errno::Success);
  EXPECT_EQ(sent(), "");
  wait_for_a_clock();
  EXPECT_EQ(sent(), "hello");
  EXPECT_TRUE(guest_.context().unsent().empty());
}

TEST_F(StreamIo, AClosedStreamStaysUntilItsEndIsSaid) {
  set_nonblock();
  EXPECT_EQ(guest_.write(fd_, "hello"), Errno::Success);
  EXPECT_EQ((guest_.call<&api::fd_close>(fd_)), Errno::Success);
  EXPECT_FALSE(state_->gone);
  wait_for_a_clock();
  EXPECT_EQ(sent(), "hello|");
  EXPECT_TRUE(state_->gone);
}

TEST_F(StreamIo, ADescriptorThatIsReplacedSaysItsEndToo) {
  const FdNumber other = guest_.insert(null_file());
  EXPECT_EQ((guest_.call<&api::fd_renumber>(fd_, fd_)), Errno::Success);
  EXPECT_FALSE(state_->finished);
  EXPECT_EQ((guest_.call<&api::fd_renumber>(other, fd_)), Errno::Success);
  EXPECT_TRUE(state_->finished);
}

TEST_F(StreamIo, AtTheEndAllIsSentAndTheEndIsSaid) {
  set_nonblock();
  EXPECT_EQ(guest_.write(fd_, "hello"), Errno::Success);
  guest_.context().finish_streams(std::chrono::seconds(10));
  EXPECT_EQ(sent(), "hello|");
}

TEST_F(StreamIo, APeerThatTakesNothingDoesNotKeepTheEndWaitingForLong) {
  set_nonblock();
  state_->stuck = true;
  EXPECT_EQ(guest_.write(fd_, "hello"), Errno::Success);
  guest_.context().finish_streams(std::chrono::milliseconds(50));
  EXPECT_FALSE(guest_.context().unsent().empty());
}

TEST_F(StreamIo, OfStreamsThatAreClosedAndStuckTheOldestAreCutOff) {
  Unsent& unsent = guest_.context().unsent();
  std::vector<std::shared_ptr<State>> states;
  for (int i = 0; i < 300; ++i) {
    states.push_back(std::make_shared<State>());
    states.back()->unsent = "x";
    states.back()->stuck = true;
    unsent.note(std::make_shared<SlowStream>(states.back(), os::Fd()));
  }
  EXPECT_TRUE(states[0]->gone);
  EXPECT_TRUE(states[43]->gone);
  EXPECT_FALSE(states[44]->gone);
  EXPECT_FALSE(states[299]->gone);
}

TEST_F(StreamIo, PollSeesWhatNoDescriptorTells) {
  const auto poll = [&](std::uint64_t tag) {
    const core::ByteSpan records = guest_.memory().at(4096, 96).value();
    std::fill(records.begin(), records.end(), std::uint8_t{0});
    GuestMemory::write(records, 0, std::uint64_t{1});
    GuestMemory::write(records, 8, std::uint8_t{1});
    GuestMemory::write(records, 16, fd_);
    GuestMemory::write(records, 48, std::uint64_t{2});
    GuestMemory::write(records, 48 + 16, std::uint32_t{1});
    GuestMemory::write(records, 48 + 24, tag);
    EXPECT_EQ((guest_.call<&api::poll_oneoff>(4096U, 8192U, 2U, Guest::result)), Errno::Success);
    const core::ByteSpan event = guest_.memory().at(8192, 32).value();
    return std::pair(GuestMemory::read<std::uint64_t>(event, 0),
                     GuestMemory::read<std::uint64_t>(event, 16));
  };
  constexpr std::uint64_t long_time = 60'000'000'000;
  constexpr std::uint64_t short_time = 1'000'000;
  // The pipe's writing end is always ready; the stream is not.
  EXPECT_EQ(poll(short_time), std::pair(std::uint64_t{2}, std::uint64_t{0}));
  state_->here = "buffered";
  EXPECT_EQ(poll(long_time), std::pair(std::uint64_t{1}, std::uint64_t{8}));
  EXPECT_EQ(guest_.read(fd_), "buffered");
}

}  // namespace
}  // namespace merlon::wasi
