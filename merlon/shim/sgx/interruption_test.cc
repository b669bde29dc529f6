#include "merlon/shim/sgx/interruption.h"

#include <array>
#include <cstring>
#include <utility>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "merlon/sallyport/enclave.h"
#include "merlon/sallyport/saved_state.h"
#include "merlon/shim/sgx/testing/machine.h"

namespace merlon::shim::sgx {

extern "C" {
std::uint64_t sgx_interrupted() noexcept;
linux::Registers* sgx_handle() noexcept;
void sgx_goes_on() noexcept {}
}

namespace {

using sallyport::EnclaveExit;
using sallyport::SavedFrame;
namespace abi = linux::abi;

constexpr std::uint32_t hardware = sallyport::exit_valid | 3U << 8U;
constexpr std::uint32_t invalid_opcode = 6, page_fault = 14;

class Interruption : public ::testing::Test {
 protected:
  void SetUp() override {
    void* const wanted = reinterpret_cast<void*>(sallyport::saved_state_pages);
    void* const got = ::mmap(wanted, sizeof(SavedFrame), PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (got != wanted)
      GTEST_SKIP() << "an enclave's addresses are not free, as where a sanitizer has them";
    frame_ = static_cast<SavedFrame*>(got);
    machine_.pages().begin({}, machine_.linux().keep().memory.ledger());
    machine_.linux().give = [this](linux::Range range, linux::Access access) {
      return machine_.linux().give_real(range, access);
    };
    machine_.linux().take = [this](linux::Range range) { machine_.linux().take_real(range); };
    text_ = machine_.linux().map(4096);
    stack_ = machine_.linux().map(16384) + 16384;
    frame_->registers.rsp = stack_ - 256;
  }
  void TearDown() override {
    if (frame_ != nullptr) ::munmap(frame_, sizeof(SavedFrame));
  }
  EnclaveExit interrupt(std::uint32_t info, std::uint64_t rip) {
    frame_->registers.exit_info = info;
    frame_->registers.rip = rip;
    return static_cast<EnclaveExit>(sgx_interrupted());
  }

  testing::Machine machine_;
  SavedFrame* frame_ = nullptr;
  std::uint64_t text_ = 0;
  std::uint64_t stack_ = 0;
};

/// A host may come in whenever it likes, and claim what it likes.
TEST_F(Interruption, WithoutTheProcessorsWordNothingHasHappened) {
  frame_->registers.rax = 7;
  const SavedFrame before = *frame_;
  for (const std::uint32_t info : {0U, invalid_opcode, page_fault, 0x7fff'ffffU}) {
    EXPECT_EQ(interrupt(info, text_), EnclaveExit::Resume);
    EXPECT_EQ(frame_->registers.rip, text_);
  }
  frame_->registers.exit_info = before.registers.exit_info;
  frame_->registers.rip = before.registers.rip;
  EXPECT_EQ(std::memcmp(frame_, &before, sizeof(before)), 0);
}

TEST_F(Interruption, OfTheShimIsNotTheKeeps) {
  for (const std::uint64_t rip : {sallyport::shim_start, sallyport::shim_end - 1}) {
    EXPECT_EQ(interrupt(hardware | page_fault, rip), EnclaveExit::Stuck);
    EXPECT_EQ(frame_->registers.rip, rip);
    EXPECT_EQ(frame_->registers.exit_info, 0U);
  }
  for (const std::uint64_t rip : {sallyport::shim_start - 1, sallyport::shim_end}) {
    EXPECT_EQ(interrupt(hardware | page_fault, rip), EnclaveExit::Resume);
    EXPECT_EQ(sgx_registers.rip, rip) << "nor is what lies around it the shim's";
  }
}

TEST_F(Interruption, WhatHappenedIsLookedAtOnce) {
  EXPECT_EQ(interrupt(hardware | invalid_opcode, text_), EnclaveExit::Resume);
  EXPECT_EQ(frame_->registers.exit_info, 0U);
  const std::uint64_t goes_on = frame_->registers.rip;
  EXPECT_NE(goes_on, text_);
  sgx_registers.rip = 1;
  EXPECT_EQ(static_cast<EnclaveExit>(sgx_interrupted()), EnclaveExit::Resume);
  EXPECT_EQ(frame_->registers.rip, goes_on);
  EXPECT_EQ(sgx_registers.rip, 1U) << "not taken a second time";
}

/// Direction, alignment checks and single steps of the keep are none of the shim's.
TEST_F(Interruption, TheShimGoesOnWithFlagsOfItsOwn) {
  frame_->registers.rflags = 0x4'0f02;
  ASSERT_EQ(interrupt(hardware | invalid_opcode, text_), EnclaveExit::Resume);
  EXPECT_EQ(frame_->registers.rflags, 0x202U);
  EXPECT_EQ(sgx_registers.rflags, 0xe02U) << "of these it may have two";
}

TEST_F(Interruption, EachRegisterIsTheKeeps) {
  using Saved = sallyport::SavedRegisters;
  using Keeps = linux::Registers;
  constexpr std::array<std::pair<std::uint64_t Saved::*, std::uint64_t Keeps::*>, 16> both{
      {{&Saved::rax, &Keeps::rax},
       {&Saved::rcx, &Keeps::rcx},
       {&Saved::rdx, &Keeps::rdx},
       {&Saved::rbx, &Keeps::rbx},
       {&Saved::rsp, &Keeps::rsp},
       {&Saved::rbp, &Keeps::rbp},
       {&Saved::rsi, &Keeps::rsi},
       {&Saved::rdi, &Keeps::rdi},
       {&Saved::r8, &Keeps::r8},
       {&Saved::r9, &Keeps::r9},
       {&Saved::r10, &Keeps::r10},
       {&Saved::r11, &Keeps::r11},
       {&Saved::r12, &Keeps::r12},
       {&Saved::r13, &Keeps::r13},
       {&Saved::r14, &Keeps::r14},
       {&Saved::r15, &Keeps::r15}}};
  std::uint64_t value = 0x1000;
  for (const auto& [saved, keeps] : both) frame_->registers.*saved = value++;
  ASSERT_EQ(interrupt(hardware | invalid_opcode, text_), EnclaveExit::Resume);
  value = 0x1000;
  for (const auto& [saved, keeps] : both) EXPECT_EQ(sgx_registers.*keeps, value++);
  EXPECT_EQ(sgx_registers.rip, text_);
}

TEST_F(Interruption, ASystemCallIsServed) {
  machine_.linux().put(text_, "\x0f\x05");
  frame_->registers.rax = abi::number::getpid;
  frame_->registers.rflags = 0x4'0202;  // with the alignment check that a host has switched on
  ASSERT_EQ(interrupt(hardware | invalid_opcode, text_), EnclaveExit::Resume);
  const linux::Registers* const after = sgx_handle();
  EXPECT_EQ(after->rax, 1U);
  EXPECT_EQ(after->rip, text_ + 2);
  EXPECT_EQ(after->rcx, text_ + 2);
  EXPECT_EQ(after->r11, 0x202U);
  EXPECT_EQ(after->rflags, 0x202U);
}

TEST_F(Interruption, CpuidIsAnsweredFromTheShimsOwnTable) {
  machine_.linux().put(text_, "\x0f\xa2");
  constexpr std::uint32_t avx2 = 1U << 5U;
  constexpr std::uint32_t avx512 = 1U << 16U;
  frame_->registers.rax = 7;
  frame_->registers.rcx = 0;
  ASSERT_EQ(interrupt(hardware | invalid_opcode, text_), EnclaveExit::Resume);
  EXPECT_EQ(sgx_handle()->rbx & (avx2 | avx512), avx2);
  EXPECT_EQ(sgx_registers.rip, text_ + 2);
  frame_->registers.rax = 0x4000'0000;  // a hypervisor's
  ASSERT_EQ(interrupt(hardware | invalid_opcode, text_), EnclaveExit::Resume);
  EXPECT_EQ(sgx_handle()->rax, 0U);
}

TEST_F(Interruption, AnotherInstructionIsASignal) {
  machine_.linux().put(text_, "\x0f\x0b");
  ASSERT_EQ(interrupt(hardware | invalid_opcode, text_), EnclaveExit::Resume);
  EXPECT_EXIT(static_cast<void>(sgx_handle()), ::testing::ExitedWithCode(134), "SIGILL");
}

TEST_F(Interruption, APageThatIsToComeIsTaken) {
  constexpr std::uint32_t writes = 6;
  frame_->fault = {text_ + 8, writes, 0};
  ASSERT_EQ(interrupt(hardware | page_fault, text_), EnclaveExit::Resume);
  EXPECT_EQ(sgx_handle()->rip, text_);
  EXPECT_EQ(machine_.rights(text_), page_read | page_write);
}

/// No trap that never happened reaches an engine's handler.
TEST_F(Interruption, AHostThatKeepsAPageAwayIsTriedAgain) {
  sallyport::BootInfo boot{};
  boot.region_count = 1;
  boot.regions[0] = {sallyport::user_start, sallyport::user_start + 4096, linux::Access::ReadWrite};
  machine_.linux().keep().memory.begin(boot);
  machine_.pages().begin(boot, machine_.linux().keep().memory.ledger());
  constexpr std::uint32_t reads = 4, writes = 6;
  for (const std::uint32_t error : {reads, writes}) {
    frame_->fault = {sallyport::user_start + 8, error, 0};
    ASSERT_EQ(interrupt(hardware | page_fault, text_), EnclaveExit::Resume);
    EXPECT_EQ(sgx_handle()->rip, text_) << error;
  }
  constexpr std::uint32_t fetches = 0x14;
  frame_->fault = {sallyport::user_start + 8, fetches, 0};
  ASSERT_EQ(interrupt(hardware | page_fault, text_), EnclaveExit::Resume);
  EXPECT_EXIT(static_cast<void>(sgx_handle()), ::testing::ExitedWithCode(134), "SIGSEGV");
}

TEST_F(Interruption, AFaultOfTheKeepReachesItsHandler) {
  constexpr std::uint64_t handler = 0x1234'5000;
  const std::uint64_t action = machine_.linux().map(4096);
  const abi::SignalAction wanted{handler, 0, 0, 0};
  machine_.linux().put(action,
                       std::string_view(reinterpret_cast<const char*>(&wanted), sizeof(wanted)));
  ASSERT_EQ(machine_.linux().call(abi::number::rt_sigaction, {abi::sigsegv, action, 0}), 0);
  frame_->fault = {0x2345'6789, 6, 0};
  ASSERT_EQ(interrupt(hardware | page_fault, text_), EnclaveExit::Resume);
  const linux::Registers* const after = sgx_handle();
  EXPECT_EQ(after->rip, handler);
  EXPECT_EQ(after->rdi, static_cast<std::uint64_t>(abi::sigsegv));
  abi::SignalInfo info{};
  abi::UserContext context{};
  std::memcpy(&info, reinterpret_cast<const void*>(after->rsi), sizeof(info));
  std::memcpy(&context, reinterpret_cast<const void*>(after->rdx), sizeof(context));
  EXPECT_EQ(info.address, 0x2345'6789U);
  EXPECT_EQ(context.machine.fault_address, 0x2345'6789U);
  EXPECT_EQ(context.machine.error, 6U);
  EXPECT_EQ(context.machine.rip, text_);
}

}  // namespace
}  // namespace merlon::shim::sgx
