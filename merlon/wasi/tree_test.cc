// Files in a program's own memory as a guest sees them: every call comes to the same as on files of
// the kernel's.

#include "merlon/files/tree.h"

#include <algorithm>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "merlon/base/testing/limited_budget.h"
#include "merlon/wasi/testing/guest.h"

namespace merlon::wasi {
namespace {

using testing::Guest;

using base::testing::LimitedBudget;

/// Two guests that make the same calls: one below a directory of the kernel's, one below a tree.
class BothKinds : public ::testing::TestWithParam<unsigned> {
 protected:
  BothKinds() {
    real_dir_ = real_.preopen(scratch_);
    tree_dir_ = tree_.insert(tree(std::make_shared<files::Tree>(
                                      room_, [] { return 5U; }, files::Tree::Access::ReadWrite, 9),
                                  "/"));
  }

  /// Makes one call in both, each with its own guest; the first errno is the tree's.
  template <typename Call>
  void both(const std::string& what, const Call& call) {
    done_.push_back(what);
    const Errno ours = call(tree_, tree_dir_);
    const Errno theirs = call(real_, real_dir_);
    ASSERT_EQ(to_string(ours), to_string(theirs)) << told();
    last_ = ours;
  }
  std::string told() const {
    std::string all;
    const std::size_t from = done_.size() > 40 ? done_.size() - 40 : 0;
    for (std::size_t i = from; i < done_.size(); ++i) all += done_[i] + "\n";
    return all;
  }
  void same_result(std::size_t size, GuestAddress at = Guest::result) {
    if (last_ != Errno::Success) return;
    ASSERT_EQ(tree_.string_at(at, size), real_.string_at(at, size)) << told();
  }

  std::string some_path() {
    static constexpr std::array<std::string_view, 9> names{"a", "b",  "c", "l", "a",
                                                           "b", "..", ".", "d"};
    std::string path;
    const std::size_t count = 1 + random_() % 2;
    for (std::size_t i = 0; i < count; ++i) {
      if (i != 0) path += "/";
      path += names[random_() % names.size()];
    }
    return random_() % 9 == 0 ? path + "/" : path;
  }
  /// A descriptor that both have, or one that none has.
  FdNumber some_fd() {
    return static_cast<FdNumber>(random_() % (tree_.context().files().end() + 1));
  }
  Rights some_rights() {
    if (random_() % 3 != 0) return rights::all;
    return Rights(random_()) & rights::all;
  }

  void open_something();
  void change_a_name();
  void use_a_file();
  void change_a_file();
  void look_at_a_file();
  void list(FdNumber fd);

  LimitedBudget room_;
  os::testing::ScratchDirectory scratch_;
  Guest real_;
  Guest tree_;
  FdNumber real_dir_ = 0;
  FdNumber tree_dir_ = 0;
  std::mt19937_64 random_{GetParam()};
  std::vector<std::string> done_;
  Errno last_ = Errno::Success;
};

void BothKinds::open_something() {
  const std::string path = some_path();
  const Oflags oflags(
      static_cast<std::uint16_t>(random_() % 2 == 0 ? random_() % 16 : random_() % 2));
  const Guest::Open how{.dirflags = static_cast<std::uint32_t>(random_() % 2),
                        .oflags = oflags,
                        .base = some_rights(),
                        .inheriting = some_rights(),
                        .fdflags = Fdflags(static_cast<std::uint16_t>(random_() % 4 == 0 ? 1 : 0))};
  const FdNumber from = random_() % 4 == 0 ? some_fd() : tree_dir_;
  both("open " + path + " oflags " + std::to_string(oflags.bits()) + " rights " +
           std::to_string(how.base.bits()) + " from " + std::to_string(from),
       [&](Guest& guest, FdNumber) { return guest.try_open(from, path, how); });
  same_result(4);
}

void BothKinds::change_a_name() {
  const std::string one = some_path();
  const std::string other = some_path();
  const auto kind = random_() % 7;
  const FdNumber at = random_() % 6 == 0 ? some_fd() : tree_dir_;
  both("name " + std::to_string(kind) + " " + one + " " + other + " at " + std::to_string(at),
       [&](Guest& guest, FdNumber) {
         const GuestSize size = guest.put(one, 1024);
         const GuestSize other_size = guest.put(other, 8192);
         switch (kind) {
           case 0: return guest.call<&api::path_create_directory>(at, 1024U, size);
           case 1: return guest.call<&api::path_remove_directory>(at, 1024U, size);
           case 2: return guest.call<&api::path_unlink_file>(at, 1024U, size);
           case 3: return guest.call<&api::path_symlink>(1024U, size, at, 8192U, other_size);
           case 4: return guest.call<&api::path_rename>(at, 1024U, size, at, 8192U, other_size);
           case 5:
             return guest.call<&api::path_readlink>(at, 1024U, size, Guest::buffer, 16U,
                                                    Guest::result);
           default: {
             // Where both paths of a link are wrong, which is told is nobody's promise.
             const Errno number =
                 guest.call<&api::path_link>(at, 0U, 1024U, size, at, 8192U, other_size);
             return number == Errno::Success ? number : Errno::Inval;
           }
         }
       });
  if (kind == 5) same_result(4);
}

void BothKinds::use_a_file() {
  const FdNumber fd = some_fd();
  const auto kind = random_() % 6;
  const auto size = static_cast<GuestSize>(random_() % 5000);
  const std::uint64_t offset = random_() % 9 == 0 ? random_() : random_() % 90'000;
  const auto delta = static_cast<std::int64_t>(random_() % 20'000) - 5'000;
  const auto whence = static_cast<std::uint32_t>(random_() % 4);
  const std::string text(size, static_cast<char>('a' + random_() % 26));
  both("use " + std::to_string(kind) + " fd " + std::to_string(fd) + " size " +
           std::to_string(size) + " offset " + std::to_string(offset) + " delta " +
           std::to_string(delta) + " whence " + std::to_string(whence),
       [&](Guest& guest, FdNumber) {
         guest.put(text, Guest::buffer);
         const GuestSize count = guest.iovecs({{Guest::buffer, size / 3},
                                               {Guest::buffer + 6000, 0},
                                               {Guest::buffer + size / 3, size - size / 3}});
         switch (kind) {
           case 0: return guest.call<&api::fd_write>(fd, Guest::list, count, Guest::result);
           case 1: return guest.call<&api::fd_read>(fd, Guest::list, count, Guest::result);
           case 2:
             return guest.call<&api::fd_pwrite>(fd, Guest::list, count, offset % 1'000'000,
                                                Guest::result);
           case 3:
             return guest.call<&api::fd_pread>(fd, Guest::list, count,
                                               offset % (std::uint64_t{1} << 62U), Guest::result);
           case 4: return guest.call<&api::fd_seek>(fd, delta, whence, Guest::result);
           default: return guest.call<&api::fd_tell>(fd, Guest::result);
         }
       });
  if (kind <= 3) {
    same_result(4);
    same_result(size, Guest::buffer);
  } else {
    same_result(8);
  }
}

void BothKinds::change_a_file() {
  const FdNumber fd = some_fd();
  const FdNumber other = some_fd();
  const auto kind = random_() % 9;
  const std::uint64_t size = random_() % 200'000;
  if (fd == tree_dir_ || (other == tree_dir_ && kind == 8)) return;
  both("change " + std::to_string(kind) + " fd " + std::to_string(fd) + " other " +
           std::to_string(other) + " size " + std::to_string(size),
       [&](Guest& guest, FdNumber) {
         switch (kind) {
           case 0: return guest.call<&api::fd_filestat_set_size>(fd, size);
           case 1: return guest.call<&api::fd_allocate>(fd, size, size / 7);
           case 2:
             return guest.call<&api::fd_advise>(fd, size, size,
                                                static_cast<std::uint32_t>(size % 7));
           case 3: return guest.call<&api::fd_sync>(fd);
           case 4: return guest.call<&api::fd_datasync>(fd);
           case 5:
             return guest.call<&api::fd_filestat_set_times>(fd, Timestamp{3}, Timestamp{4},
                                                            static_cast<std::uint32_t>(size % 17));
           case 6:
             return guest.call<&api::fd_fdstat_set_flags>(fd, static_cast<std::uint32_t>(size % 8));
           case 7: return guest.call<&api::fd_close>(fd);
           default: return guest.call<&api::fd_renumber>(fd, other);
         }
       });
}

/// What two file systems may tell otherwise: numbers of files and devices, times, sizes of
/// directories and how many names these have.
void BothKinds::look_at_a_file() {
  using F = layout::Filestat;
  const FdNumber fd = some_fd();
  const bool by_path = random_() % 2 == 0;
  const std::string path = some_path();
  both("look at " + (by_path ? path : std::to_string(fd)), [&](Guest& guest, FdNumber) {
    if (!by_path) return guest.call<&api::fd_filestat_get>(fd, Guest::result);
    const GuestSize size = guest.put(path);
    return guest.call<&api::path_filestat_get>(tree_dir_, 1U, Guest::text, size, Guest::result);
  });
  if (last_ != Errno::Success) return;
  same_result(1, Guest::result + F::filetype);
  const bool is_file = tree_.get<std::uint8_t>(Guest::result + F::filetype) ==
                       static_cast<std::uint8_t>(Filetype::RegularFile);
  if (is_file) {
    same_result(8, Guest::result + F::nlink);
    same_result(8, Guest::result + F::file_size);
  }
  both("fdstat",
       [&](Guest& guest, FdNumber) { return guest.call<&api::fd_fdstat_get>(fd, Guest::result); });
  same_result(1, Guest::result + layout::Fdstat::filetype);
  same_result(2, Guest::result + layout::Fdstat::flags);
  same_result(16, Guest::result + layout::Fdstat::rights_base);
}

void BothKinds::list(FdNumber fd) {
  const auto names = [&](Guest& guest) {
    std::multiset<std::string> found;
    DirCookie cookie = 0;
    for (;;) {
      if (guest.call<&api::fd_readdir>(fd, Guest::buffer, GuestSize{300}, cookie, Guest::result) !=
          Errno::Success)
        return found;
      const auto used = guest.get<GuestSize>();
      if (used < layout::Dirent::size) return found;
      const auto size = guest.get<std::uint32_t>(Guest::buffer + layout::Dirent::namlen);
      found.insert(guest.string_at(Guest::buffer + layout::Dirent::size, size) + " " +
                   std::to_string(guest.get<std::uint8_t>(Guest::buffer + layout::Dirent::type)));
      cookie = guest.get<DirCookie>(Guest::buffer + layout::Dirent::next);
    }
  };
  ASSERT_EQ(names(tree_), names(real_)) << told();
}

TEST_P(BothKinds, EachCallComesToTheSame) {
  for (int i = 0; i < 4000 && !HasFatalFailure(); ++i) {
    switch (random_() % 10) {
      case 0:
      case 1:
      case 2: open_something(); break;
      case 3:
      case 4: change_a_name(); break;
      case 5:
      case 6: use_a_file(); break;
      case 7: change_a_file(); break;
      case 8: look_at_a_file(); break;
      default: list(some_fd()); break;
    }
    ASSERT_EQ(tree_.context().files().end(), real_.context().files().end());
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, BothKinds, ::testing::Range(1U, 9U));

TEST(TreeOfAGuest, IsAPreopenedDirectory) {
  LimitedBudget room;
  Guest guest;
  const FdNumber dir =
      guest.insert(tree(std::make_shared<files::Tree>(
                            room, [] { return 5U; }, files::Tree::Access::ReadWrite, 9),
                        "/data"));
  EXPECT_EQ(guest.call<&api::fd_prestat_get>(dir, Guest::result), Errno::Success);
  EXPECT_EQ(guest.get<std::uint32_t>(Guest::result + 4), 5U);
  const FdNumber file = guest.create(dir, "a");
  EXPECT_EQ(guest.write(file, "text"), Errno::Success);
  const GuestSize size = guest.put("a");
  EXPECT_EQ((guest.call<&api::path_unlink_file>(dir, Guest::text, size)), Errno::Success);
  EXPECT_EQ(guest.call<&api::fd_seek>(file, std::int64_t{0}, 0U, Guest::result), Errno::Success);
  EXPECT_EQ(guest.read(file), "text");
}

TEST(TreeOfAGuest, IsFullWhenItsBudgetIs) {
  LimitedBudget room;
  Guest guest;
  const FdNumber dir =
      guest.insert(tree(std::make_shared<files::Tree>(
                            room, [] { return 5U; }, files::Tree::Access::ReadWrite, 9),
                        "/"));
  const FdNumber file = guest.create(dir, "a");
  room.left = 0;
  EXPECT_EQ(guest.write(file, "text"), Errno::Nospc);
  EXPECT_EQ(guest.try_open(dir, "b", {.oflags = oflags::creat}), Errno::Nospc);
}

TEST(TreeOfAGuest, DoesNotLieTogetherWithOthers) {
  LimitedBudget room;
  Guest guest;
  os::testing::ScratchDirectory scratch;
  const auto made = [&] {
    return std::make_shared<files::Tree>(
        room, [] { return 5U; }, files::Tree::Access::ReadWrite, 9);
  };
  const FdNumber one = guest.insert(tree(made(), "/one"));
  const FdNumber other = guest.insert(tree(made(), "/other"));
  const FdNumber real = guest.preopen(scratch);
  (void)guest.create(one, "a");
  const GuestSize size = guest.put("a", 1024);
  guest.put("a", 8192);
  EXPECT_EQ((guest.call<&api::path_rename>(one, 1024U, size, other, 8192U, size)), Errno::Xdev);
  EXPECT_EQ((guest.call<&api::path_link>(one, 0U, 1024U, size, other, 8192U, size)), Errno::Xdev);
  EXPECT_EQ((guest.call<&api::path_rename>(one, 1024U, size, real, 8192U, size)), Errno::Xdev);
}

}  // namespace
}  // namespace merlon::wasi
