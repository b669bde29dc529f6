// What a simulated processor does for a thread in its enclave: the leaves of ENCLU, exceptions, and
// what is left behind at an exit [SDM vol. 3D, chapters 36 to 40]. The enclave is one page of code
// that does what stands in its page of data. Each test is a process of its own: the processor keeps
// the handlers of its signals.

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include <gtest/gtest.h>
#include <sys/prctl.h>

#include "merlon/host/sgx/simulated/processor.h"
#include "merlon/host/sgx/simulated/testing/reached.h"
#include "merlon/launch/exit_status.h"
#include "merlon/launch/layers.h"
#include "merlon/os/channel.h"
#include "merlon/os/testing/child.h"

// Uninterrupted, it carries out a leaf, or the instruction at the address in rbx for leaf 0x100,
// notes what came of it, and leaves with 0x55; interrupted, it leaves with 2, or is interrupted
// again.
asm(R"(
.pushsection .rodata
.balign 64
test_enclave:
  movabs $0x100000000000, %r14
  cmp $0, %rax
  jne 2f
  mov %rcx, %r15
  rdfsbase %rax
  mov %rax, 128(%r14)
  wrfsbase %r14
  movups 96(%r14), %xmm1
  mov (%r14), %rax
  mov 8(%r14), %rbx
  mov 16(%r14), %rcx
  mov 24(%r14), %rdx
  cmp $0x100, %rax
  je 1f
test_enclave_leaf:
  enclu
test_enclave_goes_on:
  mov %rax, 32(%r14)
  lahf
  mov %rax, 40(%r14)
  rdfsbase %rax
  mov %rax, 136(%r14)
  movups %xmm1, 112(%r14)
  mov $7, %eax
  xor %edx, %edx
  xrstor 1024(%r14)
  movups 80(%r14), %xmm0
  mov $0x55, %edi
  mov %r15, %rbx
  jmp 3f
1: jmp *%rbx
2:
  mov $2, %edi
  mov %rcx, %rbx
  cmpq $0, 64(%r14)
  jne test_enclave_nothing
3:
  mov %rsp, %r13
  lea 4096(%r14), %rsp
  pushq $2
  popfq
  mov %r13, %rsp
  mov 48(%r14), %r13
  add 56(%r14), %rsp
  xor %edx, %edx
  xor %esi, %esi
  xor %r8d, %r8d
  xor %r9d, %r9d
  xor %r10d, %r10d
  xor %r11d, %r11d
  xor %r12d, %r12d
  xor %r14d, %r14d
  xor %r15d, %r15d
  xor %ecx, %ecx
  mov $4, %eax
  enclu
test_enclave_nothing:
  ud2
test_enclave_reads:
  mov (%rcx), %dl
  jmp test_enclave_goes_on
test_enclave_numbers:
  mov $1, %ebx
  mov $2, %edx
  mov $3, %esi
  mov $4, %edi
  mov $5, %r8d
  mov $6, %r9d
  mov $7, %r10d
  mov $8, %r11d
  mov $9, %r12d
  mov $10, %r13d
test_enclave_reads_numbered:
  mov (%rcx), %al
  mov %rbx, 320(%r14)
  mov %rdx, 328(%r14)
  mov %rsi, 336(%r14)
  mov %rdi, 344(%r14)
  mov %r8, 352(%r14)
  mov %r9, 360(%r14)
  mov %r10, 368(%r14)
  mov %r11, 376(%r14)
  mov %r12, 384(%r14)
  mov %r13, 392(%r14)
  jmp test_enclave_goes_on
test_enclave_writes:
  mov %dl, (%rcx)
  jmp test_enclave_goes_on
test_enclave_calls:
  mov $39, %eax
  syscall
  jmp test_enclave_goes_on
test_enclave_accepts_two:
  lea 256(%r14), %rbx
  mov $5, %eax
  enclu
  add $4096, %rcx
  mov $5, %eax
  enclu
  mov %dl, (%rcx)
  mov %dl, -4096(%rcx)
  jmp test_enclave_goes_on
test_enclave_asks_by_accepted:
  lea 256(%r14), %rbx
  mov $5, %eax
  enclu
  mov %rcx, %rbx
  add $4096, %rcx
  mov $5, %eax
  enclu
  jmp test_enclave_goes_on
test_enclave_end:
.popsection
)");

namespace merlon::host::sgx::simulated {
namespace {

extern "C" {
extern const std::uint8_t test_enclave[], test_enclave_leaf[], test_enclave_goes_on[],
    test_enclave_nothing[], test_enclave_reads[], test_enclave_numbers[],
    test_enclave_reads_numbered[], test_enclave_writes[], test_enclave_calls[],
    test_enclave_accepts_two[], test_enclave_asks_by_accepted[], test_enclave_end[],
    simulated_door[];
}

using image::EnclavePage;
using launch::FirmwareAnswer;
using launch::FirmwareStatus;
using os::testing::Ended;
using sallyport::Access;
using sallyport::SavedFrame;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t report_leaf = 0, key_leaf = 1, accept_leaf = 5, extend_leaf = 6,
                        instruction = 0x100;
constexpr std::uint64_t undefined = 6, protection = 13, page_fault = 14;
constexpr std::uint64_t read_write = 3, pending = 8, regular = 0x200;
constexpr std::uint64_t zero_flag = 0x40'00;  // as LAHF has it, in ax
constexpr std::uint64_t fault_of_sgx = 1U << 15U;
constexpr std::uint64_t done = 0x55, resume = 2;

/// The enclave's page of data.
struct Data {
  std::uint64_t leaf, rbx, rcx, rdx;
  std::uint64_t result, flags;       ///< rax and flags behind the leaf
  std::uint64_t secret, lost_stack;  ///< left in r13 at the exit; bytes that the stack is off
  std::uint64_t fails_again;         ///< is interrupted while it is interrupted
  std::uint64_t unused;
  std::array<std::uint64_t, 2> vector;  ///< left in xmm0
  std::array<std::uint64_t, 2> before;  ///< in xmm1 before the leaf, and behind it
  std::array<std::uint64_t, 2> after;
  std::uint64_t pointer_before, pointer_after;  ///< FS at the entry, and behind the leaf
  std::uint8_t unused_2[112];
  std::array<std::uint64_t, 8> secinfo;
  std::array<std::uint64_t, 10> numbers;  ///< in registers behind an exception, from 1 on
  std::uint8_t unused_3[624];
  std::array<std::uint8_t, 576> first_state;
};
static_assert(offsetof(Data, fails_again) == 64 && offsetof(Data, vector) == 80);
static_assert(offsetof(Data, first_state) == 1024 && offsetof(Data, secinfo) == 256);

constexpr std::uint64_t data_page = sallyport::user_start;
constexpr std::uint64_t new_page = data_page + 4 * page_size;  // there is none yet

std::uint64_t in_enclave(const std::uint8_t* label) {
  return sallyport::shim_start + static_cast<std::uint64_t>(label - test_enclave);
}

class SimulatedEntry : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!launch::Layers::can_be_whole()) GTEST_SKIP() << "a sanitizer's runtime lies there";
    if (::prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0UL, 0UL, 0UL) != 0) {
      GTEST_SKIP() << "this kernel does not divide system calls";
    }
  }
  /// Makes the enclave and does `body`, in a process of its own, which ends as programs do: so its
  /// lines are counted where lines are.
  Ended inside(const std::function<void()>& body, std::optional<Hostility> owner = {}) {
    std::fflush(stdout);  // or both say what is waiting there
    return os::testing::in_child([&]() -> int {
      make(owner);
      if (!HasFailure()) body();
      std::exit(HasFailure() ? 1 : 0);
    });
  }
  void expect_inside(const std::function<void()>& body, std::optional<Hostility> owner = {}) {
    const Ended ended = inside(body, owner);
    EXPECT_TRUE(ended.with(0)) << ended;
  }
  void make(std::optional<Hostility> owner) {
    auto channel = os::open_channel();
    ASSERT_TRUE(channel.has_value());
    there_ = std::move(channel->there);
    processor_ = Processor::make(Secrets::over(std::move(channel->here), {}), CpuidPlaces(), owner);
    ASSERT_TRUE(processor_->create().has_value());
    Bytes control(page_size);
    put(control, 16, sallyport::saved_state_pages);
    put(control, 28, std::uint32_t{2});
    put(control, 32, sallyport::shim_start);
    add(EnclavePage::ThreadControl, sallyport::thread_control_page, 1, control);
    add(EnclavePage::ReadWrite, sallyport::saved_state_pages, 2, {});
    add(EnclavePage::ReadExecute, sallyport::shim_start, 1, {test_enclave, test_enclave_end});
    add(EnclavePage::ReadWrite, data_page, 1, {});
    will_answer(FirmwareStatus::Success);
    ASSERT_TRUE(processor_->start({}).has_value());
    processor_->set_hostility({});
    data().first_state[25] = 0x1f;  // MXCSR
    data().first_state[24] = 0x80;
    run(instruction, in_enclave(test_enclave_goes_on));
  }
  template <typename T>
  static void put(Bytes& bytes, std::size_t at, T value) {
    std::memcpy(bytes.data() + at, &value, sizeof(value));
  }
  void add(EnclavePage page, std::uint64_t address, std::uint64_t pages, core::ByteView bytes) {
    ASSERT_TRUE(processor_->add(page, {address, pages * page_size}, bytes).has_value());
  }
  void will_answer(FirmwareStatus status, Bytes payload = {}) {
    EXPECT_TRUE(launch::send(there_, FirmwareAnswer{status, std::move(payload)}));
  }

  static Data& data() { return *reinterpret_cast<Data*>(data_page); }
  static std::uint64_t secinfo() { return data_page + offsetof(Data, secinfo); }
  static const SavedFrame& frame() {
    return *reinterpret_cast<const SavedFrame*>(sallyport::saved_state_pages);
  }
  /// Only a page fault has an address and an error code.
  static void expect_no_address() {
    EXPECT_EQ(frame().fault.address, 0U);
    EXPECT_EQ(frame().fault.error, 0U);
  }
  /// What the enclave does from its next entry on.
  static void run(std::uint64_t leaf, std::uint64_t rbx, std::uint64_t rcx = 0,
                  std::uint64_t rdx = 0) {
    data().leaf = leaf;
    data().rbx = rbx;
    data().rcx = rcx;
    data().rdx = rdx;
  }
  /// EACCEPT or EMODPE of a page, with these flags.
  static void change(std::uint64_t leaf, std::uint64_t page, std::uint64_t flags) {
    data().secinfo = {flags};
    run(leaf, secinfo(), page);
  }
  void expect_exit(Leaf leaf, std::uint64_t reason) {
    const Left left = processor_->enter(leaf);
    EXPECT_EQ(left.way, Left::Way::Exit) << left.vector;
    EXPECT_EQ(left.reason, reason);
  }
  /// The enclave goes in and does what stands in its data to the end.
  void expect_done() { expect_exit(Leaf::Enter, done); }
  void expect_exception(Leaf leaf, std::uint64_t vector, std::uint64_t error = 0,
                        std::uint64_t address = 0) {
    const Left left = processor_->enter(leaf);
    EXPECT_EQ(left.way, Left::Way::Exception);
    EXPECT_EQ(left.vector, vector);
    EXPECT_EQ(left.error, error);
    EXPECT_EQ(left.address, address);
  }

  os::Fd there_;
  std::unique_ptr<Processor> processor_;
};

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

TEST_F(SimulatedEntry, APageIsAcceptedOnceAndAsItIs) {
  expect_inside([this] {
    ASSERT_TRUE(processor_->reach({new_page, page_size}, Access::ReadWrite));
    change(accept_leaf, new_page, read_write | regular);
    expect_done();
    EXPECT_EQ(data().result, 19U) << "it is new";
    EXPECT_EQ(data().flags & zero_flag, zero_flag);
    EXPECT_FALSE(testing::is_readable(new_page));
    change(accept_leaf, new_page, read_write | pending | regular);
    expect_done();
    EXPECT_EQ(data().result, 0U);
    EXPECT_EQ(data().flags & zero_flag, 0U);
    EXPECT_TRUE(testing::is_writable(new_page));
    expect_done();
    EXPECT_EQ(data().result, 19U) << "it is accepted";
  });
}

TEST_F(SimulatedEntry, PagesAcceptedOneBehindTheOtherAreThereAtOnce) {
  expect_inside([this] {
    ASSERT_TRUE(processor_->reach({new_page, 2 * page_size}, Access::ReadWrite));
    change(instruction, new_page, read_write | pending | regular);
    data().rbx = in_enclave(test_enclave_accepts_two);
    expect_done();
    EXPECT_EQ(data().result, 0U);
    EXPECT_TRUE(testing::is_writable(new_page));
    EXPECT_TRUE(testing::is_writable(new_page + page_size));
  });
}

TEST_F(SimulatedEntry, APageJustAcceptedCanHoldTheNextOperand) {
  expect_inside([this] {
    ASSERT_TRUE(processor_->reach({new_page, 2 * page_size}, Access::ReadWrite));
    change(instruction, new_page, read_write | pending | regular);
    data().rbx = in_enclave(test_enclave_asks_by_accepted);
    expect_done();
    EXPECT_EQ(data().result, 19U) << "it is of zeros";
    EXPECT_TRUE(testing::is_writable(new_page));
    EXPECT_FALSE(testing::is_readable(new_page + page_size));
  });
}

TEST_F(SimulatedEntry, APageThatIsNotMappedDoesNotComeByItself) {
  expect_inside([this] {
    change(accept_leaf, new_page, read_write | pending | regular);
    expect_exception(Leaf::Enter, page_fault, 0, new_page);
    expect_exit(Leaf::Enter, resume);
    expect_exception(Leaf::Resume, page_fault, 0, new_page);
    ASSERT_TRUE(processor_->reach({new_page, page_size}, Access::ReadWrite));
    expect_exit(Leaf::Resume, done);
    EXPECT_EQ(data().result, 0U);
  });
}

TEST_F(SimulatedEntry, RightsAreExtendedWithoutAnAnswer) {
  expect_inside([this] {
    constexpr std::uint64_t execute = 4, restricted = 0x20;
    ASSERT_TRUE(processor_->restrict_rights({data_page, page_size}, Access::ReadWrite));
    change(extend_leaf, data_page, execute);
    expect_done();
    EXPECT_EQ(data().result, extend_leaf) << "it is as it was";
    change(accept_leaf, data_page, read_write | execute | restricted | regular);
    expect_done();
    EXPECT_EQ(data().result, 0U);
  });
}

TEST_F(SimulatedEntry, RightsThatAreExtendedCanBeUsed) {
  expect_inside([this] {
    constexpr std::uint64_t write = 2;
    add(EnclavePage::ReadWrite, new_page, 1, {});
    ASSERT_TRUE(processor_->restrict_rights({new_page, page_size}, Access::Read));
    EXPECT_FALSE(testing::is_writable(new_page));
    change(extend_leaf, new_page, write);
    expect_done();
    EXPECT_TRUE(testing::is_writable(new_page));
  });
}

TEST_F(SimulatedEntry, RightsArePromisedToNoPageThatIsNotAccepted) {
  expect_inside([this] {
    change(extend_leaf, new_page, 1);
    expect_exception(Leaf::Enter, page_fault, fault_of_sgx, new_page);
  });
  expect_inside([this] {
    ASSERT_TRUE(processor_->reach({new_page, page_size}, Access::ReadWrite));
    change(accept_leaf, new_page, regular);
    expect_done();
    EXPECT_EQ(data().result, 19U) << "it has come, and is pending";
    change(extend_leaf, new_page, 1);
    expect_exception(Leaf::Enter, page_fault, fault_of_sgx, new_page);
  });
  expect_inside([this] {
    add(EnclavePage::ReadWrite, new_page, 1, {});
    ASSERT_TRUE(processor_->trim({new_page, page_size}));
    change(extend_leaf, new_page, 1);
    expect_exception(Leaf::Enter, page_fault, fault_of_sgx, new_page);
  });
}

TEST_F(SimulatedEntry, APageIsTrimmedAcceptedAndRemoved) {
  expect_inside([this] {
    constexpr std::uint64_t modified = 16, trimmed = 0x400;
    add(EnclavePage::ReadWrite, new_page, 1, {});
    ASSERT_TRUE(processor_->trim({new_page, page_size}));
    EXPECT_FALSE(processor_->remove({new_page, page_size}));
    change(accept_leaf, new_page, modified | trimmed);
    expect_done();
    EXPECT_EQ(data().result, 0U);
    EXPECT_TRUE(processor_->remove({new_page, page_size}));
    EXPECT_FALSE(processor_->remove({new_page, page_size})) << "it is gone";
  });
}

TEST_F(SimulatedEntry, AnOperandThatIsNotThereIsAFaultOfTheLeaf) {
  for (const std::uint64_t leaf : {accept_leaf, extend_leaf}) {
    expect_inside([&] {
      run(leaf, new_page + 64, data_page);
      expect_exception(Leaf::Enter, page_fault, 0, new_page);
      EXPECT_EQ(frame().registers.rip, in_enclave(test_enclave_leaf));
      EXPECT_EQ(frame().fault.address, new_page + 64);
    });
  }
}

TEST_F(SimulatedEntry, OtherLeavesAreForbidden) {
  for (const std::uint64_t leaf : {2U, 3U, 7U, 99U}) {
    expect_inside([&] {
      run(leaf, data_page, data_page);
      expect_exception(Leaf::Enter, protection);
      EXPECT_EQ(frame().registers.rip, in_enclave(test_enclave_leaf));
      expect_no_address();
    });
  }
}

TEST_F(SimulatedEntry, ReportsAreThoseOfTheSimulator) {
  expect_inside([this] {
    ASSERT_TRUE(processor_->reach({new_page, page_size}, Access::ReadWrite));
    change(accept_leaf, new_page, read_write | pending | regular);
    expect_done();
    will_answer(FirmwareStatus::Success, Bytes(Secrets::report_size, 9));
    run(report_leaf, data_page, data_page + 512, new_page);
    expect_done();
    const Bytes page(reinterpret_cast<const std::uint8_t*>(new_page),
                     reinterpret_cast<const std::uint8_t*>(new_page) + 433);
    EXPECT_EQ(std::ranges::count(page, 9), 432);
    EXPECT_EQ(page[432], 0);
    will_answer(FirmwareStatus::InvalidParameter);
    expect_exception(Leaf::Enter, protection);
  });
}

TEST_F(SimulatedEntry, KeysAreThoseOfTheSimulatorOrNone) {
  expect_inside([this] {
    will_answer(FirmwareStatus::Success, Bytes(Secrets::key_size, 9));
    const std::uint64_t to = data_page + offsetof(Data, secinfo);
    run(key_leaf, data_page + 2048, to);
    expect_done();
    EXPECT_EQ(data().result, 0U);
    EXPECT_EQ(data().flags & zero_flag, 0U);
    EXPECT_EQ(data().secinfo[1], 0x0909'0909'0909'0909U);
    EXPECT_EQ(data().secinfo[2], 0U);
    will_answer(FirmwareStatus::PolicyFailure, {0x40, 0});
    data().secinfo = {};
    expect_done();
    EXPECT_EQ(data().result, 0x40U) << "SGX_INVALID_ISVSVN";
    EXPECT_EQ(data().flags & zero_flag, zero_flag);
    EXPECT_EQ(data().secinfo[0], 0U);
    will_answer(FirmwareStatus::InvalidParameter);
    expect_exception(Leaf::Enter, protection);
    EXPECT_EQ(frame().registers.rip, in_enclave(test_enclave_leaf));
    EXPECT_EQ(data().secinfo[0], 0U);
  });
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
