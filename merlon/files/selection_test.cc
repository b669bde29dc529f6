#include "merlon/files/selection.h"

#include <memory>

#include <gtest/gtest.h>

namespace merlon::files {
namespace {

Archive archive_of(std::initializer_list<ArchiveEntry> entries) {
  ArchiveWriter writer;
  for (const ArchiveEntry& each : entries) EXPECT_TRUE(writer.add(each));
  return Archive::read(std::make_shared<const std::vector<std::uint8_t>>(writer.take())).value();
}

constexpr auto directory = ArchiveEntry::Kind::Directory;
constexpr auto file = ArchiveEntry::Kind::File;

TEST(Selection, HasWhatIsInTheDirectoriesAndWhatLeadsThere) {
  const std::vector<std::string> wanted{"a/b"};
  for (const char* path : {"a", "a/b", "a/b/c"}) EXPECT_TRUE(is_selected(path, wanted)) << path;
  for (const char* path : {"a/bc", "a/c", "ab", "main.wasm"}) {
    EXPECT_FALSE(is_selected(path, wanted)) << path;
  }
  EXPECT_TRUE(is_selected("main.wasm", std::vector<std::string>{""}));
  EXPECT_FALSE(is_selected("main.wasm", {}));
}

TEST(Selection, IsTheSameWheneverTheFilesWereMade) {
  const Archive one = archive_of({{directory, 1, "a", {}},
                                  {file, 2, "a/x", core::as_bytes(std::string_view("hello"))},
                                  {file, 3, "main.wasm", core::as_bytes(std::string_view("m"))}});
  const Archive other = archive_of({{directory, 9, "a", {}},
                                    {file, 8, "a/x", core::as_bytes(std::string_view("hello"))},
                                    {directory, 7, "b", {}},
                                    {file, 3, "main.wasm", {}}});
  const std::vector<std::string> wanted{"a"};
  const auto first = select(one, wanted).value();
  EXPECT_EQ(first, select(other, wanted).value());
  EXPECT_NE(first, select(one, std::vector<std::string>{""}).value());
  const Archive read =
      Archive::read(std::make_shared<const std::vector<std::uint8_t>>(first)).value();
  ASSERT_EQ(read.entries().size(), 2U);
  EXPECT_EQ(read.entries()[1].path, "a/x");
  EXPECT_EQ(read.entries()[1].modified, 0U);
}

}  // namespace
}  // namespace merlon::files
