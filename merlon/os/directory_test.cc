#include "merlon/os/directory.h"

#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "merlon/os/testing/scratch.h"

namespace merlon::os {
namespace {

using testing::ScratchDirectory;

/// All entries from `cookie` on, in order: name and the cookie that leads to it.
std::map<std::string, std::uint64_t> list(DirectoryReader& reader, BorrowedFd directory,
                                          std::uint64_t cookie = 0) {
  std::map<std::string, std::uint64_t> found;
  for (;;) {
    const auto entry = reader.at(directory, cookie).value();
    if (!entry.has_value()) return found;
    EXPECT_TRUE(found.emplace(entry->name, cookie).second) << entry->name << " twice";
    cookie = entry->next;
  }
}

TEST(DirectoryReader, ListsDotsAndEntriesWithTheirTypes) {
  const ScratchDirectory scratch;
  scratch.make_file("file");
  scratch.make_directory("dir");
  scratch.make_symlink("nowhere", "link");
  DirectoryReader reader;
  std::map<std::string, FileType> types;
  std::uint64_t cookie = 0;
  for (;;) {
    const auto entry = reader.at(scratch.fd(), cookie).value();
    if (!entry.has_value()) break;
    types[std::string(entry->name)] = entry->type;
    cookie = entry->next;
  }
  const std::map<std::string, FileType> expected{{".", FileType::Directory},
                                                 {"..", FileType::Directory},
                                                 {"dir", FileType::Directory},
                                                 {"file", FileType::Regular},
                                                 {"link", FileType::Symlink}};
  EXPECT_EQ(types, expected);
}

TEST(DirectoryReader, ListsEachOfManyEntriesOnce) {
  const ScratchDirectory scratch;
  for (int i = 0; i < 2000; ++i) scratch.make_file("entry-with-a-longer-name-" + std::to_string(i));
  DirectoryReader reader;
  EXPECT_EQ(list(reader, scratch.fd()).size(), 2002U);
}

TEST(DirectoryReader, GoesBackToAnyCookie) {
  const ScratchDirectory scratch;
  for (int i = 0; i < 1000; ++i) scratch.make_file(std::to_string(i));
  DirectoryReader reader;
  const auto all = list(reader, scratch.fd());
  for (const std::string name : {"0", "10", "500", "999"}) {
    const auto entry = reader.at(scratch.fd(), all.at(name)).value();
    ASSERT_TRUE(entry.has_value());
    EXPECT_EQ(entry->name, name);
  }
}

TEST(DirectoryReader, CookieStaysValidWhenOthersRemoveEntries) {
  const ScratchDirectory scratch;
  for (int i = 0; i < 1000; ++i) scratch.make_file(std::to_string(i));
  DirectoryReader reader;
  std::set<std::string> seen;
  std::uint64_t cookie = 0;
  for (;;) {
    const auto entry = reader.at(scratch.fd(), cookie).value();
    if (!entry.has_value()) break;
    const std::string name(entry->name);
    EXPECT_TRUE(seen.insert(name).second);
    cookie = entry->next;
    if (name.front() != '.') std::filesystem::remove(scratch / name);
  }
  EXPECT_EQ(seen.size(), 1002U);
}

TEST(DirectoryReader, StartAlwaysShowsTheDirectoryAsItIs) {
  const ScratchDirectory scratch;
  DirectoryReader reader;
  EXPECT_EQ(list(reader, scratch.fd()).size(), 2U);
  scratch.make_file("new");
  EXPECT_EQ(list(reader, scratch.fd()).size(), 3U);
}

TEST(DirectoryReader, RefusesANegativeCookieAndAFile) {
  const ScratchDirectory scratch;
  scratch.make_file("file");
  DirectoryReader reader;
  EXPECT_EQ(reader.at(scratch.fd(), UINT64_MAX).error(), Errno::Inval);
  const Fd file = Fd::adopt(::open((scratch / "file").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(reader.at(file, 0).error(), Errno::Notdir);
}

TEST(NamesIn, AreSortedAndWithoutDots) {
  const ScratchDirectory scratch;
  scratch.make_file("b");
  scratch.make_file(".hidden");
  scratch.make_directory("a");
  scratch.make_symlink("nowhere", "c");
  const std::vector<std::string> all{".hidden", "a", "b", "c"};
  EXPECT_EQ(names_in(scratch.fd()).value(), all);
  EXPECT_EQ(names_in(scratch.path()).value(), all);
  EXPECT_EQ(names_in(scratch.path() + "/nothing").error(), Errno::Noent);
  EXPECT_EQ(names_in(scratch.path() + "/b").error(), Errno::Notdir);
}

TEST(NamesIn, VisibleFilesAreFilesAndLinksUpToABound) {
  const ScratchDirectory scratch;
  scratch.make_file("b");
  scratch.make_file(".hidden");
  scratch.make_directory("a");
  scratch.make_symlink("nowhere", "c");
  EXPECT_EQ(visible_files_in(scratch.path(), 2).value(), (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(visible_files_in(scratch.path(), 1).error(), Errno::Overflow);
  EXPECT_EQ(visible_files_in(scratch.path() + "/b", 1).error(), Errno::Notdir);
}

}  // namespace
}  // namespace merlon::os
