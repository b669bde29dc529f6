#include "merlon/files/tree.h"

#include <algorithm>
#include <array>
#include <functional>
#include <random>
#include <set>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include "merlon/base/testing/limited_budget.h"
#include "merlon/os/directory.h"
#include "merlon/os/resolver.h"
#include "merlon/os/testing/scratch.h"

namespace merlon::files {
namespace {

using os::Errno;
using os::Follow;

using base::testing::LimitedBudget;

os::Path path_of(std::string_view text) { return os::Path::from(text).value(); }

class TreeTest : public ::testing::Test {
 protected:
  Directory& root() { return *tree_.root(); }
  os::Result<std::shared_ptr<Node>> make(std::string_view path) {
    return tree_.open(root(), path_of(path), {.access = os::Access::Write, .create = true});
  }
  void write(std::string_view path, std::string_view text) {
    const auto file = as_file(make(path).value());
    const ::iovec buffer{const_cast<char*>(text.data()), text.size()};
    ASSERT_EQ(tree_.write(*file, 0, std::array{buffer}).value(), text.size());
  }
  std::string read(std::string_view path) {
    const auto found = tree_.open(root(), path_of(path), {.follow = Follow::Yes});
    if (!found) return std::string(os::describe(found.error()));
    const auto file = as_file(*found);
    if (!file) return "(directory)";
    std::string text(file->size(), '.');
    // SAFETY: characters as bytes.
    (void)file->content().read(
        0, core::ByteSpan(reinterpret_cast<std::uint8_t*>(text.data()), text.size()));
    return text;
  }
  std::vector<std::string> names(const Directory& directory) {
    std::vector<std::string> names;
    std::uint64_t place = 0;
    while (const auto entry = directory.at(place)) {
      names.emplace_back(entry->name);
      place = entry->next;
    }
    return names;
  }

  LimitedBudget room_;
  std::uint64_t now_ = 1000;
  Tree tree_{room_, [this] { return now_; }, Tree::Access::ReadWrite, 3};
};

TEST_F(TreeTest, GivesBackAllItTook) {
  {
    Tree tree(room_, [] { return 0U; }, Tree::Access::ReadWrite, 1);
    ASSERT_TRUE(tree.create_directory(*tree.root(), path_of("a")));
    ASSERT_TRUE(tree.symlink("x", *tree.root(), path_of("a/l")));
    const auto file = as_file(
        *tree.open(*tree.root(), path_of("a/f"), {.access = os::Access::Write, .create = true}));
    ASSERT_TRUE(tree.resize(*file, 100));
    ASSERT_TRUE(tree.link(*tree.root(), path_of("a/f"), *tree.root(), path_of("g")));
    ASSERT_TRUE(tree.rename(*tree.root(), path_of("g"), *tree.root(), path_of("a/f2")));
    ASSERT_TRUE(tree.unlink(*tree.root(), path_of("a/f")));
  }
  EXPECT_EQ(room_.left, LimitedBudget::plenty);
}

TEST_F(TreeTest, WhatIsOpenOutlivesItsName) {
  write("a", "text");
  const auto file = as_file(tree_.find(root(), path_of("a"), Follow::No).value());
  ASSERT_TRUE(tree_.unlink(root(), path_of("a")));
  EXPECT_EQ(file->links(), 0U);
  EXPECT_EQ(file->size(), 4U);
  ASSERT_TRUE(tree_.create_directory(root(), path_of("d")));
  const auto directory = as_directory(tree_.find(root(), path_of("d"), Follow::No).value());
  ASSERT_TRUE(tree_.remove_directory(root(), path_of("d")));
  EXPECT_EQ(tree_.create_directory(*directory, path_of("e")).error(), Errno::Noent);
  EXPECT_EQ(
      tree_.open(*directory, path_of("e"), {.access = os::Access::Write, .create = true}).error(),
      Errno::Noent);
}

TEST_F(TreeTest, ListsWhatIsThereWhileEntriesComeAndGo) {
  for (const std::string_view name : {"c", "a", "b", "d"}) ASSERT_TRUE(make(name));
  EXPECT_EQ(names(root()), (std::vector<std::string>{".", "..", "c", "a", "b", "d"}));
  const auto second = root().at(root().at(root().at(root().at(0)->next)->next)->next);
  EXPECT_EQ(second->name, "a");
  ASSERT_TRUE(tree_.unlink(root(), path_of("a")));
  ASSERT_TRUE(tree_.unlink(root(), path_of("b")));
  ASSERT_TRUE(make("e"));
  EXPECT_EQ(root().at(second->next)->name, "d");
  EXPECT_EQ(names(root()), (std::vector<std::string>{".", "..", "c", "d", "e"}));
}

TEST_F(TreeTest, DirectoriesAsDeepAsAGuestLikes) {
  std::shared_ptr<Directory> at = tree_.root();
  for (int i = 0; i < 100'000; ++i) {
    at = tree_.put_directory(*at, "d").value();
  }
  ASSERT_TRUE(tree_.rename(root(), path_of("d"), root(), path_of("e")));
}

TEST_F(TreeTest, TimesAreWhatWasDone) {
  write("a", "1");
  now_ = 2000;
  write("a", "2");
  const auto node = tree_.find(root(), path_of("a"), Follow::No).value();
  EXPECT_EQ(node->times(), (Times{1000, 2000, 2000}));
  EXPECT_EQ(root().times(), (Times{1000, 1000, 1000}));
  now_ = 3000;
  ASSERT_TRUE(
      tree_.set_times(*node, {{os::TimeChange::Kind::Set, 7}, {os::TimeChange::Kind::Now, 0}}));
  EXPECT_EQ(node->times(), (Times{7, 3000, 3000}));
  now_ = 4000;
  ASSERT_TRUE(tree_.unlink(root(), path_of("a")));
  EXPECT_EQ(root().times(), (Times{1000, 4000, 4000}));
  EXPECT_EQ(node->times(), (Times{7, 3000, 4000}));
}

TEST_F(TreeTest, AVersionTellsOfEachChange) {
  write("a", "1");
  const auto file = as_file(tree_.find(root(), path_of("a"), Follow::No).value());
  const std::uint64_t tree_before = tree_.version();
  const std::uint64_t before = file->version();
  EXPECT_EQ(read("a"), "1");
  EXPECT_EQ(tree_.version(), tree_before);
  write("a", "2");
  EXPECT_NE(file->version(), before);
  EXPECT_NE(tree_.version(), tree_before);
}

TEST_F(TreeTest, WithoutRoomNothingIsMade) {
  write("a", "1");
  room_.left = 0;
  EXPECT_EQ(make("b").error(), Errno::Nospc);
  EXPECT_EQ(tree_.create_directory(root(), path_of("b")).error(), Errno::Nospc);
  EXPECT_EQ(tree_.rename(root(), path_of("a"), root(), path_of("b")).error(), Errno::Nospc);
  EXPECT_EQ(names(root()), (std::vector<std::string>{".", "..", "a"}));
}

/// Bytes that the heap has given out; nothing under a sanitizer.
std::uint64_t held_bytes() { return ::mallinfo2().uordblks; }

// What links say was not counted: with --max-memory 32 MiB, a guest took 540 MiB.
TEST_F(TreeTest, WhatIsTakenIsCounted) {
  const std::string target(os::max_path_size, 't');
  const std::function<bool(const std::string&)> makers[] = {
      [&](const std::string& name) { return make(name).has_value(); },
      [&](const std::string& name) {
        return tree_.create_directory(root(), path_of(name)).has_value();
      },
      [&](const std::string& name) {
        return tree_.symlink(target, root(), path_of(name)).has_value();
      }};
  for (const std::size_t size : {std::size_t{8}, std::size_t{200}}) {
    for (const auto& maker : makers) {
      const std::uint64_t room = room_.left;
      const std::uint64_t before = held_bytes();
      constexpr int many = 1000;
      const auto name = [size](int i) {
        const std::string number = std::to_string(i);
        return number + std::string(size - number.size(), 'n');
      };
      for (int i = 0; i < many; ++i) ASSERT_TRUE(maker(name(i)));
      EXPECT_LE(held_bytes() - before, room - room_.left);
      for (int i = 0; i < many; ++i) {
        if (!tree_.unlink(root(), path_of(name(i)))) {
          ASSERT_TRUE(tree_.remove_directory(root(), path_of(name(i))));
        }
      }
      EXPECT_EQ(room_.left, room);
    }
  }
}

TEST_F(TreeTest, WithoutRoomForWhatItSaysThereIsNoLink) {
  room_.left = 3000;
  EXPECT_EQ(tree_.symlink(std::string(4000, 't'), root(), path_of("l")).error(), Errno::Nospc);
  EXPECT_EQ(room_.left, 3000U);
  EXPECT_EQ(names(root()), (std::vector<std::string>{".", ".."}));
}

TEST_F(TreeTest, IsFilledFromAnArchive) {
  ArchiveWriter writer;
  using Kind = ArchiveEntry::Kind;
  ASSERT_TRUE(writer.add({Kind::Directory, 5, "a", {}}));
  ASSERT_TRUE(writer.add({Kind::Directory, 5, "a/b", {}}));
  ASSERT_TRUE(writer.add({Kind::File, 6, "a/b/c", core::as_bytes("text")}));
  ASSERT_TRUE(writer.add({Kind::Link, 6, "a/l", core::as_bytes("b/c")}));
  ASSERT_TRUE(writer.add({Kind::File, 6, "ab", core::as_bytes("other")}));
  const auto archive =
      Archive::read(std::make_shared<const std::vector<std::uint8_t>>(writer.take())).value();
  ASSERT_TRUE(tree_.fill(archive, "a"));
  EXPECT_EQ(names(root()), (std::vector<std::string>{".", "..", "b", "l"}));
  EXPECT_EQ(read("l"), "text");
  EXPECT_EQ(read("b/c"), "text");
  Tree whole(room_, [] { return 0U; }, Tree::Access::ReadOnly, 4);
  ASSERT_TRUE(whole.fill(archive, ""));
  EXPECT_EQ(names(*whole.root()), (std::vector<std::string>{".", "..", "a", "ab"}));
  Tree none(room_, [] { return 0U; }, Tree::Access::ReadOnly, 5);
  EXPECT_EQ(none.fill(archive, "x").error(), Errno::Noent);
  EXPECT_EQ(none.fill(archive, "ab").error(), Errno::Notdir);
}

TEST_F(TreeTest, NothingOfAReadOnlyTreeChanges) {
  ArchiveWriter writer;
  ASSERT_TRUE(writer.add({ArchiveEntry::Kind::Directory, 5, "d", {}}));
  ASSERT_TRUE(writer.add({ArchiveEntry::Kind::File, 6, "f", core::as_bytes("text")}));
  const auto archive =
      Archive::read(std::make_shared<const std::vector<std::uint8_t>>(writer.take())).value();
  Tree tree(room_, [] { return 9U; }, Tree::Access::ReadOnly, 1);
  ASSERT_TRUE(tree.fill(archive, ""));
  Directory& top = *tree.root();
  const auto file = as_file(tree.open(top, path_of("f"), {}).value());
  EXPECT_EQ(tree.open(top, path_of("f"), {.access = os::Access::Write}).error(), Errno::Rofs);
  EXPECT_EQ(tree.open(top, path_of("f"), {.truncate = true}).error(), Errno::Rofs);
  EXPECT_EQ(tree.open(top, path_of("g"), {.create = true}).error(), Errno::Rofs);
  EXPECT_EQ(tree.create_directory(top, path_of("e")).error(), Errno::Rofs);
  EXPECT_EQ(tree.remove_directory(top, path_of("d")).error(), Errno::Rofs);
  EXPECT_EQ(tree.unlink(top, path_of("f")).error(), Errno::Rofs);
  EXPECT_EQ(tree.symlink("f", top, path_of("l")).error(), Errno::Rofs);
  EXPECT_EQ(tree.link(top, path_of("f"), top, path_of("l")).error(), Errno::Rofs);
  EXPECT_EQ(tree.rename(top, path_of("f"), top, path_of("l")).error(), Errno::Rofs);
  EXPECT_EQ(tree.write(*file, 0, {}).error(), Errno::Rofs);
  EXPECT_EQ(tree.resize(*file, 0).error(), Errno::Rofs);
  EXPECT_EQ(tree.allocate(*file, 0, 1).error(), Errno::Rofs);
  EXPECT_EQ(tree.set_times(*file, {}).error(), Errno::Rofs);
  EXPECT_EQ(tree.version(), 0U);
}

/// The same random steps in a tree and in a directory of the kernel's.
class BesideTheKernel : public TreeTest {
 protected:
  BesideTheKernel()
      : real_root_(
            os::Fd::adopt(::open(scratch_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))) {}

  std::string some_path() {
    static constexpr std::array<std::string_view, 9> names{"a", "b",  "c", "l", "m",
                                                           "a", "..", ".", "b"};
    std::string path;
    const std::size_t count = 1 + random_() % 3;
    for (std::size_t i = 0; i < count; ++i) {
      if (i != 0) path += random_() % 8 == 0 ? "//" : "/";
      path += names[random_() % names.size()];
    }
    if (random_() % 8 == 0) path += "/";
    return path;
  }
  os::OpenHow some_how() {
    os::OpenHow how;
    how.access =
        std::array{os::Access::Read, os::Access::Write, os::Access::ReadWrite}[random_() % 3];
    how.follow = random_() % 2 == 0 ? Follow::Yes : Follow::No;
    how.create = random_() % 2 == 0;
    how.exclusive = how.create && random_() % 3 == 0;
    how.truncate = how.access != os::Access::Read && random_() % 4 == 0;
    how.directory = !how.create && !how.truncate && random_() % 4 == 0;
    return how;
  }

  /// What one step came to in both, as text; the tree first.
  std::pair<std::string, std::string> step();
  template <typename T, typename U>
  std::pair<std::string, std::string> said(const os::Result<T>& ours, const os::Result<U>& theirs) {
    const auto text = [](const auto& result) {
      return result.has_value() ? std::string("done") : std::string(os::describe(result.error()));
    };
    return {text(ours), text(theirs)};
  }

  std::string all_below(Directory& directory, int depth) {
    std::set<std::string> lines;
    for (const std::string& name : names(directory)) {
      if (name == "." || name == ".." || depth > 12) continue;
      const auto node = directory.find(name);
      std::string line = name + " " + std::to_string(static_cast<int>(node->type()));
      if (node->type() == os::FileType::Regular) {
        line += " " + std::to_string(node->size()) + " " + std::to_string(node->links());
      }
      if (const auto link = as_link(node)) line += " " + link->target();
      if (const auto below = as_directory(node)) line += "{" + all_below(*below, depth + 1) + "}";
      lines.insert(line);
    }
    std::string all;
    for (const std::string& line : lines) all += line + ";";
    return all;
  }
  std::string real_below(os::BorrowedFd directory, int depth) {
    std::set<std::string> lines;
    os::DirectoryReader reader;
    std::uint64_t cookie = 0;
    std::vector<std::string> found;
    while (const auto entry = reader.at(directory, cookie).value()) {
      found.emplace_back(entry->name);
      cookie = entry->next;
    }
    for (const std::string& name : found) {
      if (name == "." || name == ".." || depth > 12) continue;
      const os::FileStatus status = resolver_.status(directory, path_of(name), Follow::No).value();
      std::string line = name + " " + std::to_string(static_cast<int>(status.type));
      if (status.type == os::FileType::Regular) {
        line += " " + std::to_string(status.size) + " " + std::to_string(status.links);
      }
      if (status.type == os::FileType::Symlink) {
        std::array<std::uint8_t, 100> text{};
        const std::size_t size = resolver_.read_link(directory, path_of(name), text).value();
        line += " " + std::string(core::as_text(core::ByteView(text).first(size)));
      }
      if (status.type == os::FileType::Directory) {
        const os::Fd below = resolver_.open(directory, path_of(name), {.directory = true}).value();
        line += "{" + real_below(below, depth + 1) + "}";
      }
      lines.insert(line);
    }
    std::string all;
    for (const std::string& line : lines) all += line + ";";
    return all;
  }

  os::testing::ScratchDirectory scratch_;
  os::Fd real_root_;
  os::Resolver resolver_;
  std::mt19937_64 random_{4};
  std::string what_;
};

std::pair<std::string, std::string> BesideTheKernel::step() {
  const std::string one = some_path();
  const std::string other = some_path();
  const os::Path first = path_of(one);
  const os::Path second = path_of(other);
  switch (random_() % 8) {
    case 0:
    case 1: {
      const os::OpenHow how = some_how();
      what_ = "open " + one + (how.create ? " create" : "") + (how.exclusive ? " exclusive" : "") +
              (how.directory ? " directory" : "") + (how.truncate ? " truncate" : "") +
              (how.follow == Follow::Yes ? " follow" : "") +
              (how.access == os::Access::Read ? "" : " write");
      const auto ours = tree_.open(root(), first, how);
      const auto theirs = resolver_.open(real_root_, first, how);
      if (ours && theirs && how.access != os::Access::Read && as_file(*ours)) {
        const std::array<::iovec, 1> word{::iovec{what_.data(), what_.size()}};
        EXPECT_TRUE(tree_.write(*as_file(*ours), 0, word));
        EXPECT_TRUE(os::write_at(*theirs, word, 0));
      }
      return said(ours, theirs);
    }
    case 2:
      what_ = "mkdir " + one;
      return said(tree_.create_directory(root(), first),
                  resolver_.create_directory(real_root_, first));
    case 3:
      what_ = "rmdir " + one;
      return said(tree_.remove_directory(root(), first),
                  resolver_.remove_directory(real_root_, first));
    case 4:
      what_ = "unlink " + one;
      return said(tree_.unlink(root(), first), resolver_.unlink(real_root_, first));
    case 5:
      what_ = "symlink " + one + " at " + other;
      return said(tree_.symlink(one, root(), second), resolver_.symlink(first, real_root_, second));
    case 6:
      what_ = "rename " + one + " to " + other;
      return said(tree_.rename(root(), first, root(), second),
                  resolver_.rename(real_root_, first, real_root_, second));
    default:
      what_ = "link " + one + " to " + other;
      return said(tree_.link(root(), first, root(), second),
                  resolver_.link(real_root_, first, real_root_, second));
  }
}

TEST_F(BesideTheKernel, EachStepComesToTheSame) {
  for (int i = 0; i < 20'000; ++i) {
    const auto [ours, theirs] = step();
    // Where both paths of a link are wrong, which of them is told is nobody's promise.
    if (what_.starts_with("link") && ours != "done" && theirs != "done") continue;
    ASSERT_EQ(ours, theirs) << what_ << " at step " << i << " in " << all_below(root(), 0);
    if (i % 50 != 0) continue;
    ASSERT_EQ(all_below(root(), 0), real_below(real_root_, 0)) << "after step " << i;
  }
}

}  // namespace
}  // namespace merlon::files
