// What a simulated processor does for a thread that goes into its enclave, is interrupted there,
// and leaves: exceptions, registers, what is left behind at an exit [SDM vol. 3D, chapters 36 to
// 40].

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "merlon/host/sgx/simulated/testing/reached.h"
#include "merlon/host/sgx/simulated/testing/small_enclave.h"
#include "merlon/launch/exit_status.h"

namespace merlon::host::sgx::simulated {
namespace {

using namespace testing;
using SimulatedEntry = SmallEnclave;

TEST_F(SimulatedEntry, GoesInAndComesOutAsOftenAsOneLikes) {
  expect_inside([this] {
    for (int time = 0; time < 3; ++time) expect_done();
  });
}

/// What stays in a register at an exit is its host's to read: an enclave of ours that does that has
/// failed its tests.
TEST_F(SimulatedEntry, WhatIsLeftInRegistersEndsTheProcess) {
  const auto expect_found = [this](const std::function<void()>& leave) {
    const Ended ended = inside([&] {
      leave();
      static_cast<void>(processor_->enter(Leaf::Enter));
    });
    EXPECT_TRUE(ended.with(launch::number(launch::ExitStatus::Trap))) << ended;
    EXPECT_EQ(ended.said, "merlon: the enclave left something in its registers\n");
  };
  expect_found([] { data().secret = 1; });
  expect_found([] { data().vector[1] = 1; });
  expect_found([] { data().lost_stack = 8; });
}

TEST_F(SimulatedEntry, AnExceptionIsNotedInTheEnclaveAndGoesOnWhereItWas) {
  expect_inside([this] {
    run(instruction, in_enclave(test_enclave_reads), new_page + 5, 0x1234);
    expect_exception(Leaf::Enter, page_fault, 4, new_page);
    const auto& saved = frame().registers;
    EXPECT_EQ(saved.rip, in_enclave(test_enclave_reads));
    EXPECT_EQ(saved.rcx, new_page + 5);
    EXPECT_EQ(saved.rdx, 0x1234U);
    EXPECT_EQ(saved.r14, data_page);
    EXPECT_NE(saved.outer_rsp, 0U);
    EXPECT_NE(saved.outer_rbp, 0U);
    EXPECT_EQ(saved.exit_info, sallyport::exit_valid | 3U << 8U | page_fault);
    EXPECT_EQ(frame().fault.address, new_page + 5) << "which the host is not told";
    EXPECT_EQ(frame().fault.error, 4U);
    expect_exit(Leaf::Enter, resume);
    add(EnclavePage::Read, new_page, 1, {});
    expect_exit(Leaf::Resume, done);
  });
}

TEST_F(SimulatedEntry, EachRegisterIsAsItWasBehindAnException) {
  expect_inside([this] {
    run(instruction, in_enclave(test_enclave_numbers), new_page);
    expect_exception(Leaf::Enter, page_fault, 4, new_page);
    const auto& saved = frame().registers;
    EXPECT_EQ(saved.rip, in_enclave(test_enclave_reads_numbered));
    constexpr std::array<std::uint64_t, 10> numbers{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    const std::array noted{saved.rbx, saved.rdx, saved.rsi, saved.rdi, saved.r8,
                           saved.r9,  saved.r10, saved.r11, saved.r12, saved.r13};
    EXPECT_EQ(noted, numbers);
    expect_exit(Leaf::Enter, resume);
    add(EnclavePage::Read, new_page, 1, {});
    expect_exit(Leaf::Resume, done);
    EXPECT_EQ(data().numbers, numbers);
  });
}

TEST_F(SimulatedEntry, APageThatIsMappedComesAsItIsUsedAndWaits) {
  expect_inside([this] {
    ASSERT_TRUE(processor_->reach({new_page, page_size}, Access::Read));
    constexpr std::uint64_t writes = 6;
    run(instruction, in_enclave(test_enclave_writes), new_page);
    expect_exception(Leaf::Enter, page_fault, writes, new_page);
    ASSERT_TRUE(processor_->reach({new_page, page_size}, Access::ReadWrite));
    expect_exception(Leaf::Resume, page_fault, writes | fault_of_sgx, new_page);
    expect_exception(Leaf::Resume, page_fault, writes, new_page);
    EXPECT_FALSE(testing::is_readable(new_page));
  });
}

TEST_F(SimulatedEntry, ASystemCallIsNoInstruction) {
  expect_inside([this] {
    run(instruction, in_enclave(test_enclave_calls));
    expect_exception(Leaf::Enter, undefined);
    constexpr std::uint64_t size_of_move = 5;
    EXPECT_EQ(frame().registers.rip, in_enclave(test_enclave_calls) + size_of_move);
    EXPECT_EQ(frame().registers.rax, 39U);
    EXPECT_EQ(frame().registers.exit_info & 0xffU, undefined);
    expect_no_address();
  });
}

TEST_F(SimulatedEntry, WhoIsInterruptedTwiceIsNotEntered) {
  expect_inside([this] {
    run(instruction, in_enclave(test_enclave_nothing));
    data().fails_again = 1;
    expect_exception(Leaf::Enter, undefined);
    expect_no_address();
    expect_exception(Leaf::Enter, undefined);
    EXPECT_EQ(processor_->enter(Leaf::Enter).way, Left::Way::Refused);
    expect_exception(Leaf::Resume, undefined);
    EXPECT_EQ(processor_->enter(Leaf::Enter).way, Left::Way::Refused);
  });
}

TEST_F(SimulatedEntry, WhoWasNotInterruptedIsNotResumed) {
  expect_inside([this] {
    expect_exception(Leaf::Resume, protection);
    expect_done();
    expect_exception(Leaf::Resume, protection);
  });
}

TEST_F(SimulatedEntry, VectorsOfAnInterruptedEnclaveAreItsOwn) {
  expect_inside([this] {
    constexpr std::size_t vector_at = 160 + 16;
    data().before = {0x1122'3344'5566'7788, 0x99aa'bbcc'ddee'ff00};
    run(instruction, in_enclave(test_enclave_reads), new_page);
    expect_exception(Leaf::Enter, page_fault, 4, new_page);
    EXPECT_EQ(std::memcmp(frame().extended_state + vector_at, &data().before, 16), 0);
    add(EnclavePage::Read, new_page, 1, {});
    asm volatile("pxor %%xmm1, %%xmm1" ::: "xmm1");
    expect_exit(Leaf::Resume, done);
    EXPECT_EQ(data().after, data().before);
  });
}

/// On a kernel that lets programs set it, and on one that does not.
TEST_F(SimulatedEntry, ItsThreadPointerIsItsOwn) {
  for (const std::uint64_t seed : {0U, 1U}) {
    const Hostility owner(seed);
    expect_inside(
        [&] {
          run(instruction, in_enclave(test_enclave_reads), new_page);
          expect_exception(Leaf::Enter, page_fault, 4, new_page);
          EXPECT_EQ(frame().registers.fs_base, data_page);
          EXPECT_EQ(data().pointer_before, 0U);
          expect_exit(Leaf::Enter, resume);
          add(EnclavePage::Read, new_page, 1, {});
          expect_exit(Leaf::Resume, done);
          EXPECT_EQ(data().pointer_after, data_page);
        },
        owner);
  }
}

/// Whatever he leaves in registers, and wherever he interrupts it or enters again.
TEST_F(SimulatedEntry, AHostileOwnerChangesNothing) {
  expect_inside([this] {
    int steps = 0;
    const Hostility::Meanwhile counts{[](void* self) noexcept { ++*static_cast<int*>(self); },
                                      &steps};
    int interruptions = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      processor_->set_hostility(Hostility(seed, counts));
      data().before = {seed, ~seed};
      Leaf next = Leaf::Enter;
      for (Left left = processor_->enter(next); left.reason != done;
           left = processor_->enter(next)) {
        const bool goes_on = left.way == Left::Way::Refused || left.reason == resume;
        interruptions += left.way == Left::Way::Exception ? 1 : 0;
        EXPECT_EQ(left.vector, 0) << "an interrupt is none of the enclave's exceptions";
        EXPECT_EQ(left.error, 0);
        EXPECT_EQ(left.address, 0U);
        next = goes_on ? Leaf::Resume : Leaf::Enter;
      }
      EXPECT_EQ(data().after, data().before) << seed;
      EXPECT_EQ(data().pointer_after, data_page) << seed;
    }
    EXPECT_GT(interruptions, 10);
    EXPECT_GT(steps, interruptions);
  });
}

/// A thread that a signal has interrupted, without one.
struct Interrupted {
  Interrupted() {
    constexpr std::size_t size_at = 480;  // struct _fpx_sw_bytes
    const std::uint32_t size = kept_state_size;
    std::memcpy(state.data() + size_at, &size, sizeof(size));
    context.uc_mcontext.fpregs = reinterpret_cast<::fpregset_t>(state.data());
    info.si_code = SI_KERNEL;
  }
  ::greg_t& operator[](int which) { return context.uc_mcontext.gregs[which]; }

  alignas(64) std::array<std::uint8_t, kept_state_size> state{};
  ::ucontext_t context{};
  ::siginfo_t info{};
};

/// Some hypervisors end what has a stack at an address that no processor has: the owner comes with
/// another one, once. Every other fault of protection is the enclave's.
TEST_F(SimulatedEntry, AStackThatNoProcessorHasIsExchanged) {
  int exchanged = 0;
  for (std::uint64_t seed = 0; seed < 24; ++seed) {
    const Ended ended = inside([&] {
      processor_->set_hostility(Hostility(seed));
      Interrupted thread;
      thread[REG_RIP] = reinterpret_cast<::greg_t>(simulated_door);
      thread[REG_RAX] = 2;
      thread[REG_TRAPNO] = protection;
      static_cast<void>(processor_->handle(SIGSEGV, thread.info, thread.context, 0));
      EXPECT_EQ(thread[REG_RIP], static_cast<::greg_t>(sallyport::shim_start));
      const auto stack = static_cast<std::uint64_t>(thread[REG_RSP]);
      const bool impossible = possible_address(stack) != stack;
      static_cast<void>(processor_->handle(SIGSEGV, thread.info, thread.context, 0));
      if (impossible) {
        EXPECT_EQ(static_cast<std::uint64_t>(thread[REG_RSP]), possible_address(stack));
        EXPECT_EQ(frame().registers.exit_info, 0U) << "nothing has happened";
        static_cast<void>(processor_->handle(SIGSEGV, thread.info, thread.context, 0));
      }
      EXPECT_EQ(frame().registers.exit_info & 0xffU, protection);
      expect_no_address();
      if (!HasFailure()) std::exit(impossible ? 2 : 0);
    });
    EXPECT_TRUE(ended.with(0) || ended.with(2)) << seed << ": " << ended;
    exchanged += ended.with(2) ? 1 : 0;
  }
  EXPECT_GT(exchanged, 0);
}

/// A fault of this process is not the enclave's.
TEST_F(SimulatedEntry, AFaultOutsideEndsTheProcess) {
  const Ended ended = inside([this] {
    expect_done();
    *reinterpret_cast<volatile int*>(new_page) = 1;
  });
  EXPECT_TRUE(ended.by(SIGSEGV)) << ended;
}

/// Signals that somebody sends are not the enclave's.
TEST_F(SimulatedEntry, ASignalThatIsSentEndsTheProcess) {
  const Ended ended = inside([this] {
    expect_done();
    ::raise(SIGILL);
  });
  EXPECT_TRUE(ended.by(SIGILL)) << ended;
}

}  // namespace
}  // namespace merlon::host::sgx::simulated
