#include "merlon/os/file.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "merlon/os/testing/scratch.h"

namespace merlon::os {
namespace {

using testing::ScratchDirectory;

::iovec vector_of(std::string& text) { return {text.data(), text.size()}; }

Fd open_file(const ScratchDirectory& scratch, const std::string& name, int flags) {
  return Fd::adopt(::open((scratch / name).c_str(), flags | O_CLOEXEC, 0666));
}

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    reader = Fd::adopt(ends[0]);
    writer = Fd::adopt(ends[1]);
  }
  Fd reader;
  Fd writer;
};

TEST(File, GathersWhatItWritesAndScattersWhatItReads) {
  const ScratchDirectory scratch;
  const Fd file = open_file(scratch, "f", O_RDWR | O_CREAT);
  std::string one = "Mer";
  std::string two = "lon";
  const std::array from{vector_of(one), vector_of(two)};
  EXPECT_EQ(write(file, from).value(), 6U);
  EXPECT_EQ(seek(file, 0, Whence::Set).value(), 0U);
  std::string head(2, ' ');
  std::string tail(9, ' ');
  const std::array into{vector_of(head), vector_of(tail)};
  EXPECT_EQ(read(file, into).value(), 6U);
  EXPECT_EQ(head + tail.substr(0, 4), "Merlon");
}

TEST(File, AtAnOffsetLeavesThePositionAlone) {
  const ScratchDirectory scratch;
  scratch.make_file("f", "0123456789");
  const Fd file = open_file(scratch, "f", O_RDWR);
  std::string text(3, ' ');
  const std::array into{vector_of(text)};
  EXPECT_EQ(read_at(file, into, 7).value(), 3U);
  EXPECT_EQ(text, "789");
  EXPECT_EQ(seek(file, 0, Whence::Current).value(), 0U);
  EXPECT_EQ(read_at(file, into, UINT64_MAX).error(), Errno::Inval);
}

TEST(File, NoWaitOnAnEmptyPipeSaysAgainOrThatItCannot) {
  const Pipe pipe;
  std::string text(3, ' ');
  const std::array into{vector_of(text)};
  const Result<std::size_t> got = read_no_wait(pipe.reader, into);
  ASSERT_FALSE(got.has_value());
  EXPECT_TRUE(got.error() == Errno::Again || got.error() == Errno::Notsup);
}

TEST(File, StatusKnowsSizeTypeAndLinks) {
  const ScratchDirectory scratch;
  scratch.make_file("f", "12345");
  const FileStatus file = status(open_file(scratch, "f", O_RDONLY)).value();
  EXPECT_EQ(file.type, FileType::Regular);
  EXPECT_EQ(file.size, 5U);
  EXPECT_EQ(file.links, 1U);
  EXPECT_EQ(status(scratch.fd()).value().type, FileType::Directory);
  EXPECT_EQ(status(Pipe().reader).value().type, FileType::Fifo);
}

TEST(File, TimesAreSetToTheNanosecondOrKept) {
  const ScratchDirectory scratch;
  const Fd file = open_file(scratch, "f", O_RDWR | O_CREAT);
  const TimeChange set{TimeChange::Kind::Set, 1'234'567'890'123'456'789};
  ASSERT_TRUE(set_times(file, {.accessed = set, .modified = set}).has_value());
  ASSERT_TRUE(
      set_times(file, {.accessed = {TimeChange::Kind::Set, 5}, .modified = {}}).has_value());
  const FileStatus after = status(file).value();
  EXPECT_EQ(after.accessed, 5U);
  EXPECT_EQ(after.modified, 1'234'567'890'123'456'789U);
}

TEST(File, TimesBeforeTheEpochReadAsZero) {
  const ScratchDirectory scratch;
  const Fd file = open_file(scratch, "f", O_RDWR | O_CREAT);
  const std::array<::timespec, 2> old{::timespec{-5, 0}, ::timespec{-5, 0}};
  ASSERT_EQ(::futimens(file.number(), old.data()), 0);
  EXPECT_EQ(status(file).value().modified, 0U);
}

TEST(File, FlagsAreReadAndChanged) {
  const ScratchDirectory scratch;
  const Fd file = open_file(scratch, "f", O_WRONLY | O_CREAT | O_DSYNC);
  EXPECT_EQ(open_flags(file).value().access, Access::Write);
  EXPECT_TRUE(open_flags(file).value().dsync);
  EXPECT_FALSE(open_flags(file).value().sync);
  ASSERT_TRUE(set_append(file, true).has_value());
  EXPECT_TRUE(open_flags(file).value().append);
  ASSERT_TRUE(set_append(file, false).has_value());
  EXPECT_FALSE(open_flags(file).value().append);
}

TEST(File, ResizeAllocateAndAdvise) {
  const ScratchDirectory scratch;
  const Fd file = open_file(scratch, "f", O_RDWR | O_CREAT);
  ASSERT_TRUE(resize(file, 100).has_value());
  EXPECT_EQ(status(file).value().size, 100U);
  EXPECT_TRUE(advise(file, 0, 50, Advice::Sequential).has_value());
  EXPECT_EQ(allocate(file, 0, 0).error(), Errno::Inval);
  EXPECT_FALSE(resize(file, UINT64_MAX).has_value());
  EXPECT_TRUE(sync(file).has_value());
  EXPECT_TRUE(sync_data(file).has_value());
}

TEST(File, ReadableBytesOfAPipe) {
  const Pipe pipe;
  std::string text = "four";
  const std::array from{vector_of(text)};
  ASSERT_TRUE(write(pipe.writer, from).has_value());
  EXPECT_EQ(readable_bytes(pipe.reader).value(), 4U);
  EXPECT_FALSE(is_terminal(pipe.reader));
}

}  // namespace
}  // namespace merlon::os
