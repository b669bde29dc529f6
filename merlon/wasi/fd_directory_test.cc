#include <algorithm>
#include <set>

#include <gtest/gtest.h>
#include <malloc.h>

#include "merlon/wasi/testing/guest.h"

namespace merlon::wasi {
namespace {

using os::testing::ScratchDirectory;
using testing::Guest;

struct Entry {
  std::uint64_t next = 0;
  std::uint64_t inode = 0;
  std::uint8_t type = 0;
  std::string name;
};

class FdDirectory : public ::testing::Test {
 protected:
  void SetUp() override { dir_ = guest_.preopen(scratch_); }

  Errno readdir(FdNumber fd, GuestSize size, DirCookie cookie) {
    return guest_.call<&api::fd_readdir>(fd, Guest::buffer, size, cookie, Guest::result);
  }
  /// The whole entries of one call.
  std::vector<Entry> page(GuestSize size, DirCookie cookie) {
    EXPECT_EQ(readdir(dir_, size, cookie), Errno::Success);
    used_ = guest_.get<GuestSize>();
    std::vector<Entry> entries;
    GuestAddress at = Guest::buffer;
    const GuestAddress end = at + used_;
    while (end - at >= layout::Dirent::size) {
      Entry entry{guest_.get<std::uint64_t>(at), guest_.get<std::uint64_t>(at + 8),
                  guest_.get<std::uint8_t>(at + 20), ""};
      const auto size_of_name = guest_.get<std::uint32_t>(at + 16);
      at += layout::Dirent::size;
      if (end - at < size_of_name) break;
      entry.name = guest_.string_at(at, size_of_name);
      at += size_of_name;
      entries.push_back(entry);
    }
    return entries;
  }

  ScratchDirectory scratch_;
  Guest guest_;
  FdNumber dir_ = 0;
  GuestSize used_ = 0;
};

TEST_F(FdDirectory, ListsDotsFilesTypesAndInodes) {
  scratch_.make_file("file");
  scratch_.make_symlink("file", "link");
  std::map<std::string, Entry> entries;
  for (const Entry& entry : page(4096, 0)) entries[entry.name] = entry;
  EXPECT_LT(used_, 4096U);
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries.at(".").type, 3U);
  EXPECT_EQ(entries.at("..").type, 3U);
  EXPECT_EQ(entries.at("file").type, 4U);
  EXPECT_EQ(entries.at("link").type, 7U);
  struct ::stat expected{};
  ASSERT_EQ(::stat((scratch_ / "file").c_str(), &expected), 0);
  EXPECT_EQ(entries.at("file").inode, expected.st_ino);
}

// Each kept 8 KiB for as long as it was open, beyond what the guest may have: 65536 half a GiB.
TEST_F(FdDirectory, ManyThatAreListedAtOnceTakeLittle) {
  for (int i = 0; i < 50; ++i) scratch_.make_file("file." + std::to_string(i));
  std::vector<FdNumber> all;
  constexpr int many = 300;
  for (int i = 0; i < many; ++i) {
    all.push_back(
        guest_.open(dir_, ".", {.oflags = oflags::directory, .base = rights::fd_readdir}));
  }
  std::map<FdNumber, DirCookie> places;
  std::map<FdNumber, std::set<std::string>> names;
  std::size_t grown = 0;
  // In turns, so that none finds what it has read ahead in another's reader.
  for (int turn = 0; turn < 20; ++turn) {
    const std::size_t before = ::mallinfo2().uordblks;
    for (const FdNumber fd : all) EXPECT_EQ(readdir(fd, 300, places[fd]), Errno::Success);
    if (turn == 0) grown = ::mallinfo2().uordblks - before;
    for (const FdNumber fd : all) {
      dir_ = fd;
      for (const Entry& entry : page(300, places[fd])) {
        EXPECT_TRUE(names[fd].insert(entry.name).second) << entry.name;
        places[fd] = entry.next;
      }
    }
  }
  for (const FdNumber fd : all) EXPECT_EQ(names[fd].size(), 52U);
  constexpr std::size_t most_of_one = 2048;
  EXPECT_LT(grown, (many + std::size_t{64 * 4}) * most_of_one);
}

TEST_F(FdDirectory, AFullBufferMeansThereIsMoreAndNothingIsLost) {
  for (int i = 0; i < 1000; ++i) scratch_.make_file("file." + std::to_string(i));
  std::set<std::string> names;
  DirCookie cookie = 0;
  do {
    for (const Entry& entry : page(256, cookie)) {
      EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
      cookie = entry.next;
    }
  } while (used_ == 256);
  EXPECT_EQ(names.size(), 1002U);
}

TEST_F(FdDirectory, ATooSmallBufferGetsTheStartOfAnEntry) {
  scratch_.make_file(std::string(200, 'n'));
  EXPECT_EQ(readdir(dir_, 10, 0), Errno::Success);
  EXPECT_EQ(guest_.get<GuestSize>(), 10U);
  EXPECT_EQ(readdir(dir_, 0, 0), Errno::Success);
  EXPECT_EQ(guest_.get<GuestSize>(), 0U);
}

TEST_F(FdDirectory, ACookieLeadsBackToItsPlace) {
  scratch_.make_file("file");
  const std::vector<Entry> all = page(4096, 0);
  const std::vector<Entry> rest = page(4096, all[1].next);
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].name, all[2].name);
  EXPECT_EQ(page(4096, all[2].next).size(), 0U);
}

TEST_F(FdDirectory, CookiesFit32BitsAndHoldWhileEntriesComeAndGo) {
  for (int i = 0; i < 100; ++i) scratch_.make_file("file." + std::to_string(i));
  std::map<DirCookie, std::string> at;  // the entry at each cookie
  DirCookie cookie = 0;
  for (const Entry& entry : page(30000, 0)) {
    at[cookie] = entry.name;
    cookie = entry.next;
    EXPECT_LE(cookie, 0x7FFFFFFFU);
  }
  ASSERT_EQ(at.size(), 102U);
  for (int i = 0; i < 100; i += 2)
    std::filesystem::remove(scratch_ / ("file." + std::to_string(i)));
  for (int i = 0; i < 50; ++i) scratch_.make_file("new." + std::to_string(i));
  EXPECT_EQ(page(30000, 0).size(), 102U);  // from the start again, with what came
  std::set<std::string> left;
  for (const auto& [place, name] : at) {
    if (!std::filesystem::exists(std::filesystem::symlink_status(scratch_ / name))) continue;
    const std::vector<Entry> rest = page(30000, place);
    const auto found = std::find_if(rest.begin(), rest.end(),
                                    [&](const Entry& entry) { return entry.name == name; });
    EXPECT_NE(found, rest.end()) << name;
  }
}

TEST_F(FdDirectory, ListingNeedsADirectoryItsRightAndARealCookie) {
  EXPECT_EQ(readdir(guest_.create(dir_, "f"), 100, 0), Errno::Notdir);
  EXPECT_EQ(readdir(dir_, 100, ~std::uint64_t{0}), Errno::Inval);
  const FdNumber blind = guest_.open(dir_, ".", {.base = rights::path_open});
  EXPECT_EQ(readdir(blind, 100, 0), Errno::Notcapable);
  EXPECT_EQ((guest_.call<&api::fd_readdir>(dir_, 65000U, 1000U, DirCookie{0}, Guest::result)),
            Errno::Fault);
}

TEST(FdPrestat, NamesThePreopenedDirectory) {
  const ScratchDirectory scratch;
  Guest guest;
  for (int i = 0; i < 3; ++i) guest.insert(null_file());
  const FdNumber fd = guest.preopen(scratch, DirectoryAccess::ReadWrite, "/data");
  EXPECT_EQ((guest.call<&api::fd_prestat_get>(fd, Guest::result)), Errno::Success);
  EXPECT_EQ(guest.get<std::uint8_t>(), 0U);
  EXPECT_EQ(guest.get<std::uint32_t>(Guest::result + 4), 5U);
  EXPECT_EQ((guest.call<&api::fd_prestat_dir_name>(fd, Guest::buffer, 5U)), Errno::Success);
  EXPECT_EQ(guest.string_at(Guest::buffer, 5), "/data");
  EXPECT_EQ((guest.call<&api::fd_prestat_dir_name>(fd, Guest::buffer, 6U)), Errno::Success);
  EXPECT_EQ((guest.call<&api::fd_prestat_dir_name>(fd, Guest::buffer, 4U)), Errno::Nametoolong);
  EXPECT_EQ((guest.call<&api::fd_prestat_get>(fd + 1, Guest::result)), Errno::Badf);
}

TEST(FdPrestat, AScanFindsDirectoriesBehindOtherFiles) {
  const ScratchDirectory scratch;
  Guest guest;
  for (int i = 0; i < 5; ++i) guest.insert(null_file());
  const FdNumber fd = guest.preopen(scratch);
  const FdNumber opened = guest.create(fd, "f");
  EXPECT_EQ((guest.call<&api::fd_prestat_get>(3U, Guest::result)), Errno::Success);
  EXPECT_EQ(guest.get<std::uint8_t>(), 0xFFU);  // no directory: go on
  EXPECT_EQ((guest.call<&api::fd_prestat_dir_name>(3U, Guest::buffer, 9U)), Errno::Badf);
  EXPECT_EQ((guest.call<&api::fd_prestat_get>(fd, Guest::result)), Errno::Success);
  EXPECT_EQ(guest.get<std::uint8_t>(), 0U);
  EXPECT_EQ((guest.call<&api::fd_prestat_get>(opened, Guest::result)), Errno::Badf);
  EXPECT_EQ((guest.call<&api::fd_prestat_get>(2U, Guest::result)), Errno::Badf);
}

TEST(FdPrestat, WithoutDirectoriesTheFirstScanEnds) {
  Guest guest;
  for (int i = 0; i < 5; ++i) guest.insert(null_file());
  EXPECT_EQ((guest.call<&api::fd_prestat_get>(3U, Guest::result)), Errno::Badf);
}

}  // namespace
}  // namespace merlon::wasi
