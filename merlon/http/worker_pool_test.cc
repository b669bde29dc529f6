#include "merlon/http/worker_pool.h"

#include <atomic>
#include <latch>

#include <gtest/gtest.h>

namespace merlon::http {
namespace {

TEST(WorkerPool, DoesAllThatItWasGivenBeforeItEnds) {
  std::atomic<int> done = 0;
  {
    auto pool = WorkerPool::start(3);
    ASSERT_TRUE(pool);
    for (int i = 0; i < 500; ++i) EXPECT_TRUE((*pool)->give([&] { ++done; }, 1000));
  }
  EXPECT_EQ(done, 500);
}

TEST(WorkerPool, TasksRunAtTheSameTime) {
  std::latch both(3);
  auto pool = WorkerPool::start(2);  // ends before what its work waits for
  ASSERT_TRUE(pool);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE((*pool)->give([&] { both.arrive_and_wait(); }, 10));
  both.arrive_and_wait();  // hangs, and times out, if one waits for the other
}

TEST(WorkerPool, RefusesWhenTooManyWait) {
  std::latch begun(1);
  std::latch go_on(1);
  auto pool = WorkerPool::start(1);  // ends before what its work waits for
  ASSERT_TRUE(pool);
  ASSERT_TRUE((*pool)->give(
      [&] {
        begun.count_down();
        go_on.wait();
      },
      2));
  begun.wait();
  EXPECT_TRUE((*pool)->give([] {}, 2));
  EXPECT_TRUE((*pool)->give([] {}, 2));
  EXPECT_FALSE((*pool)->give([] {}, 2));
  EXPECT_EQ((*pool)->waiting(), 2U);
  go_on.count_down();
}

}  // namespace
}  // namespace merlon::http
