// What a simulated processor's driver does with pages, as this process can reach them.
// entry_test.cc enters it.

#include "merlon/host/sgx/simulated/processor.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "merlon/host/sgx/simulated/context.h"
#include "merlon/host/sgx/simulated/testing/reached.h"
#include "merlon/launch/layers.h"
#include "merlon/os/channel.h"

namespace merlon::host::sgx::simulated {
namespace {

using image::EnclavePage;
using sallyport::Access;
using testing::is_readable;
using testing::is_writable;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t first = sallyport::user_start;
constexpr std::uint64_t lowest = 0x1'0000;

class SimulatedPages : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!launch::Layers::can_be_whole()) GTEST_SKIP() << "a sanitizer's runtime lies there";
    auto channel = os::open_channel();
    ASSERT_TRUE(channel.has_value());
    there_ = std::move(channel->there);
    processor_ = Processor::make(Secrets::over(std::move(channel->here), {}), CpuidPlaces(), {});
    ASSERT_TRUE(processor_->create().has_value());
    ASSERT_TRUE(
        processor_->add(EnclavePage::ReadWrite, {first, 3 * page_size}, Bytes(page_size + 5, 7)));
    ASSERT_TRUE(processor_->add(EnclavePage::Read, {first + 3 * page_size, page_size}, {}));
  }
  void TearDown() override {
    if (!processor_) return;
    processor_.reset();
    ::munmap(reinterpret_cast<void*>(lowest), sallyport::enclave_size - lowest);
  }
  static std::uint8_t byte_at(std::uint64_t address) {
    return *reinterpret_cast<const std::uint8_t*>(address);
  }
  static constexpr std::uint64_t page(std::uint64_t number) { return first + number * page_size; }

  os::Fd there_;
  std::unique_ptr<Processor> processor_;
};

TEST_F(SimulatedPages, AreReachedAsTheyWereAdded) {
  EXPECT_EQ(byte_at(page(1) + 4), 7);
  EXPECT_EQ(byte_at(page(1) + 5), 0);
  for (std::uint64_t number = 0; number < 3; ++number) EXPECT_TRUE(is_writable(page(number)));
  EXPECT_TRUE(is_readable(page(3)));
  EXPECT_FALSE(is_writable(page(3)));
  EXPECT_FALSE(is_readable(page(4)));
  EXPECT_FALSE(is_readable(first - 1));
  EXPECT_EQ(processor_->add(EnclavePage::ReadWrite, {page(2), 2 * page_size}, {}).error(),
            os::Errno::Exist);
}

TEST(SimulatedStart, IsRefusedWithAListOfAnotherProgram) {
  if (!launch::Layers::can_be_whole()) GTEST_SKIP() << "a sanitizer's runtime lies there";
  auto channel = os::open_channel();
  ASSERT_TRUE(channel.has_value());
  const auto processor = Processor::make(Secrets::over(std::move(channel->here), {}),
                                         CpuidPlaces::of("10", first), {});
  ASSERT_TRUE(processor->create().has_value());
  ASSERT_TRUE(processor->add(EnclavePage::ReadExecute, {first, page_size}, Bytes(page_size, 0x90)));
  const auto started = processor->start({});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, core::ErrorCode::Internal);
  EXPECT_NE(started.error().text.find("is of another merlon-keep"), std::string::npos);
  ::munmap(reinterpret_cast<void*>(lowest), sallyport::enclave_size - lowest);
}

TEST_F(SimulatedPages, LieWhereNothingElseDoes) {
  EXPECT_EQ(processor_->create().error(), os::Errno::Exist);
}

TEST_F(SimulatedPages, AreReachedAsTheyAreMapped) {
  ASSERT_TRUE(processor_->reach({page(1), 2 * page_size}, Access::None));
  EXPECT_TRUE(is_writable(page(0)));
  EXPECT_FALSE(is_readable(page(1)));
  EXPECT_FALSE(is_readable(page(2)));
  ASSERT_TRUE(processor_->reach({page(1), page_size}, Access::Read));
  EXPECT_TRUE(is_readable(page(1)));
  EXPECT_FALSE(is_writable(page(1)));
  EXPECT_FALSE(is_readable(page(2)));
  EXPECT_EQ(byte_at(page(1) + 4), 7) << "it is the same page";
  ASSERT_TRUE(processor_->reach({page(0), 4 * page_size}, Access::ReadWrite));
  EXPECT_TRUE(is_writable(page(2)));
  EXPECT_FALSE(is_writable(page(3))) << "the page itself allows less";
}

TEST_F(SimulatedPages, AreReachedWithoutWhatLiesBetweenThem) {
  for (const std::uint64_t number : {8U, 10U}) {
    ASSERT_TRUE(processor_->add(EnclavePage::ReadWrite, {page(number), page_size}, {}));
  }
  ASSERT_TRUE(processor_->reach({page(7), 5 * page_size}, Access::ReadWrite));
  EXPECT_TRUE(is_writable(page(8)));
  EXPECT_TRUE(is_writable(page(10)));
  for (const std::uint64_t number : {7U, 9U, 11U}) EXPECT_FALSE(is_readable(page(number)));
}

TEST_F(SimulatedPages, LoseRights) {
  ASSERT_TRUE(processor_->restrict_rights({page(0), 2 * page_size}, Access::Read));
  for (const std::uint64_t restricted : {page(0), page(1)}) {
    EXPECT_TRUE(is_readable(restricted));
    EXPECT_FALSE(is_writable(restricted));
  }
  EXPECT_TRUE(is_writable(page(2)));
  EXPECT_EQ(processor_->restrict_rights({page(4), page_size}, Access::Read).error(),
            os::Errno::Inval)
      << "no such page";
  EXPECT_EQ(processor_->restrict_rights({page(3), 2 * page_size}, Access::Read).error(),
            os::Errno::Inval);
}

/// Accepting is the enclave's.
TEST_F(SimulatedPages, ThatAreTrimmedAreReachedByNobodyAndStayUntilAccepted) {
  ASSERT_TRUE(processor_->trim({page(1), 2 * page_size}));
  EXPECT_TRUE(is_writable(page(0)));
  for (const std::uint64_t trimmed : {page(1), page(2)}) {
    EXPECT_FALSE(is_readable(trimmed));
    EXPECT_EQ(processor_->remove({trimmed, page_size}).error(), os::Errno::Perm);
    EXPECT_EQ(processor_->trim({trimmed, page_size}).error(), os::Errno::Inval) << "twice";
  }
  EXPECT_EQ(processor_->remove({page(0), page_size}).error(), os::Errno::Perm);
  EXPECT_EQ(processor_->remove({page(4), page_size}).error(), os::Errno::Perm);
  EXPECT_EQ(processor_->trim({page(4), page_size}).error(), os::Errno::Inval);
}

TEST_F(SimulatedPages, ThatAreTakenAwayAreGone) {
  ASSERT_TRUE(processor_->take_away({page(0), 2 * page_size}));
  for (const std::uint64_t gone : {page(0), page(1)}) {
    EXPECT_FALSE(is_readable(gone));
    EXPECT_EQ(processor_->trim({gone, page_size}).error(), os::Errno::Inval);
  }
  EXPECT_TRUE(is_writable(page(2)));
  ASSERT_TRUE(processor_->add(EnclavePage::ReadWrite, {page(1), page_size}, {}));
  EXPECT_EQ(byte_at(page(1)), 0) << "another page";
}

TEST(PossibleAddress, HasItsUpperBitsAllAlike) {
  EXPECT_EQ(possible_address(0x7fff'ffff'f000), 0x7fff'ffff'f000U);
  EXPECT_EQ(possible_address(0xffff'8000'0000'0000), 0xffff'8000'0000'0000U);
  EXPECT_EQ(possible_address(0x1234'7fff'ffff'f000), 0x7fff'ffff'f000U);
  EXPECT_EQ(possible_address(0x1234'8000'0000'0001), 0xffff'8000'0000'0001U);
}

}  // namespace
}  // namespace merlon::host::sgx::simulated
