#include "merlon/keep/sealed_contents.h"

#include <gtest/gtest.h>

#include "merlon/base/testing/limited_budget.h"

namespace merlon::keep {
namespace {

using sealed::Entry;

using base::testing::LimitedBudget;

os::Path path_of(std::string_view text) { return os::Path::from(text).value(); }

class SealedContents : public ::testing::Test {
 protected:
  files::Tree made() {
    return {room_, [] { return std::uint64_t{7}; }, files::Tree::Access::ReadWrite, 1};
  }
  static void write(files::Tree& tree, std::string_view path, std::string_view text) {
    const auto file = files::as_file(
        tree.open(*tree.root(), path_of(path), {.access = os::Access::Write, .create = true})
            .value());
    const std::array<::iovec, 1> buffer{{{const_cast<char*>(text.data()), text.size()}}};
    ASSERT_TRUE(tree.write(*file, 0, buffer));
  }
  /// What a volume gives back of it.
  static std::vector<sealed::FileBytes> read(const sealed::Contents& contents) {
    std::vector<sealed::FileBytes> all;
    for (std::size_t i = 0; i < contents.entries.size(); ++i) {
      if (contents.entries[i].kind != Entry::Kind::File) {
        all.push_back(nullptr);
        continue;
      }
      std::vector<std::uint8_t> bytes(contents.entries[i].size);
      contents.sources[i].read(0, bytes);
      all.push_back(std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes)));
    }
    return all;
  }

  LimitedBudget room_;
};

TEST_F(SealedContents, ATreeComesBackAsItWas) {
  files::Tree tree = made();
  ASSERT_TRUE(tree.create_directory(*tree.root(), path_of("a")));
  ASSERT_TRUE(tree.create_directory(*tree.root(), path_of("a/b")));
  write(tree, "a/b/c", "text");
  write(tree, "z", "");
  ASSERT_TRUE(tree.symlink("a/b/c", *tree.root(), path_of("l")));
  ASSERT_TRUE(tree.link(*tree.root(), path_of("a/b/c"), *tree.root(), path_of("a/again")));
  ASSERT_TRUE(tree.link(*tree.root(), path_of("l"), *tree.root(), path_of("m")));
  const auto node = tree.find(*tree.root(), path_of("z"), os::Follow::No).value();
  files::Tree::put_times(*node, {1, 2, 3});
  const sealed::Contents contents = contents_of(tree);
  ASSERT_EQ(contents.entries.size(), 8U);
  EXPECT_EQ(contents.entries[0].kind, Entry::Kind::Directory);
  files::Tree back = made();
  ASSERT_TRUE(fill_tree(back, contents.entries, read(contents)));
  const auto file = files::as_file(back.find(*back.root(), path_of("m"), os::Follow::Yes).value());
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->links(), 2U);
  EXPECT_EQ(file->size(), 4U);
  EXPECT_EQ(file, back.find(*back.root(), path_of("a/again"), os::Follow::No).value());
  EXPECT_EQ(back.find(*back.root(), path_of("z"), os::Follow::No).value()->times(),
            (files::Times{1, 2, 3}));
  const sealed::Contents again = contents_of(back);
  ASSERT_EQ(again.entries.size(), contents.entries.size());
  for (std::size_t i = 0; i < again.entries.size(); ++i) {
    EXPECT_EQ(again.entries[i].name, contents.entries[i].name);
    EXPECT_EQ(again.entries[i].parent, contents.entries[i].parent);
    EXPECT_EQ(again.entries[i].kind, contents.entries[i].kind);
    EXPECT_EQ(again.entries[i].times, contents.entries[i].times);
  }
}

TEST_F(SealedContents, DirectoriesAsDeepAsAGuestLikes) {
  files::Tree tree = made();
  auto at = tree.root();
  for (int i = 0; i < 50'000; ++i) at = tree.put_directory(*at, "d").value();
  EXPECT_EQ(contents_of(tree).entries.size(), 50'001U);
}

TEST_F(SealedContents, EntriesThatNoTreeHasAreRefused) {
  const auto refused = [&](std::vector<Entry> entries) {
    files::Tree tree = made();
    entries.insert(entries.begin(), Entry());
    const auto filled = fill_tree(tree, entries, std::vector<sealed::FileBytes>(entries.size()));
    return !filled;
  };
  Entry entry;
  entry.name = "a";
  EXPECT_FALSE(refused({entry}));
  EXPECT_TRUE(refused({entry, entry}));
  entry.parent = 1;
  EXPECT_TRUE(refused({entry}));
  Entry name;
  name.kind = Entry::Kind::Name;
  name.name = "n";
  EXPECT_TRUE(refused({name}));  // of a directory
  name.of = 5;
  EXPECT_TRUE(refused({name}));
}

}  // namespace
}  // namespace merlon::keep
