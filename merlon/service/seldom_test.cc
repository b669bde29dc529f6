#include "merlon/service/seldom.h"

#include <new>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "merlon/core/result.h"

namespace merlon::service {
namespace {

using std::chrono::seconds;
using Found = core::Result<int, std::string>;

struct Counting {
  Seldom<int>::Clock::time_point now{};
  int asked = 0;
  seconds takes{0};
  Seldom<int> seldom{seconds(30), [this] { return now; }};

  Found get() {
    return seldom.get([this]() -> Found {
      now += takes;
      return ++asked;
    });
  }
};

TEST(Seldom, FindsOutOnceInAWhile) {
  Counting counting;
  EXPECT_EQ(counting.get().value(), 1);
  counting.now += seconds(29);
  EXPECT_EQ(counting.get().value(), 1);
  counting.now += seconds(1);
  EXPECT_EQ(counting.get().value(), 2);
}

TEST(Seldom, WaitsTheLongerTheMoreItCosts) {
  Counting counting;
  counting.takes = seconds(10);
  EXPECT_EQ(counting.get().value(), 1);
  counting.now += seconds(199);
  EXPECT_EQ(counting.get().value(), 1);
  counting.now += seconds(1);
  EXPECT_EQ(counting.get().value(), 2);
}

TEST(Seldom, KeepsNoError) {
  Counting counting;
  const auto fails = [] { return Found(core::Unexpected(std::string("broken"))); };
  EXPECT_FALSE(counting.seldom.get(fails));
  EXPECT_EQ(counting.get().value(), 1);
  EXPECT_EQ(counting.seldom.get(fails).value(), 1) << "which is not asked yet";
}

TEST(Seldom, GoesOnWhereThereWasNoMemory) {
  Counting counting;
  EXPECT_THROW(static_cast<void>(counting.seldom.get([]() -> Found { throw std::bad_alloc(); })),
               std::bad_alloc);
  EXPECT_EQ(counting.get().value(), 1);
}

TEST(Seldom, HasOneFindOutAtATime) {
  Counting counting;
  EXPECT_EQ(counting.get().value(), 1);
  counting.now += seconds(60);
  // Whoever comes while another finds out gets what was found before, and does not wait.
  const Found outer = counting.seldom.get([&]() -> Found {
    Found inner(0);
    std::thread([&] { inner = counting.get(); }).join();
    EXPECT_EQ(inner.value(), 1);
    return 7;
  });
  EXPECT_EQ(outer.value(), 7);
  EXPECT_EQ(counting.asked, 1);
}

}  // namespace
}  // namespace merlon::service
