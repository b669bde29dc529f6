#include "merlon/wasi/failure.h"

#include <gtest/gtest.h>

namespace merlon::wasi {
namespace {

TEST(Errno, HasTheNumbersOfTheWitx) {
  EXPECT_EQ(static_cast<int>(Errno::Success), 0);
  EXPECT_EQ(static_cast<int>(Errno::TooBig), 1);
  EXPECT_EQ(static_cast<int>(Errno::Badf), 8);
  EXPECT_EQ(static_cast<int>(Errno::Inval), 28);
  EXPECT_EQ(static_cast<int>(Errno::Noent), 44);
  EXPECT_EQ(static_cast<int>(Errno::Notcapable), 76);
}

TEST(Errno, TellsItsName) {
  EXPECT_EQ(to_string(Errno::TooBig), "2big");
  EXPECT_EQ(to_string(Errno::Notcapable), "notcapable");
  EXPECT_EQ(to_string(static_cast<Errno>(999)), "unknown");
}

TEST(Errno, IsDescribedInPosixWords) {
  EXPECT_EQ(describe(Errno::Nospc), "No space left on device");
  EXPECT_EQ(describe(Errno::Notcapable), "notcapable");
}

TEST(Errno, ComesFromTheKernelsByName) {
  EXPECT_EQ(to_errno(os::Errno::Noent), Errno::Noent);
  EXPECT_EQ(to_errno(os::Errno::Notsup), Errno::Notsup);
  EXPECT_EQ(to_errno(os::Errno::Xdev), Errno::Xdev);
  EXPECT_EQ(to_errno(os::Errno::Outside), Errno::Notcapable);
  EXPECT_EQ(to_errno(static_cast<os::Errno>(12345)), Errno::Io);
}

}  // namespace
}  // namespace merlon::wasi
