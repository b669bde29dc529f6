#include "merlon/shim/linux/signals.h"

#include "merlon/shim/linux/testing/keep_test.h"

namespace merlon::shim::linux {
namespace {

namespace nr = abi::number;

class SignalsTest : public testing::KeepTest {
 protected:
  void SetUp() override {
    KeepTest::SetUp();
    if (IsSkipped()) return;
    stack_ = make_room(8192) + 8192;
    registers_ = {.r15 = 15,
                  .r14 = 14,
                  .r13 = 13,
                  .r12 = 12,
                  .rbp = 5,
                  .rbx = 3,
                  .r11 = 11,
                  .r10 = 10,
                  .r9 = 9,
                  .r8 = 8,
                  .rax = 1,
                  .rcx = 2,
                  .rdx = 4,
                  .rsi = 6,
                  .rdi = 7,
                  .vector = 14,
                  .error = 5,
                  .rip = 0x1234,
                  .cs = 0x33,
                  .rflags = 0x10a97,
                  .rsp = stack_ - 100,
                  .ss = 0x2b};
  }
  void handle(int signal, std::uint64_t flags = 0) {
    const abi::SignalAction action{handler, flags, restorer, 0};
    ASSERT_EQ(call(nr::rt_sigaction, {static_cast<std::uint64_t>(signal), place_item(action), 0}),
              0);
  }
  /// Delivers the exception; the frame that the handler finds.
  abi::SignalFrame raise(std::uint64_t vector) {
    registers_.vector = vector;
    machine_.keep().signals.raise(registers_, fault);
    return item_at<abi::SignalFrame>(registers_.rsp);
  }

  static constexpr std::uint64_t handler = 0x4444;
  static constexpr std::uint64_t restorer = 0x5555;
  static constexpr std::uint64_t fault = 0xfa17;
  std::uint64_t stack_ = 0;
  Registers registers_{};
};

TEST_F(SignalsTest, AHandlerStartsAsIfItHadBeenCalled) {
  handle(abi::sigsegv);
  const Registers before = registers_;
  const abi::SignalFrame frame = raise(14);
  EXPECT_EQ(registers_.rip, handler);
  EXPECT_EQ(registers_.rdi, 11U);
  EXPECT_EQ(registers_.rsi, registers_.rsp + offsetof(abi::SignalFrame, info));
  EXPECT_EQ(registers_.rdx, registers_.rsp + offsetof(abi::SignalFrame, context));
  EXPECT_EQ(registers_.rax, 0U);
  EXPECT_EQ(registers_.rsp % 16, 8U);
  EXPECT_EQ(registers_.rflags, 0x202U) << "the direction is upwards again";
  EXPECT_LE(registers_.rsp + sizeof(frame), before.rsp - 128) << "the red zone stays";
  EXPECT_GT(registers_.rsp + sizeof(frame) + 24, before.rsp - 128) << "and no more";
  EXPECT_EQ(frame.restorer, restorer);
  EXPECT_EQ(frame.info.signal, 11);
  EXPECT_EQ(frame.info.code, 1);
  EXPECT_EQ(frame.info.address, fault);
}

TEST_F(SignalsTest, AFrameLiesAsCloseBelowTheRedZoneAsItCan) {
  handle(abi::sigsegv);
  for (std::uint64_t offset = 0; offset < 16; ++offset) {
    registers_.rsp = stack_ - 100 - offset;
    const std::uint64_t highest = registers_.rsp - 128 - sizeof(abi::SignalFrame);
    static_cast<void>(raise(14));
    EXPECT_EQ(registers_.rsp, highest / 16 * 16 - 8) << offset;
  }
}

TEST_F(SignalsTest, AFrameHoldsTheRegistersAndGivesThemBack) {
  handle(abi::sigsegv);
  const Registers before = registers_;
  const abi::MachineContext saved = raise(14).context.machine;
  EXPECT_EQ(saved.r8, 8U);
  EXPECT_EQ(saved.r15, 15U);
  EXPECT_EQ(saved.rdi, 7U);
  EXPECT_EQ(saved.rcx, 2U);
  EXPECT_EQ(saved.rsp, before.rsp);
  EXPECT_EQ(saved.rip, 0x1234U);
  EXPECT_EQ(saved.rflags, 0x10a97U);
  EXPECT_EQ(saved.segments, 0x33U);
  EXPECT_EQ(saved.error, 5U);
  EXPECT_EQ(saved.trap, 14U);
  EXPECT_EQ(saved.fault_address, fault);
  // The handler's `ret` has taken the restorer; everything else is as anything left it.
  const std::uint64_t frame = registers_.rsp;
  registers_ = {};
  registers_.cs = before.cs;
  registers_.rsp = frame + 8;
  machine_.keep().signals.come_back(registers_);
  EXPECT_EQ(registers_.r8, 8U);
  EXPECT_EQ(registers_.r9, 9U);
  EXPECT_EQ(registers_.r10, 10U);
  EXPECT_EQ(registers_.r11, 11U);
  EXPECT_EQ(registers_.r12, 12U);
  EXPECT_EQ(registers_.r13, 13U);
  EXPECT_EQ(registers_.r14, 14U);
  EXPECT_EQ(registers_.r15, 15U);
  EXPECT_EQ(registers_.rax, 1U);
  EXPECT_EQ(registers_.rbx, 3U);
  EXPECT_EQ(registers_.rcx, 2U);
  EXPECT_EQ(registers_.rdx, 4U);
  EXPECT_EQ(registers_.rsi, 6U);
  EXPECT_EQ(registers_.rdi, 7U);
  EXPECT_EQ(registers_.rbp, 5U);
  EXPECT_EQ(registers_.rip, before.rip);
  EXPECT_EQ(registers_.rsp, before.rsp);
  EXPECT_EQ(registers_.cs, 0x33U);
}

/// Interrupts stay on; no I/O privilege, no nested task, no virtual machine: a frame is the keep's.
TEST_F(SignalsTest, AFrameCannotTakeRightsOfTheProcessor) {
  handle(abi::sigsegv);
  static_cast<void>(raise(14));
  auto frame = item_at<abi::SignalFrame>(registers_.rsp);
  frame.context.machine.rflags = ~std::uint64_t{0};
  frame.context.machine.segments = 0x10;
  machine_.put(registers_.rsp, {reinterpret_cast<const char*>(&frame), sizeof(frame)});
  registers_.rsp += 8;
  machine_.keep().signals.come_back(registers_);
  EXPECT_EQ(registers_.rflags, 0xed7U);
  EXPECT_EQ(registers_.cs, 0x33U);
  EXPECT_EQ(registers_.ss, 0x2bU);
  frame.context.machine.rflags = 0;
  machine_.put(next_ + 1024, {reinterpret_cast<const char*>(&frame), sizeof(frame)});
  registers_.rsp = next_ + 1024 + 8;
  machine_.keep().signals.come_back(registers_);
  EXPECT_EQ(registers_.rflags, 0x202U);
}

TEST_F(SignalsTest, ExceptionsAreTheSignalsOfLinux) {
  const struct {
    std::uint64_t vector;
    int signal;
    int code;
    std::uint64_t address;
  } cases[] = {{0, 8, 1, 0x1234},  {3, 5, 1, 0x1234},  {6, 4, 2, 0x1234},  {13, 11, 0x80, 0},
               {14, 11, 1, fault}, {16, 8, 3, 0x1234}, {17, 7, 1, 0x1234}, {19, 8, 3, 0x1234}};
  for (const int signal : {4, 5, 7, 8, 11}) handle(signal);
  const Registers before = registers_;
  for (const auto& each : cases) {
    registers_ = before;
    const abi::SignalFrame frame = raise(each.vector);
    EXPECT_EQ(frame.info.signal, each.signal) << each.vector;
    EXPECT_EQ(frame.info.code, each.code) << each.vector;
    EXPECT_EQ(frame.info.address, each.address) << each.vector;
    EXPECT_EQ(registers_.rdi, static_cast<std::uint64_t>(each.signal));
  }
}

TEST_F(SignalsTest, AHandlerMayHaveAStackOfItsOwn) {
  const abi::SignalStack own{make_room(4096), 0, 0, 4096};
  ASSERT_EQ(call(nr::sigaltstack, {place_item(own), 0}), 0);
  handle(abi::sigsegv, abi::sa_onstack);
  handle(abi::sigill);
  const Registers before = registers_;
  const abi::SignalFrame frame = raise(14);
  EXPECT_GT(registers_.rsp, own.base);
  EXPECT_LE(registers_.rsp + sizeof(frame), own.base + own.size);
  EXPECT_EQ(frame.context.stack.base, own.base);
  EXPECT_EQ(frame.context.stack.size, own.size);
  // On that stack already: further down, not from its end again.
  const std::uint64_t first = registers_.rsp;
  static_cast<void>(raise(14));
  EXPECT_LT(registers_.rsp + sizeof(frame), first);
  EXPECT_GT(registers_.rsp, own.base);
  // A handler that does not want it, and a stack that is off.
  registers_ = before;
  static_cast<void>(raise(6));
  EXPECT_LT(registers_.rsp, before.rsp);
  EXPECT_GT(registers_.rsp, before.rsp - 2048);
  const abi::SignalStack off{own.base, abi::ss_disable, 0, own.size};
  ASSERT_EQ(call(nr::sigaltstack, {place_item(off), 0}), 0);
  registers_ = before;
  static_cast<void>(raise(14));
  EXPECT_LT(registers_.rsp, before.rsp);
  EXPECT_GT(registers_.rsp, before.rsp - 2048);
}

TEST_F(SignalsTest, AStackOfNoSizeIsNone) {
  handle(abi::sigsegv, abi::sa_onstack);
  const std::uint64_t before = registers_.rsp;
  static_cast<void>(raise(14));
  EXPECT_LT(registers_.rsp, before);
  EXPECT_GT(registers_.rsp, before - 2048);
}

TEST_F(SignalsTest, TheEndOfAStackIsNotOnIt) {
  const abi::SignalStack own{make_room(4096), 0, 0, 4096};
  ASSERT_EQ(call(nr::sigaltstack, {place_item(own), 0}), 0);
  handle(abi::sigsegv, abi::sa_onstack);
  registers_.rsp = own.base + own.size;
  static_cast<void>(raise(14));
  EXPECT_GT(registers_.rsp + sizeof(abi::SignalFrame) + 24, own.base + own.size) << "its top";
  registers_.rsp = own.base - 1;
  static_cast<void>(raise(14));
  EXPECT_GT(registers_.rsp, own.base);
}

TEST_F(SignalsTest, SettingsAreRememberedAndTold) {
  const std::uint64_t at = make_room(64);
  handle(abi::sigill, 7);
  EXPECT_EQ(call(nr::rt_sigaction, {abi::sigill, 0, at}), 0);
  const auto action = item_at<abi::SignalAction>(at);
  EXPECT_EQ(action.handler, handler);
  EXPECT_EQ(action.flags, 7U);
  EXPECT_EQ(action.restorer, restorer);
  EXPECT_EQ(call(nr::rt_sigaction, {abi::sigbus, 0, at}), 0);
  EXPECT_EQ(item_at<abi::SignalAction>(at).handler, abi::sig_default);
  EXPECT_EQ(call(nr::rt_sigaction, {64, 0, at}), 0);
  EXPECT_EQ(call(nr::rt_sigaction, {0, 0, at}), -abi::Inval);
  EXPECT_EQ(call(nr::rt_sigaction, {65, 0, at}), -abi::Inval);
  EXPECT_EQ(call(nr::rt_sigaction, {4, nowhere, 0}), -abi::Fault);
  EXPECT_EQ(call(nr::rt_sigaction, {4, 0, nowhere}), -abi::Fault);
}

TEST_F(SignalsTest, MasksAreRememberedAndTold) {
  const std::uint64_t at = make_room(8);
  const auto change = [&](std::uint64_t how, std::uint64_t set) {
    EXPECT_EQ(call(nr::rt_sigprocmask, {how, place_item(set), at}), 0);
    const auto before = item_at<std::uint64_t>(at);
    EXPECT_EQ(call(nr::rt_sigprocmask, {0, 0, at}), 0);
    return std::pair(before, item_at<std::uint64_t>(at));
  };
  using Pair = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_EQ(change(2, 0b0110), Pair(0, 0b0110));
  EXPECT_EQ(change(0, 0b1100), Pair(0b0110, 0b1110));
  EXPECT_EQ(change(1, 0b0100), Pair(0b1110, 0b1010));
  EXPECT_EQ(call(nr::rt_sigprocmask, {3, at, 0}), -abi::Inval);
  EXPECT_EQ(call(nr::rt_sigprocmask, {2, nowhere, 0}), -abi::Fault);
  EXPECT_EQ(call(nr::rt_sigprocmask, {2, 0, nowhere}), -abi::Fault);
  handle(abi::sigsegv);
  EXPECT_EQ(raise(14).context.mask, 0b1010U);
}

TEST_F(SignalsTest, StacksAreRememberedAndTold) {
  const std::uint64_t at = make_room(24);
  EXPECT_EQ(call(nr::sigaltstack, {0, at}), 0);
  EXPECT_EQ(item_at<abi::SignalStack>(at).flags, abi::ss_disable);
  const abi::SignalStack own{next_, 0, 0, 4096};
  EXPECT_EQ(call(nr::sigaltstack, {place_item(own), 0}), 0);
  EXPECT_EQ(call(nr::sigaltstack, {0, at}), 0);
  EXPECT_EQ(item_at<abi::SignalStack>(at).base, own.base);
  EXPECT_EQ(item_at<abi::SignalStack>(at).flags, 0);
  EXPECT_EQ(call(nr::sigaltstack, {nowhere, 0}), -abi::Fault);
  EXPECT_EQ(call(nr::sigaltstack, {0, nowhere}), -abi::Fault);
}

TEST_F(SignalsTest, WithoutAHandlerTheKeepEnds) {
  constexpr std::uint64_t overflow = 6;
  registers_.vector = overflow;
  auto& signals = machine_.keep().signals;
  EXPECT_EXIT(signals.raise(registers_, fault), ::testing::ExitedWithCode(134),
              "the keep was ended by SIGILL");
  const abi::SignalAction ignored{abi::sig_ignore, 0, 0, 0};
  ASSERT_EQ(call(nr::rt_sigaction, {abi::sigill, place_item(ignored), 0}), 0);
  EXPECT_EXIT(signals.raise(registers_, fault), ::testing::ExitedWithCode(134),
              "the keep was ended by SIGILL");
}

TEST_F(SignalsTest, WithoutAStackTheKeepEnds) {
  handle(abi::sigsegv);
  auto& signals = machine_.keep().signals;
  registers_.rsp = nowhere;
  EXPECT_EXIT(signals.raise(registers_, fault), ::testing::ExitedWithCode(134),
              "the keep has no stack left for SIGSEGV");
  EXPECT_EXIT(signals.come_back(registers_), ::testing::ExitedWithCode(134),
              "the keep came back from a signal that it did not get");
}

TEST_F(SignalsTest, ASignalToItselfIsItsEnd) {
  EXPECT_EXIT(call(nr::tgkill, {1, 1, 6}), ::testing::ExitedWithCode(128 + 6), "");
}

}  // namespace
}  // namespace merlon::shim::linux
