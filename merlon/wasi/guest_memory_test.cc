#include "merlon/wasi/guest_memory.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace merlon::wasi {
namespace {

constexpr GuestAddress far = std::numeric_limits<GuestAddress>::max();

class GuestMemoryTest : public ::testing::Test {
 protected:
  void list(std::size_t index, GuestAddress address, GuestSize size) {
    ASSERT_TRUE(memory_.store(static_cast<GuestAddress>(index * 8), address).has_value());
    ASSERT_TRUE(memory_.store(static_cast<GuestAddress>(index * 8 + 4), size).has_value());
  }
  std::vector<std::uint8_t> bytes_ = std::vector<std::uint8_t>(4096);
  GuestMemory memory_{bytes_};
};

TEST_F(GuestMemoryTest, GivesWhatIsInsideAndNothingElse) {
  EXPECT_EQ(memory_.at(0, 4096).value().size(), 4096U);
  EXPECT_EQ(memory_.at(4096, 0).value().size(), 0U);
  EXPECT_EQ(memory_.at(4090, 6).value().data(), bytes_.data() + 4090);
  EXPECT_EQ(memory_.at(4090, 7).error(), fail(Errno::Fault));
  EXPECT_EQ(memory_.at(4097, 0).error(), fail(Errno::Fault));
  EXPECT_EQ(memory_.at(far, far).error(), fail(Errno::Fault));
  EXPECT_EQ(memory_.at(16, std::numeric_limits<std::uint64_t>::max()).error(), fail(Errno::Fault));
}

TEST_F(GuestMemoryTest, LoadsAndStoresLittleEndianAtAnyAddress) {
  ASSERT_TRUE(memory_.store<std::uint32_t>(1, 0x01020304).has_value());
  EXPECT_EQ(bytes_[1], 4);
  EXPECT_EQ(bytes_[4], 1);
  EXPECT_EQ(memory_.load<std::uint32_t>(1).value(), 0x01020304U);
  EXPECT_EQ(memory_.load<std::uint64_t>(4089).error(), fail(Errno::Fault));
  EXPECT_EQ(memory_.store<std::uint8_t>(4096, 1).error(), fail(Errno::Fault));
}

TEST_F(GuestMemoryTest, NoMemoryAtAllFaults) {
  const GuestMemory none{core::ByteSpan()};
  EXPECT_EQ(none.load<std::uint8_t>(0).error(), fail(Errno::Fault));
  EXPECT_TRUE(none.at(0, 0).has_value());
}

TEST_F(GuestMemoryTest, BuffersAreReadOnceAndStayAsTheyWere) {
  list(0, 100, 10);
  list(1, 200, 0);
  list(2, 300, 5);
  IoBuffers buffers;
  ASSERT_TRUE(buffers.load(memory_, 0, 3).has_value());
  list(0, far, far);                        // too late
  ASSERT_EQ(buffers.vectors().size(), 2U);  // the empty one is left out
  EXPECT_EQ(buffers.vectors()[0].iov_base, bytes_.data() + 100);
  EXPECT_EQ(buffers.vectors()[1].iov_len, 5U);
}

TEST_F(GuestMemoryTest, ABufferOrTheListOutsideFaults) {
  list(0, 100, 10);
  list(1, 4000, 97);
  IoBuffers buffers;
  EXPECT_EQ(buffers.load(memory_, 0, 2).error(), fail(Errno::Fault));
  EXPECT_EQ(buffers.load(memory_, 4090, 1).error(), fail(Errno::Fault));
  EXPECT_EQ(buffers.load(memory_, 0, far).error(), fail(Errno::Fault));
}

TEST_F(GuestMemoryTest, AdvancingDropsWholeBuffersAndCutsOne) {
  list(0, 100, 10);
  list(1, 200, 10);
  list(2, 300, 10);
  IoBuffers buffers;
  ASSERT_TRUE(buffers.load(memory_, 0, 3).has_value());
  buffers.advance(13);
  ASSERT_EQ(buffers.vectors().size(), 2U);
  EXPECT_EQ(buffers.vectors()[0].iov_base, bytes_.data() + 203);
  EXPECT_EQ(buffers.vectors()[0].iov_len, 7U);
  buffers.advance(17);
  EXPECT_TRUE(buffers.empty());
}

TEST_F(GuestMemoryTest, OnlyTheFirst128BuffersCount) {
  for (std::size_t i = 0; i < 200; ++i) list(i, 4000, 1);
  IoBuffers buffers;
  ASSERT_TRUE(buffers.load(memory_, 0, 200).has_value());
  EXPECT_EQ(buffers.vectors().size(), 128U);
}

TEST_F(GuestMemoryTest, PathsAreCheckedAsTheyAreTaken) {
  bytes_[0] = 'a';
  EXPECT_EQ(memory_.path(0, 1).value().text(), "a");
  EXPECT_EQ(memory_.path(0, 2).error(), fail(Errno::Inval));
  EXPECT_EQ(memory_.path(0, 0).error(), fail(Errno::Noent));
  EXPECT_EQ(memory_.path(4090, 7).error(), fail(Errno::Fault));
  bytes_[0] = '/';
  EXPECT_EQ(memory_.path(0, 1).error(), fail(Errno::Notcapable));
}

TEST_F(GuestMemoryTest, AListOfMoreBuffersThanLinuxTakesIsInvalid) {
  std::vector<std::uint8_t> bytes(65536);
  const GuestMemory memory{core::ByteSpan(bytes)};
  IoBuffers buffers;
  EXPECT_TRUE(buffers.load(memory, 0, 1024).has_value());
  EXPECT_EQ(buffers.load(memory, 0, 1025).error(), fail(Errno::Inval));
}

}  // namespace
}  // namespace merlon::wasi
