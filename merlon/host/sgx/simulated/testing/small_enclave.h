#pragma once

// For tests: an enclave of one page of code that does what stands in its page of data, on a
// simulated processor. Each test is a process of its own: the processor keeps the handlers of its
// signals.

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>
#include <sys/prctl.h>

#include "merlon/host/sgx/simulated/processor.h"
#include "merlon/launch/layers.h"
#include "merlon/os/channel.h"
#include "merlon/os/testing/child.h"

extern "C" {
extern const std::uint8_t test_enclave[], test_enclave_leaf[], test_enclave_goes_on[],
    test_enclave_nothing[], test_enclave_reads[], test_enclave_numbers[],
    test_enclave_reads_numbered[], test_enclave_writes[], test_enclave_calls[],
    test_enclave_accepts_two[], test_enclave_asks_by_accepted[], test_enclave_accepts_row[],
    test_enclave_end[], simulated_door[];
}

namespace merlon::host::sgx::simulated::testing {

using image::EnclavePage;
using launch::FirmwareAnswer;
using launch::FirmwareStatus;
using os::testing::Ended;
using sallyport::Access;
using sallyport::SavedFrame;
using Bytes = std::vector<std::uint8_t>;

inline constexpr std::uint64_t report_leaf = 0, key_leaf = 1, accept_leaf = 5, extend_leaf = 6,
                               instruction = 0x100;
inline constexpr std::uint64_t undefined = 6, protection = 13, page_fault = 14;
inline constexpr std::uint64_t read_write = 3, pending = 8, regular = 0x200;
inline constexpr std::uint64_t zero_flag = 0x40'00;  // as LAHF has it, in ax
inline constexpr std::uint64_t fault_of_sgx = 1U << 15U;
inline constexpr std::uint64_t done = 0x55, resume = 2;

/// The enclave's page of data: what it is to do, and what came of it.
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
  std::uint64_t last_tried;                     ///< of a row of pages to accept
  std::uint8_t unused_2[104];
  std::array<std::uint64_t, 8> secinfo;
  std::array<std::uint64_t, 10> numbers;  ///< in registers behind an exception, from 1 on
  std::uint8_t unused_3[624];
  std::array<std::uint8_t, 576> first_state;
};
static_assert(offsetof(Data, fails_again) == 64 && offsetof(Data, vector) == 80);
static_assert(offsetof(Data, first_state) == 1024 && offsetof(Data, secinfo) == 256);

inline constexpr std::uint64_t data_page = sallyport::user_start;
inline constexpr std::uint64_t new_page = data_page + 4 * page_size;  // there is none yet

inline std::uint64_t in_enclave(const std::uint8_t* label) {
  return sallyport::shim_start + static_cast<std::uint64_t>(label - test_enclave);
}

class SmallEnclave : public ::testing::Test {
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

}  // namespace merlon::host::sgx::simulated::testing
