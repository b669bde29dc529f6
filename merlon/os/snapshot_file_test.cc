#include "merlon/os/snapshot_file.h"

#include <array>

#include <gtest/gtest.h>

#include "merlon/os/open.h"

namespace merlon::os {
namespace {

TEST(SnapshotFile, IsWrittenAndThenNobodysToChange) {
  const Fd file = snapshot_file().value();
  ASSERT_TRUE(write_all(file, core::as_bytes("first")));
  ASSERT_TRUE(seal(file));
  EXPECT_EQ(write_all(file, core::as_bytes("more")).error(), Errno::Perm);
  EXPECT_FALSE(seal(file));  // once and for all
}

TEST(SnapshotFile, EachReaderHasAPlaceOfItsOwn) {
  const Fd file = memory_file("test", core::as_bytes("content")).value();
  for (int i = 0; i < 2; ++i) {
    const Fd again = reopen_for_reading(file).value();
    const auto bytes = read_all(again, 100);
    ASSERT_TRUE(bytes);
    EXPECT_EQ(core::as_text(*bytes), "content");
  }
}

}  // namespace
}  // namespace merlon::os
