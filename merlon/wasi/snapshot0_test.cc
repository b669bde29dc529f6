#include "merlon/wasi/snapshot0.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "merlon/wasi/testing/guest.h"

namespace merlon::wasi {
namespace {

using os::testing::ScratchDirectory;
using testing::FakeClocks;
using testing::Guest;

constexpr GuestAddress in = 4096;
constexpr GuestAddress out = 8192;

class Snapshot0 : public ::testing::Test {
 protected:
  void SetUp() override { dir_ = guest_.preopen(scratch_); }

  std::uint64_t seek(FdNumber fd, std::int64_t offset, std::uint32_t whence) {
    EXPECT_EQ((guest_.call<&snapshot0::fd_seek>(fd, offset, whence, Guest::result)),
              Errno::Success);
    return guest_.get<std::uint64_t>();
  }
  /// A $filestat of 56 bytes at Guest::result, with a mark behind it.
  void check_filestat(const struct ::stat& expected) {
    EXPECT_EQ(guest_.get<std::uint64_t>(Guest::result + 0), expected.st_dev);
    EXPECT_EQ(guest_.get<std::uint64_t>(Guest::result + 8), expected.st_ino);
    EXPECT_EQ(guest_.get<std::uint8_t>(Guest::result + 16), 4U);
    EXPECT_EQ(guest_.get<std::uint32_t>(Guest::result + 20), expected.st_nlink);
    EXPECT_EQ(guest_.get<std::uint64_t>(Guest::result + 24),
              static_cast<std::uint64_t>(expected.st_size));
    const auto time = [](const ::timespec& t) {
      return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 +
             static_cast<std::uint64_t>(t.tv_nsec);
    };
    EXPECT_EQ(guest_.get<std::uint64_t>(Guest::result + 32), time(expected.st_atim));
    EXPECT_EQ(guest_.get<std::uint64_t>(Guest::result + 40), time(expected.st_mtim));
    EXPECT_EQ(guest_.get<std::uint64_t>(Guest::result + 48), time(expected.st_ctim));
    EXPECT_EQ(guest_.get<std::uint64_t>(Guest::result + 56), mark);
  }
  /// A $subscription of 56 bytes whose padding is nobody's business.
  core::ByteSpan subscription(GuestAddress index, std::uint64_t userdata, std::uint8_t tag) {
    const core::ByteSpan record = guest_.memory().at(in + index * 56, 56).value();
    std::fill(record.begin(), record.end(), std::uint8_t{0xAA});
    GuestMemory::write(record, 0, userdata);
    GuestMemory::write(record, 8, tag);
    return record;
  }

  static constexpr std::uint64_t mark = 0x1122334455667788;

  ScratchDirectory scratch_;
  FakeClocks clocks_;
  Guest guest_{{.clocks = &clocks_}};
  FdNumber dir_ = 0;
};

TEST_F(Snapshot0, WhenceIsCurrentEndStart) {
  scratch_.make_file("file", "0123456789");
  const FdNumber fd = guest_.open(dir_, "file", {});
  EXPECT_EQ(seek(fd, -2, 1), 8U);
  EXPECT_EQ(seek(fd, 1, 0), 9U);
  EXPECT_EQ(seek(fd, 4, 2), 4U);
  EXPECT_EQ(guest_.read(fd), "456789");
  EXPECT_EQ((guest_.call<&snapshot0::fd_seek>(fd, std::int64_t{0}, 3U, Guest::result)),
            Errno::Inval);
}

TEST_F(Snapshot0, FilestatHas56Bytes) {
  scratch_.make_file("file", "content");
  ASSERT_EQ(::link((scratch_ / "file").c_str(), (scratch_ / "also").c_str()), 0);
  struct ::stat expected{};
  ASSERT_EQ(::stat((scratch_ / "file").c_str(), &expected), 0);
  const FdNumber fd = guest_.open(dir_, "file", {});
  ASSERT_TRUE(guest_.memory().store(Guest::result + 56, mark).has_value());
  EXPECT_EQ((guest_.call<&snapshot0::fd_filestat_get>(fd, Guest::result)), Errno::Success);
  check_filestat(expected);
  const GuestSize size = guest_.put("file");
  EXPECT_EQ(
      (guest_.call<&snapshot0::path_filestat_get>(dir_, 0U, Guest::text, size, Guest::result)),
      Errno::Success);
  check_filestat(expected);
  EXPECT_EQ((guest_.call<&snapshot0::fd_filestat_get>(fd, 65536U - 56U)), Errno::Success);
  EXPECT_EQ((guest_.call<&snapshot0::fd_filestat_get>(fd, 65536U - 55U)), Errno::Fault);
}

TEST_F(Snapshot0, ClocksAreAskedForBehindAnIdentifier) {
  clocks_.time[ClockId::Monotonic] = 1000;
  const core::ByteSpan record = subscription(0, 7, 0);
  GuestMemory::write(record, 16, std::uint64_t{99});  // the identifier
  GuestMemory::write(record, 24, 1U);                 // monotonic
  GuestMemory::write(record, 32, Timestamp{500});
  GuestMemory::write(record, 40, Timestamp{0});
  GuestMemory::write(record, 48, std::uint16_t{1});  // an absolute time, gone by
  EXPECT_EQ((guest_.call<&snapshot0::poll_oneoff>(in, out, 1U, Guest::result)), Errno::Success);
  EXPECT_EQ(guest_.get<GuestSize>(), 1U);
  EXPECT_EQ(guest_.get<std::uint64_t>(out), 7U);
  EXPECT_EQ(guest_.get<std::uint16_t>(out + 8), 0U);
  EXPECT_EQ(guest_.get<std::uint8_t>(out + 10), 0U);
}

TEST_F(Snapshot0, SubscriptionsLie56BytesApart) {
  const FdNumber fd = guest_.insert(null_file());
  GuestMemory::write(subscription(0, 1, 1), 16, fd);
  GuestMemory::write(subscription(1, 2, 2), 16, fd);
  EXPECT_EQ((guest_.call<&snapshot0::poll_oneoff>(in, out, 2U, Guest::result)), Errno::Success);
  EXPECT_EQ(guest_.get<GuestSize>(), 2U);
  EXPECT_EQ(guest_.get<std::uint64_t>(out), 1U);
  EXPECT_EQ(guest_.get<std::uint16_t>(out + 8), 0U);
  EXPECT_EQ(guest_.get<std::uint64_t>(out + 32), 2U);
  EXPECT_EQ(guest_.get<std::uint8_t>(out + 32 + 10), 2U);
}

TEST_F(Snapshot0, AllElseIsAsInPreview1) {
  scratch_.make_file("file", "content");
  const FdNumber fd = guest_.open(dir_, "file", {});
  EXPECT_EQ(&snapshot0::fd_read, &api::fd_read);
  EXPECT_NE(&snapshot0::fd_seek, &api::fd_seek);
  EXPECT_EQ((guest_.call<&snapshot0::fd_tell>(fd, Guest::result)), Errno::Success);
}

}  // namespace
}  // namespace merlon::wasi
