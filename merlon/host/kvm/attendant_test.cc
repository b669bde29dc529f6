#include "merlon/host/kvm/attendant.h"

#include <array>
#include <mutex>

#include <gtest/gtest.h>

#include "merlon/sallyport/guest/attention.h"
#include "merlon/sallyport/host/request.h"
#include "merlon/sallyport/testing/words.h"

namespace merlon::host::kvm {
namespace {

using sallyport::Block;
using sallyport::Header;
using sallyport::testing::word_in;

constexpr auto long_ago = std::uint64_t{1} << 40U;

/// A host whose keep counts: each request is answered, the doorbell by the keep's own thread.
class Counter final : public Attended {
 public:
  void set_attended(bool attended) noexcept override { sallyport::set_attended(block_, attended); }
  bool has_request() const noexcept override {
    return word_in(block_, Header::Sequence) != word_in(block_, Header::Answered);
  }
  bool serve_unasked() noexcept override {
    if (refuses_) return false;
    const std::scoped_lock serving(serving_);
    if (has_request()) ++unasked_;
    answer();
    return true;
  }

  /// What a keep does for each request. True when it had to ring.
  bool request() noexcept {
    const std::uint64_t sequence = word_in(block_, Header::Sequence) + 1;
    block_.store(Header::Sequence, sequence);
    if (sallyport::is_answered_unasked(block_, sequence)) return false;
    const std::scoped_lock serving(serving_);
    if (!has_request()) return false;  // the attendant was here between patience and bell
    answer();
    return true;
  }
  /// Asks, and leaves it to others to find out.
  void request_without_ringing() noexcept {
    block_.store(Header::Sequence, word_in(block_, Header::Sequence) + 1);
  }
  bool is_attended() const noexcept { return word_in(block_, Header::Attended) != 0; }
  void refuse() noexcept { refuses_ = true; }
  unsigned unasked() noexcept {
    const std::scoped_lock serving(serving_);
    return unasked_;
  }

 private:
  void answer() noexcept { block_.store(Header::Answered, word_in(block_, Header::Sequence)); }

  alignas(4096) std::array<std::uint8_t, 8192> memory_{};
  Block block_{memory_};
  std::mutex serving_;
  unsigned unasked_ = 0;
  std::atomic<bool> refuses_ = false;
};

TEST(Attendant, ServesWithoutBeingRungFor) {
  Counter keep;
  const auto attendant = Attendant::start(keep);
  ASSERT_TRUE(attendant.has_value());
  unsigned rung = 0;
  constexpr unsigned requests = 2'000;
  for (unsigned i = 0; i < requests; ++i) {
    if (i % 100 == 0) (*attendant)->wake();
    rung += keep.request() ? 1U : 0U;
  }
  // How many is for the machine's scheduler to say; none is lost, and none is served twice.
  EXPECT_EQ(rung + keep.unasked(), requests);
}

TEST(Attendant, FindsWhatNobodyRingsFor) {
  Counter keep;
  const auto attendant = Attendant::start(keep);
  ASSERT_TRUE(attendant.has_value());
  for (unsigned i = 1; i <= 10; ++i) {
    keep.request_without_ringing();
    while (keep.has_request()) {
      (*attendant)->wake();
      ::sched_yield();
    }
    EXPECT_EQ(keep.unasked(), i);
  }
}

TEST(Attendant, SleepsUntilItIsWoken) {
  Counter keep;
  const auto attendant = Attendant::start(keep);
  ASSERT_TRUE(attendant.has_value());
  EXPECT_FALSE(keep.is_attended());
  EXPECT_TRUE(keep.request());
}

TEST(Attendant, GoesToSleepWhenNothingComes) {
  Counter keep;
  const auto attendant = Attendant::start(keep);
  ASSERT_TRUE(attendant.has_value());
  // Its while may be over before we look.
  while (!keep.is_attended()) (*attendant)->wake();
  while (keep.is_attended()) ::sched_yield();
  EXPECT_TRUE(keep.request());
}

TEST(Attendant, LeavesWhatItIsToldToLeave) {
  Counter keep;
  keep.refuse();
  const auto attendant = Attendant::start(keep);
  ASSERT_TRUE(attendant.has_value());
  (*attendant)->wake();
  EXPECT_TRUE(keep.request());
  EXPECT_EQ(keep.unasked(), 0U);
}

TEST(Attendant, EndsWhileItAttends) {
  Counter keep;
  for (int i = 0; i < 100; ++i) {
    const auto attendant = Attendant::start(keep);
    ASSERT_TRUE(attendant.has_value());
    (*attendant)->wake();
  }
}

TEST(Pace, ManyRequestsInARowAreOften) {
  Pace pace;
  unsigned often = 0;
  std::uint64_t now = long_ago;
  pace.rest(now);
  for (int i = 0; i < 1000; ++i) {
    often += pace.ring(now += Pace::attention() / 2) ? 1U : 0U;
    pace.rest(now);
  }
  EXPECT_EQ(often, 15U);
}

TEST(Pace, RequestsThatTakeTheirTimeAreNot) {
  Pace pace;
  std::uint64_t now = long_ago;
  pace.rest(now);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(pace.ring(now += Pace::attention()));
    pace.rest(now);
  }
}

}  // namespace
}  // namespace merlon::host::kvm
