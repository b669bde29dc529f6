#include "merlon/shim/linux/system_call.h"

#include <utility>

#include "merlon/shim/linux/lent_clock.h"
#include "merlon/shim/linux/testing/keep_test.h"

namespace merlon::shim::linux {
namespace {

using sallyport::Call;
using testing::Asked;
namespace nr = abi::number;

class SystemCallTest : public testing::KeepTest {};

TEST_F(SystemCallTest, WhatIsNotServedIsUnknown) {
  for (std::uint64_t number = 500; number < 600; ++number) {
    EXPECT_EQ(call(number, {0}), -abi::Nosys);
  }
  for (const std::uint64_t number : {nr::prctl, nr::rseq, ~std::uint64_t{0}}) {
    EXPECT_EQ(call(number, {0}), -abi::Nosys);
  }
  EXPECT_TRUE(asked_nothing());
}

TEST_F(SystemCallTest, MemoryCallsAreServedHere) {
  const std::int64_t at = call(nr::mmap, {0, 2 * page_size, 3, abi::map_anonymous});
  ASSERT_GT(at, 0);
  const auto address = static_cast<std::uint64_t>(at);
  machine_.put(address, "mine");
  EXPECT_EQ(call(nr::mprotect, {address, page_size, 1}), 0);
  EXPECT_FALSE(machine_.keep().memory.allows(address, 1, true));
  EXPECT_TRUE(machine_.keep().memory.allows(address + page_size, 1, true));
  EXPECT_EQ(call(nr::munmap, {address, page_size}), 0);
  EXPECT_FALSE(machine_.keep().memory.allows(address, 1, false));
  EXPECT_EQ(call(nr::brk, {0}), 0) << "the launcher gave none";
  constexpr std::uint64_t will_need = 3;
  constexpr std::uint64_t dont_need = 4;
  EXPECT_EQ(call(nr::madvise, {address, page_size, will_need}), 0);
  EXPECT_EQ(call(nr::madvise, {address, page_size, dont_need}), -abi::Inval)
      << "it would have to clear";
  EXPECT_TRUE(asked_nothing());
}

TEST_F(SystemCallTest, AKeepHasOneProcessAndOneThread) {
  EXPECT_EQ(call(nr::getpid, {}), 1);
  EXPECT_EQ(call(nr::gettid, {}), 1);
  EXPECT_EQ(call(nr::set_tid_address, {next_}), 1);
  EXPECT_EQ(call(nr::set_robust_list, {next_, 24}), 0);
  EXPECT_EQ(call(nr::sched_yield, {}), 0);
  EXPECT_EQ(call(nr::readlink, {next_, next_, 8}), -abi::Noent);
  constexpr std::uint64_t wake_private = 0x81;
  constexpr std::uint64_t wait = 0;
  EXPECT_EQ(call(nr::futex, {next_, wake_private, 1}), 0);
  EXPECT_EQ(call(nr::futex, {next_, wait, 0}), -abi::Nosys) << "nobody could wake it";
  EXPECT_TRUE(asked_nothing());
}

TEST_F(SystemCallTest, TheEndHasEightBits) {
  EXPECT_EXIT(call(nr::exit, {3}), ::testing::ExitedWithCode(3), "");
  EXPECT_EXIT(call(nr::exit_group, {0x107}), ::testing::ExitedWithCode(7), "");
}

TEST_F(SystemCallTest, TheThreadsPointerIsAnAddressOfTheKeep) {
  EXPECT_EQ(call(nr::arch_prctl, {abi::arch_set_fs, next_}), 0);
  EXPECT_EQ(machine_.thread_pointer, next_);
  EXPECT_EQ(call(nr::arch_prctl, {abi::arch_set_fs, sallyport::user_end - 1}), 0);
  EXPECT_EQ(call(nr::arch_prctl, {abi::arch_set_fs, sallyport::user_end}), -abi::Perm);
  EXPECT_EQ(call(nr::arch_prctl, {abi::arch_set_fs, sallyport::direct_map}), -abi::Perm);
  EXPECT_EQ(call(nr::arch_prctl, {0x1001, next_}), -abi::Inval);
  EXPECT_EQ(machine_.thread_pointer, sallyport::user_end - 1);
}

TEST_F(SystemCallTest, LimitsAreToldAndStay) {
  struct Limit {
    std::uint64_t current;
    std::uint64_t most;
  };
  const auto limit = [&](std::uint64_t resource) {
    const std::uint64_t at = make_room(sizeof(Limit));
    EXPECT_EQ(call(nr::prlimit64, {0, resource, 0, at}), 0);
    const auto found = item_at<Limit>(at);
    return std::pair(found.current, found.most);
  };
  constexpr std::uint64_t unlimited = ~std::uint64_t{0};
  EXPECT_EQ(limit(3), (std::pair<std::uint64_t, std::uint64_t>(sallyport::stack_size, unlimited)));
  EXPECT_EQ(limit(7), (std::pair<std::uint64_t, std::uint64_t>(sallyport::max_descriptors,
                                                               sallyport::max_descriptors)));
  EXPECT_EQ(limit(9), (std::pair(unlimited, unlimited)));
  EXPECT_EQ(call(nr::prlimit64, {0, 3, next_, 0}), -abi::Perm);
  EXPECT_EQ(call(nr::prlimit64, {0, 3, 0, nowhere}), -abi::Fault);
  EXPECT_EQ(call(nr::prlimit64, {0, 3, 0, 0}), 0);
}

TEST_F(SystemCallTest, RandomBytesAreTheProcessors) {
  machine_.random = {0x0807'0605'0403'0201, 0x1817'1615'1413'1211};
  const std::uint64_t at = make_room(16);
  EXPECT_EQ(call(nr::getrandom, {at, 11, 0}), 11);
  EXPECT_EQ(machine_.get(at, 16), "\x01\x02\x03\x04\x05\x06\x07\x08\x11\x12\x13?????");
  EXPECT_EQ(call(nr::getrandom, {at, 0, 0}), 0);
  EXPECT_EQ(call(nr::getrandom, {end_ - 4, 8, 0}), -abi::Fault);
  EXPECT_EQ(call(nr::getrandom, {read_only_, 8, 0}), -abi::Fault);
}

TEST_F(SystemCallTest, TimersAreTheHosts) {
  const std::uint64_t at = make_room(8);
  EXPECT_EQ(call(nr::timer_create, {1, 0, at}), 0);
  EXPECT_EQ(item_at<std::int32_t>(at), 0);
  EXPECT_EQ(call(nr::timer_create, {1, 0, nowhere}), -abi::Fault);
  EXPECT_TRUE(asked_nothing());
  const auto set = [&](abi::TimeSpec interval, abi::TimeSpec first) {
    const abi::TimeSpec both[] = {interval, first};
    EXPECT_EQ(call(nr::timer_settime, {0, 0, place_item(both), 0}), 0);
    const Asked asked = only_asked();
    EXPECT_EQ(asked.call, Call::SetTimer);
    return std::pair(asked.arguments[0], asked.arguments[1]);
  };
  using Pair = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_EQ(set({1, 2}, {3, 4}), Pair(3'000'000'004, 1'000'000'002));
  EXPECT_EQ(set({-1, -1}, {INT64_MAX, INT64_MAX}), Pair(1'000'000'001'000'000'000, 0));
  EXPECT_EQ(call(nr::timer_settime, {0, 0, nowhere, 0}), -abi::Fault);
  EXPECT_EQ(call(nr::timer_delete, {0}), 0);
  EXPECT_EQ(only_asked().call, Call::SetTimer);
}

TEST_F(SystemCallTest, AReturnFromASignalKeepsTheRegisters) {
  abi::SignalFrame frame{};
  frame.context.machine.rax = 0x1234;
  frame.context.machine.rip = 0x5678;
  Registers registers{};
  registers.vector = nr::rt_sigreturn;
  registers.rsp = place_item(frame) + 8;
  shim_system_call(&registers);
  EXPECT_EQ(registers.rax, 0x1234U);
  EXPECT_EQ(registers.rip, 0x5678U);
}

TEST_F(SystemCallTest, TheClockIsTheHostsWhereThereIsNoCounter) {
  const std::uint64_t at = make_room(16);
  const auto read = [&](std::uint64_t clock) {
    EXPECT_EQ(call(nr::clock_gettime, {clock, at}), 0);
    EXPECT_EQ(only_asked().arguments[0], clock);
    const auto time = item_at<abi::TimeSpec>(at);
    return time.seconds * 1'000'000'000 + time.nanoseconds;
  };
  answer(7'000'000'008);
  EXPECT_EQ(read(abi::clock_realtime), 7'000'000'008);
  EXPECT_EQ(read(abi::clock_monotonic), 7'000'000'008);
  answer(6'000'000'000);
  EXPECT_EQ(read(abi::clock_realtime), 6'000'000'000);
  EXPECT_EQ(read(abi::clock_monotonic), 7'000'000'008) << "it never goes back";
  answer(8'000'000'000);
  EXPECT_EQ(read(abi::clock_monotonic), 8'000'000'000);
  answer(0);
  EXPECT_EQ(call(nr::clock_gettime, {0, at}), 0);
  EXPECT_EQ(item_at<abi::TimeSpec>(at).seconds, 0);
  answer(-abi::Inval);
  EXPECT_EQ(call(nr::clock_gettime, {2, at}), -abi::Inval);
  machine_.asked.clear();
  EXPECT_EQ(call(nr::clock_gettime, {abi::clock_last + 1, at}), -abi::Inval);
  EXPECT_TRUE(asked_nothing());
  answer(1);
  EXPECT_EQ(call(nr::clock_gettime, {abi::clock_last, at}), 0);
  EXPECT_EQ(call(nr::clock_gettime, {0, nowhere}), -abi::Fault);
}

TEST_F(SystemCallTest, TheClockIsTheCountersWhereThereIsOne) {
  const std::uint64_t at = make_room(16);
  const auto read = [&](std::uint64_t clock) {
    EXPECT_EQ(call(nr::clock_gettime, {clock, at}), 0);
    const auto time = item_at<abi::TimeSpec>(at);
    return time.seconds * 1'000'000'000 + time.nanoseconds;
  };
  // A counter of a gigahertz that has run for five seconds.
  constexpr std::int64_t monotonic = 1'000'000;
  constexpr std::int64_t realtime = std::int64_t{1} << 60;
  machine_.keep().clock.begin({1'000'000, read_tsc() - 5'000'000'000, monotonic, realtime});
  const std::int64_t real = read(abi::clock_realtime);
  EXPECT_GE(real, 5'000'000'000 + realtime);
  const std::int64_t ticks = read(abi::clock_monotonic);
  EXPECT_GE(ticks, 5'000'000'000 + monotonic);
  EXPECT_LT(ticks, realtime) << "its own base";
  EXPECT_GE(read(abi::clock_monotonic), ticks);
  EXPECT_TRUE(asked_nothing());
}

TEST_F(SystemCallTest, ClocksCountNanoseconds) {
  const std::uint64_t at = make_room(16);
  EXPECT_EQ(call(nr::clock_getres, {0, at}), 0);
  EXPECT_EQ(item_at<abi::TimeSpec>(at).seconds, 0);
  EXPECT_EQ(item_at<abi::TimeSpec>(at).nanoseconds, 1);
  EXPECT_EQ(call(nr::clock_getres, {abi::clock_last, 0}), 0);
  EXPECT_EQ(call(nr::clock_getres, {abi::clock_last + 1, 0}), -abi::Inval);
  EXPECT_EQ(call(nr::clock_getres, {0, nowhere}), -abi::Fault);
}

TEST_F(SystemCallTest, TheClockIsLentWithItsBase) {
  const std::uint64_t at = make_room(sizeof(LentPage));
  auto& clock = machine_.keep().clock;
  clock.begin({1, 2, 3, 4});
  EXPECT_TRUE(clock.lend(at, 5));
  const auto lent = item_at<LentPage>(at);
  EXPECT_EQ(lent.clock.host.tsc_khz, 1U);
  EXPECT_EQ(lent.clock.host.realtime_base, 4U);
  EXPECT_EQ(lent.clock.latest, 0U);
  EXPECT_EQ(lent.entry, 5U);
  EXPECT_TRUE(clock.lend(0, 5)) << "there is no vdso";
  EXPECT_FALSE(clock.lend(nowhere, 5));
}

}  // namespace
}  // namespace merlon::shim::linux
