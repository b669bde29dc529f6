#include "merlon/tls/carrier.h"

#include <array>
#include <cstring>
#include <deque>

#include <gtest/gtest.h>

#include "merlon/base/testing/limited_budget.h"

namespace merlon::tls {
namespace {

using os::Errno;

/// Gives and takes what a test has written down, call by call.
class Moody final : public net::Stream {
 public:
  std::deque<os::Result<std::size_t>> answers;
  std::size_t calls = 0;

  os::BorrowedFd descriptor() const noexcept override { return os::BorrowedFd(-1); }
  os::Result<os::Received> receive(os::IoVectors into, os::ReceiveFlags /*flags*/) override {
    const auto size = next();
    if (!size) return size.error();
    std::memset(into[0].iov_base, 'x', std::min(*size, into[0].iov_len));
    return os::Received{std::min(*size, into[0].iov_len), false};
  }
  os::Result<std::size_t> send(os::IoVectors from) override {
    const auto size = next();
    if (!size) return size.error();
    return std::min(*size, from[0].iov_len);
  }
  os::Result<void> shut_down(bool /*reading*/, bool /*writing*/) override { return {}; }

 private:
  os::Result<std::size_t> next() {
    ++calls;
    if (answers.empty()) return Errno::Again;
    const auto first = answers.front();
    answers.pop_front();
    return first;
  }
};

class OfCarrier : public ::testing::Test {
 protected:
  OfCarrier() {
    auto stream = std::make_unique<Moody>();
    below_ = stream.get();
    carrier_.below = std::move(stream);
    bio_ = new_bio(*method_, carrier_);
    carrier_.budget = Carrier::full_budget;
  }
  int read(int size) { return BIO_read(bio_.get(), room_.data(), size); }
  int write(int size) { return BIO_write(bio_.get(), room_.data(), size); }
  bool retries() { return BIO_should_retry(bio_.get()) != 0; }

  Moody* below_ = nullptr;
  Carrier carrier_;
  Owned<BIO_METHOD> method_ = new_carrier().value();
  Owned<BIO> bio_;
  std::array<char, 4096> room_{};
};

TEST_F(OfCarrier, ReadsWhatThereIsAndComesBackForMore) {
  below_->answers = {std::size_t{3}};
  EXPECT_EQ(read(10), 3);
  EXPECT_EQ(room_[2], 'x');
  EXPECT_EQ(read(10), -1);
  EXPECT_TRUE(retries());
  EXPECT_EQ(BIO_eof(bio_.get()), 0);
}

TEST_F(OfCarrier, ACallThatWasInterruptedIsRepeated) {
  below_->answers = {Errno::Intr, Errno::Intr, std::size_t{1}};
  EXPECT_EQ(read(10), 1);
  EXPECT_EQ(below_->calls, 3U);
  EXPECT_EQ(write(5), 5);
  below_->answers = {Errno::Intr, std::size_t{5}};
  carrier_.flush();
  EXPECT_EQ(carrier_.unsent_bytes(), 0U);
}

TEST_F(OfCarrier, ReadsNoMoreThanItsBudget) {
  carrier_.budget = 4;
  below_->answers = {std::size_t{100}};
  EXPECT_EQ(read(10), 4);
  EXPECT_EQ(read(10), -1);
  EXPECT_TRUE(retries());
  EXPECT_EQ(below_->calls, 1U) << "nobody was asked";
}

TEST_F(OfCarrier, AnEndIsAnEndFromThenOn) {
  below_->answers = {std::size_t{0}};
  EXPECT_EQ(read(10), 0);
  EXPECT_TRUE(carrier_.ended);
  EXPECT_EQ(BIO_eof(bio_.get()), 1);
  EXPECT_EQ(read(10), 0);
  EXPECT_EQ(below_->calls, 1U);
}

TEST_F(OfCarrier, ABrokenStreamIsNotTouchedAgain) {
  below_->answers = {Errno::Connreset};
  EXPECT_EQ(read(10), -1);
  EXPECT_FALSE(retries());
  EXPECT_TRUE(carrier_.broken);
  EXPECT_EQ(read(10), -1);
  EXPECT_EQ(write(10), -1);
  EXPECT_EQ(below_->calls, 1U);
}

TEST_F(OfCarrier, AStreamThatBreaksWhileItSendsLosesWhatWasWritten) {
  EXPECT_EQ(write(10), 10);
  below_->answers = {std::size_t{4}, Errno::Pipe};
  carrier_.flush();
  EXPECT_TRUE(carrier_.broken);
  EXPECT_EQ(carrier_.unsent_bytes(), 0U);
}

TEST_F(OfCarrier, SendsPieceByPiece) {
  EXPECT_EQ(write(10), 10);
  below_->answers = {std::size_t{4}};
  carrier_.flush();
  EXPECT_EQ(carrier_.unsent_bytes(), 6U);
  EXPECT_FALSE(carrier_.broken);
  below_->answers = {std::size_t{100}};
  carrier_.flush();
  EXPECT_EQ(carrier_.unsent_bytes(), 0U);
}

TEST_F(OfCarrier, HoldsSoMuchAndNoMore) {
  std::size_t written = 0;
  while (written < Carrier::most_unsent) {
    const int size = write(static_cast<int>(room_.size()));
    ASSERT_GT(size, 0);
    written += static_cast<std::size_t>(size);
  }
  EXPECT_EQ(write(1), -1);
  EXPECT_TRUE(retries());
  EXPECT_EQ(carrier_.unsent_bytes(), written);
}

/// A peer that is slow, and leaves something unread each time.
TEST_F(OfCarrier, KeepsNothingOfWhatItHasSent) {
  ASSERT_EQ(write(4096), 4096);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(write(4096), 4096);
    below_->answers = {os::Result<std::size_t>(std::size_t{4096})};
    carrier_.flush();
    ASSERT_EQ(carrier_.unsent_bytes(), 4096U);
  }
  EXPECT_LE(carrier_.unsent.capacity(), Carrier::most_unsent);
}

/// What it holds is counted, and nobody's when it is sent.
TEST_F(OfCarrier, HoldsNoMoreThanItMay) {
  base::testing::LimitedBudget memory(10'000);
  carrier_.share = base::Share(&memory);
  ASSERT_EQ(write(4096), 4096);
  ASSERT_EQ(write(4096), 4096);
  EXPECT_LT(memory.left, 2000U);
  EXPECT_EQ(write(4096), -1);
  EXPECT_FALSE(retries());
  carrier_.broken = false;
  below_->answers = {os::Result<std::size_t>(std::size_t{8192})};
  carrier_.flush();
  EXPECT_EQ(memory.left, 10'000U);
}

TEST_F(OfCarrier, HasNoOtherControls) {
  EXPECT_EQ(BIO_flush(bio_.get()), 1);
  EXPECT_EQ(BIO_reset(bio_.get()), 0);
}

}  // namespace
}  // namespace merlon::tls
