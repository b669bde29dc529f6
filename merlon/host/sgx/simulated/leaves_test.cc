// What the leaves of ENCLU do that an enclave carries out on a simulated processor [SDM vol. 3D,
// "User Leaf Functions"].

#include <algorithm>

#include "merlon/host/sgx/simulated/testing/reached.h"
#include "merlon/host/sgx/simulated/testing/small_enclave.h"

namespace merlon::host::sgx::simulated {
namespace {

using namespace testing;
using SimulatedLeaves = SmallEnclave;

TEST_F(SimulatedLeaves, APageIsAcceptedOnceAndAsItIs) {
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

TEST_F(SimulatedLeaves, PagesAcceptedOneBehindTheOtherAreThereAtOnce) {
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

/// The loop that the shim has: an exception for each page would be most of what a keep costs that
/// asks for memory.
TEST_F(SimulatedLeaves, ARowOfPagesIsAcceptedByOneException) {
  expect_inside([this] {
    constexpr std::uint64_t count = 600;  // more than a block of the map
    const auto accept_row = [&](std::uint64_t from, std::uint64_t pages) {
      change(instruction, from, read_write | pending | regular);
      data().rbx = in_enclave(test_enclave_accepts_row);
      data().rdx = from + pages * page_size;
      const std::uint64_t before = processor_->stops();
      expect_done();
      return processor_->stops() - before;
    };
    constexpr std::uint64_t first = new_page, second = first + count * page_size;
    ASSERT_TRUE(processor_->reach({first, 2 * count * page_size}, Access::ReadWrite));
    const std::uint64_t alone = accept_row(first, 1);
    EXPECT_EQ(data().result, 0U);
    EXPECT_EQ(data().last_tried, first + page_size);
    EXPECT_EQ(accept_row(first + page_size, count - 1), alone);
    EXPECT_EQ(data().result, 0U);
    EXPECT_EQ(data().flags & zero_flag, zero_flag) << "as the loop's last comparison has it";
    EXPECT_EQ(data().last_tried, second);
    for (std::uint64_t page = first; page < second; page += page_size) {
      ASSERT_TRUE(is_writable(page)) << page;
    }
    EXPECT_FALSE(is_readable(second));
    // Who looks at each instruction sees the same come of it.
    processor_->set_hostility(Hostility(0));
    EXPECT_GT(accept_row(second, count), count);
    processor_->set_hostility({});
    EXPECT_EQ(data().result, 0U);
    EXPECT_EQ(data().last_tried, second + count * page_size);
  });
}

TEST_F(SimulatedLeaves, ARowEndsAtThePageThatIsNotAsItShouldBe) {
  expect_inside([this] {
    constexpr std::uint64_t count = 20, bad = new_page + 7 * page_size;
    ASSERT_TRUE(processor_->reach({new_page, count * page_size}, Access::ReadWrite));
    add(EnclavePage::ReadWrite, bad, 1, {});
    change(instruction, new_page, read_write | pending | regular);
    data().rbx = in_enclave(test_enclave_accepts_row);
    data().rdx = new_page + count * page_size;
    expect_done();
    EXPECT_EQ(data().result, 19U);
    EXPECT_EQ(data().flags & zero_flag, zero_flag);
    EXPECT_EQ(data().last_tried, bad);
    EXPECT_TRUE(is_writable(bad - page_size));
    EXPECT_FALSE(is_readable(bad + page_size));
  });
}

/// One that the host keeps away is a fault there, and the row goes on when it is back.
TEST_F(SimulatedLeaves, ARowGoesOnWhereAPageWasMissing) {
  expect_inside([this] {
    constexpr std::uint64_t count = 20, missing = new_page + 7 * page_size;
    ASSERT_TRUE(processor_->reach({new_page, 7 * page_size}, Access::ReadWrite));
    change(instruction, new_page, read_write | pending | regular);
    data().rbx = in_enclave(test_enclave_accepts_row);
    data().rdx = new_page + count * page_size;
    expect_exception(Leaf::Enter, page_fault, 0, missing);
    EXPECT_EQ(frame().registers.rcx, missing);
    EXPECT_EQ(frame().registers.rax, accept_leaf);
    expect_exit(Leaf::Enter, resume);
    EXPECT_TRUE(is_writable(missing - page_size));
    EXPECT_FALSE(is_readable(missing));
    ASSERT_TRUE(processor_->reach({missing, 13 * page_size}, Access::ReadWrite));
    expect_exit(Leaf::Resume, done);
    EXPECT_EQ(data().result, 0U);
    EXPECT_TRUE(is_writable(new_page + (count - 1) * page_size));
  });
}

TEST_F(SimulatedLeaves, APageJustAcceptedCanHoldTheNextOperand) {
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

TEST_F(SimulatedLeaves, APageThatIsNotMappedDoesNotComeByItself) {
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

TEST_F(SimulatedLeaves, RightsAreExtendedWithoutAnAnswer) {
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

TEST_F(SimulatedLeaves, RightsThatAreExtendedCanBeUsed) {
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

TEST_F(SimulatedLeaves, RightsArePromisedToNoPageThatIsNotAccepted) {
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

TEST_F(SimulatedLeaves, APageIsTrimmedAcceptedAndRemoved) {
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

TEST_F(SimulatedLeaves, AnOperandThatIsNotThereIsAFaultOfTheLeaf) {
  for (const std::uint64_t leaf : {accept_leaf, extend_leaf}) {
    expect_inside([&] {
      run(leaf, new_page + 64, data_page);
      expect_exception(Leaf::Enter, page_fault, 0, new_page);
      EXPECT_EQ(frame().registers.rip, in_enclave(test_enclave_leaf));
      EXPECT_EQ(frame().fault.address, new_page + 64);
    });
  }
}

TEST_F(SimulatedLeaves, OtherLeavesAreForbidden) {
  for (const std::uint64_t leaf : {2U, 3U, 7U, 99U}) {
    expect_inside([&] {
      run(leaf, data_page, data_page);
      expect_exception(Leaf::Enter, protection);
      EXPECT_EQ(frame().registers.rip, in_enclave(test_enclave_leaf));
      expect_no_address();
    });
  }
}

TEST_F(SimulatedLeaves, ReportsAreThoseOfTheSimulator) {
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

TEST_F(SimulatedLeaves, KeysAreThoseOfTheSimulatorOrNone) {
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

}  // namespace
}  // namespace merlon::host::sgx::simulated
