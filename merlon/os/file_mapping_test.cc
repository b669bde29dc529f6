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

TEST(FileMapping, CopiesWholePagesWithoutAWayBack) {
  constexpr std::size_t page = 4096;
  testing::ScratchDirectory scratch;
  scratch.make_file("file", std::string(page, 'a') + std::string(page, 'b') + "rest");
  const auto file = open_file(scratch / "file");
  ASSERT_TRUE(file.has_value());
  const auto mapping = FileMapping::create(*file, 3 * page);
  auto target = Mapping::reserve(2 * page);
  ASSERT_TRUE(mapping.has_value() && target.has_value());
  const core::ByteSpan pages(target->data(), 2 * page);
  ASSERT_TRUE(mapping->copy_over(mapping->bytes().first(2 * page), pages).has_value());
  EXPECT_EQ(pages[0], 'a');
  EXPECT_EQ(pages[page], 'b');
  pages[0] = 'c';
  EXPECT_EQ(mapping->bytes()[0], 'a');
}

TEST(FileMapping, CopiesNothingButWholePagesOfItsOwn) {
  constexpr std::size_t page = 4096;
  testing::ScratchDirectory scratch;
  scratch.make_file("file", std::string(2 * page, 'a'));
  const auto file = open_file(scratch / "file");
  ASSERT_TRUE(file.has_value());
  const auto mapping = FileMapping::create(*file, 2 * page);
  auto target = Mapping::reserve(2 * page);
  ASSERT_TRUE(mapping.has_value() && target.has_value());
  const core::ByteView bytes = mapping->bytes();
  const core::ByteSpan pages(target->data(), 2 * page);
  EXPECT_FALSE(mapping->copy_over(bytes.first(page), pages).has_value());
  EXPECT_FALSE(mapping->copy_over(bytes.subspan(1, page), pages.first(page)).has_value());
  EXPECT_FALSE(mapping->copy_over(bytes.first(page), pages.subspan(1, page)).has_value());
  EXPECT_FALSE(mapping->copy_over(bytes.first(100), pages.first(100)).has_value());
  EXPECT_FALSE(mapping->copy_over(pages.first(page), pages.first(page)).has_value());
}

}  // namespace
}  // namespace merlon::os
