// A time limit before there is anything to stop; tests/e2e has what it does to a workload.

#include "merlon/keep/deadline.h"

#include <chrono>

#include <gtest/gtest.h>
#include <unistd.h>

#include "merlon/launch/exit_status.h"
#include "merlon/os/poll.h"
#include "merlon/os/testing/child.h"
#include "merlon/wasm/baseline/compiler.h"

namespace merlon::keep {
namespace {

using namespace std::chrono_literals;
using os::testing::in_child;

TEST(Deadline, UntilSomethingIsWatchedItEndsTheProcess) {
  const auto ended = in_child([] {
    Deadline deadline;
    if (!deadline.start(1ms) || deadline.is_over()) return 1;
    for (int i = 0; i < 100; ++i) static_cast<void>(os::poll({}, 50ms));
    return 2;
  });
  EXPECT_TRUE(ended.with(launch::number(launch::ExitStatus::TimeLimit))) << ended;
  EXPECT_EQ(ended.said, "merlon: the time limit is over\n");
}

TEST(Deadline, OneThatIsForgottenNeverComes) {
  const auto ended = in_child([] {
    Deadline deadline;
    if (!deadline.start(50ms)) return 1;
    deadline.forget();
    static_cast<void>(os::poll({}, 300ms));
    return deadline.is_over() ? 2 : 42;
  });
  EXPECT_TRUE(ended.with(42)) << ended;
}

TEST(Deadline, WhatIsWatchedIsStoppedAndEndedOnlyWhereItDoesNotStop) {
  const auto began = std::chrono::steady_clock::now();
  const auto ended = in_child([] {
    const auto engine = wasm::Engine::create(wasm::baseline::compilers());
    const auto context = wasi::Context::create({});
    if (!engine || !context) return 1;
    wasm::Store store(**engine);
    Deadline deadline;
    deadline.watch(store, **context);
    if (!deadline.start(1ms)) return 1;
    while (!deadline.is_over()) static_cast<void>(os::poll({}, 1ms));
    if (!store.interrupted() || !(*context)->is_interrupted()) return 2;
    for (int i = 0; i < 20; ++i) static_cast<void>(os::poll({}, 5ms));
    static_cast<void>(::write(2, "stopped\n", 8));
    for (int i = 0; i < 1000; ++i) static_cast<void>(os::poll({}, 50ms));
    return 3;
  });
  EXPECT_TRUE(ended.with(launch::number(launch::ExitStatus::TimeLimit))) << ended;
  EXPECT_EQ(ended.said, "stopped\nmerlon: the time limit is over\n");
  EXPECT_GE(std::chrono::steady_clock::now() - began, 500ms);  // 50 rings more, each 10 ms later
}

}  // namespace
}  // namespace merlon::keep
