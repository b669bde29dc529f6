#include "merlon/os/file_mapping.h"

#include <gtest/gtest.h>

#include "merlon/os/mapping.h"
#include "merlon/os/open.h"
#include "merlon/os/testing/scratch.h"

namespace merlon::os {
namespace {

TEST(FileMapping, ShowsTheWholeFile) {
  testing::ScratchDirectory scratch;
  scratch.make_file("file", "content");
  const auto file = open_file(scratch / "file");
  ASSERT_TRUE(file.has_value());
  const auto mapping = FileMapping::create(*file, 7);
  ASSERT_TRUE(mapping.has_value());
  EXPECT_EQ(core::as_text(mapping->bytes()), "content");
}

TEST(FileMapping, RefusesFilesThatAreTooLargeOrEmpty) {
  testing::ScratchDirectory scratch;
  scratch.make_file("large", "content");
  scratch.make_file("empty", "");
  const auto large = open_file(scratch / "large");
  const auto empty = open_file(scratch / "empty");
  ASSERT_TRUE(large.has_value() && empty.has_value());
  const auto refused = FileMapping::create(*large, 6);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error(), Errno::Fbig);
  EXPECT_FALSE(FileMapping::create(*empty, 6).has_value());
}

}  // namespace
}  // namespace merlon::os
