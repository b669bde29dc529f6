#include "merlon/wasi/served.h"

#include <array>
#include <set>

#include "merlon/wasi/testing/guest.h"

namespace merlon::wasi {
namespace {

using testing::Guest;

/// A text; or, if it takes what it is told, that in capitals.
class Text final : public ServedFile {
 public:
  explicit Text(std::string text, bool takes) : text_(std::move(text)), takes_(takes) {}

  Result<core::ByteView> content() override { return core::as_bytes(text_); }
  Result<void> take(core::ByteView bytes) override {
    if (!takes_) return ServedFile::take(bytes);
    text_.clear();
    for (const std::uint8_t byte : bytes) text_ += static_cast<char>(std::toupper(byte));
    return {};
  }

 private:
  std::string text_;
  bool takes_;
};

class Texts final : public ServedDirectory {
 public:
  explicit Texts(std::uint64_t inode = 1) noexcept : inode_(inode) {}
  std::span<const ServedName> names() override {
    static constexpr std::array<ServedName, 4> all{
        {{"facts", false}, {"ask", true}, {"broken", false}, {"below", false, true}}};
    return all;
  }
  Result<std::shared_ptr<ServedDirectory>> enter(std::size_t index) override {
    if (index != 3) return ServedDirectory::enter(index);
    return std::shared_ptr<ServedDirectory>(std::make_shared<Texts>(inode_ + 100));
  }
  std::uint64_t inode() const noexcept override { return inode_; }
  Result<std::unique_ptr<ServedFile>> open(std::size_t index) override {
    if (index == 2) return fail(Errno::Io);
    return std::unique_ptr<ServedFile>(
        std::make_unique<Text>(index == 0 ? "what is so" : "", index == 1));
  }

 private:
  std::uint64_t inode_;
};

class Served : public ::testing::Test {
 protected:
  static constexpr Rights reads =
      rights::fd_read | rights::fd_seek | rights::fd_tell | rights::fd_filestat_get;

  FdNumber open(std::string_view path, Rights base = reads | rights::poll_fd_readwrite) {
    EXPECT_EQ(guest_.try_open(dir_, path, {.base = base}), Errno::Success) << path;
    return guest_.get<FdNumber>();
  }
  Errno refused(std::string_view path, const Guest::Open& how = {.base = reads}) {
    return guest_.try_open(dir_, path, how);
  }
  std::uint64_t seek(FdNumber fd, std::int64_t offset, std::uint32_t whence) {
    EXPECT_EQ((guest_.call<&api::fd_seek>(fd, offset, whence, Guest::result)), Errno::Success);
    return guest_.get<std::uint64_t>();
  }

  Guest guest_;
  FdNumber dir_ = guest_.insert(served_directory(std::make_shared<Texts>(), "/own"));
};

// Each has a content of its own: with 65536 of them a guest took what it liked beside its memory.
TEST_F(Served, AThousandAreOpenAtMost) {
  constexpr int most = 1024;
  std::vector<FdNumber> all;
  for (int i = 0; i < most; ++i) all.push_back(open("facts"));
  EXPECT_EQ(refused("facts"), Errno::Mfile);
  EXPECT_EQ((guest_.call<&api::fd_close>(all[7])), Errno::Success);
  EXPECT_EQ(open("ask"), all[7]);
  EXPECT_EQ(refused("ask"), Errno::Mfile);
}

TEST_F(Served, IsFoundAsAnyPreopenedDirectory) {
  EXPECT_EQ((guest_.call<&api::fd_prestat_get>(dir_, Guest::result)), Errno::Success);
  EXPECT_EQ(guest_.get<std::uint32_t>(Guest::result + 4), 4U);
  EXPECT_EQ((guest_.call<&api::fd_fdstat_get>(dir_, Guest::result)), Errno::Success);
  EXPECT_EQ(guest_.get<std::uint8_t>(), static_cast<std::uint8_t>(Filetype::Directory));
  EXPECT_EQ((guest_.call<&api::fd_filestat_get>(dir_, Guest::result)), Errno::Success);
  EXPECT_EQ(guest_.read(dir_), "(isdir)");
}

TEST_F(Served, FilesAreReadFromTheirStartAndFromAnywhere) {
  for (const char* path : {"facts", "./facts", ".//facts"}) {
    const FdNumber fd = open(path);
    EXPECT_EQ(guest_.read(fd, 4), "what");
    EXPECT_EQ(guest_.read(fd), " is so");
    EXPECT_EQ(guest_.read(fd), "");
    EXPECT_EQ(seek(fd, -2, 2), 8U);
    EXPECT_EQ(guest_.read(fd), "so");
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(seek(fd, most, 0), static_cast<std::uint64_t>(most));
    EXPECT_EQ(seek(fd, 100, 0), 100U);
    EXPECT_EQ(guest_.read(fd), "");
    EXPECT_EQ(seek(fd, -98, 1), 2U);
    EXPECT_EQ((guest_.call<&api::fd_tell>(fd, Guest::result)), Errno::Success);
    EXPECT_EQ(guest_.get<std::uint64_t>(), 2U);
    EXPECT_EQ((guest_.call<&api::fd_seek>(fd, std::int64_t{-3}, 1U, Guest::result)), Errno::Inval);
    EXPECT_EQ((guest_.call<&api::fd_seek>(fd, std::numeric_limits<std::int64_t>::max(), 1U,
                                          Guest::result)),
              Errno::Inval);
    const GuestSize buffers = guest_.iovecs({{Guest::buffer, 2}, {Guest::buffer + 2, 100}});
    EXPECT_EQ(
        (guest_.call<&api::fd_pread>(fd, Guest::list, buffers, std::uint64_t{5}, Guest::result)),
        Errno::Success);
    EXPECT_EQ(guest_.string_at(Guest::buffer, guest_.get<GuestSize>()), "is so");
    EXPECT_EQ(
        (guest_.call<&api::fd_pread>(fd, Guest::list, buffers, ~std::uint64_t{0}, Guest::result)),
        Errno::Success);
    EXPECT_EQ(guest_.get<GuestSize>(), 0U);
    EXPECT_EQ(guest_.call<&api::fd_close>(fd), Errno::Success);
  }
}

TEST_F(Served, AFileThatIsAskedAnswersFromItsStart) {
  const FdNumber fd = open("ask", reads | rights::fd_write);
  EXPECT_EQ(guest_.read(fd), "");
  EXPECT_EQ(guest_.write(fd, "first"), Errno::Success);
  EXPECT_EQ(guest_.read(fd), "FIRST");
  EXPECT_EQ(guest_.write(fd, "second"), Errno::Success);
  EXPECT_EQ(guest_.read(fd), "SECOND");
  EXPECT_EQ(guest_.read(open("ask")), "") << "each descriptor asks for itself";
  EXPECT_EQ(guest_.write(fd, std::string(4096, 'x')), Errno::Success);
  EXPECT_EQ(guest_.write(fd, std::string(4097, 'x')), Errno::Fbig);
  const GuestSize buffers = guest_.iovecs({{Guest::text, 3}});
  EXPECT_EQ(
      (guest_.call<&api::fd_pwrite>(fd, Guest::list, buffers, std::uint64_t{0}, Guest::result)),
      Errno::Spipe);
}

TEST_F(Served, WhatIsOnlyReadIsNotWritten) {
  EXPECT_EQ(refused("facts", {.base = reads | rights::fd_write}), Errno::Rofs);
  EXPECT_EQ(refused("facts", {.oflags = oflags::trunc, .base = reads}), Errno::Rofs);
  const FdNumber fd = open("facts", rights::all.without(rights::fd_write));
  EXPECT_EQ(guest_.write(fd, "x"), Errno::Notcapable);
  EXPECT_EQ((guest_.call<&api::fd_filestat_set_size>(fd, std::uint64_t{0})), Errno::Notcapable);
  EXPECT_EQ((guest_.call<&api::fd_sync>(fd)), Errno::Notcapable);
  EXPECT_EQ((guest_.call<&api::fd_filestat_set_times>(fd, Timestamp{1}, Timestamp{1}, 1U)),
            Errno::Rofs);
}

TEST_F(Served, NothingIsMadeChangedOrRemoved) {
  EXPECT_EQ(refused("new", {.oflags = oflags::creat, .base = reads}), Errno::Rofs);
  EXPECT_EQ(refused("facts", {.oflags = oflags::creat | oflags::excl, .base = reads}),
            Errno::Exist);
  const GuestSize size = guest_.put("facts");
  EXPECT_EQ((guest_.call<&api::path_unlink_file>(dir_, Guest::text, size)), Errno::Rofs);
  EXPECT_EQ((guest_.call<&api::path_create_directory>(dir_, Guest::text, size)), Errno::Rofs);
  EXPECT_EQ((guest_.call<&api::path_rename>(dir_, Guest::text, size, dir_, Guest::text, size)),
            Errno::Rofs);
  EXPECT_EQ((guest_.call<&api::path_readlink>(dir_, Guest::text, size, Guest::buffer, 10U,
                                              Guest::result)),
            Errno::Inval);
}

TEST_F(Served, PathsThatNameNothingAreToldApart) {
  EXPECT_EQ(refused("other"), Errno::Noent);
  EXPECT_EQ(refused("facts/"), Errno::Notdir);
  EXPECT_EQ(refused("facts/x"), Errno::Notdir);
  EXPECT_EQ(refused("facts", {.oflags = oflags::directory, .base = reads}), Errno::Notdir);
  EXPECT_EQ(refused(".."), Errno::Notcapable);
  EXPECT_EQ(refused("./../facts"), Errno::Notcapable);
  EXPECT_EQ(refused("/facts"), Errno::Notcapable);
  EXPECT_EQ(refused("broken"), Errno::Io);
  EXPECT_EQ(refused(".", {.base = rights::fd_write}), Errno::Isdir);
}

TEST_F(Served, TheDirectoryItselfCanBeOpenedAndListed) {
  const FdNumber fd = open(".", rights::fd_readdir | rights::path_open);
  const auto listed = [&](GuestSize room, DirCookie cookie) {
    EXPECT_EQ((guest_.call<&api::fd_readdir>(fd, Guest::buffer, room, cookie, Guest::result)),
              Errno::Success);
    return guest_.string_at(Guest::buffer, guest_.get<GuestSize>());
  };
  const std::string all = listed(4096, 0);
  for (const char* name : {"facts", "ask", "broken"}) {
    EXPECT_NE(all.find(name), std::string::npos) << name;
  }
  EXPECT_EQ(all.size(), 6 * 24U + 1 + 2 + 5 + 3 + 6 + 5);
  EXPECT_EQ(listed(4096, 4).size(), 2 * 24U + 6 + 5);
  EXPECT_EQ(listed(10, 0).size(), 10U);
  EXPECT_EQ(listed(4096, 6), "");
  EXPECT_EQ(listed(4096, ~DirCookie{0}), "");
}

TEST_F(Served, DirectoriesBelowAreWalkedAndNotLeft) {
  EXPECT_EQ(guest_.read(open("below/below/facts")), "what is so");
  EXPECT_EQ(guest_.read(open("below/./../below/facts")), "what is so");
  EXPECT_EQ(refused("below/../.."), Errno::Notcapable);
  EXPECT_EQ(refused("below/other"), Errno::Noent);
  EXPECT_EQ(refused("below/facts/../facts"), Errno::Notdir);
  EXPECT_EQ(refused("below", {.base = rights::fd_write}), Errno::Isdir);
  const FdNumber below = open("below/", rights::fd_readdir | rights::path_open);
  EXPECT_EQ(guest_.try_open(below, "facts", {.base = reads}), Errno::Success);
  EXPECT_EQ(guest_.try_open(below, "..", {.base = reads}), Errno::Notcapable);
  EXPECT_EQ(guest_.try_open(below, "../facts", {.base = reads}), Errno::Notcapable);
}

TEST_F(Served, EachHasANumberOfItsOwn) {
  std::set<std::uint64_t> seen;
  for (const char* path : {".", "facts", "ask", "below", "below/facts", "below/below"}) {
    const GuestSize size = guest_.put(path);
    EXPECT_EQ((guest_.call<&api::path_filestat_get>(dir_, 0U, Guest::text, size, Guest::result)),
              Errno::Success);
    EXPECT_TRUE(seen.insert(guest_.get<std::uint64_t>(Guest::result + 8)).second) << path;
  }
  EXPECT_EQ(seen.count(101), 1U);
}

TEST_F(Served, SizesAreToldBelowAndByDescriptor) {
  const GuestSize size = guest_.put("facts");
  EXPECT_EQ((guest_.call<&api::path_filestat_get>(dir_, 0U, Guest::text, size, Guest::result)),
            Errno::Success);
  constexpr GuestAddress file_size = Guest::result + 32;
  EXPECT_EQ(guest_.get<std::uint64_t>(file_size), 10U);
  EXPECT_EQ(guest_.get<std::uint64_t>(Guest::result + 24), 1U) << "links";
  EXPECT_EQ((guest_.call<&api::fd_filestat_get>(dir_, Guest::result)), Errno::Success);
  EXPECT_EQ(guest_.get<std::uint64_t>(Guest::result + 24), 1U) << "links";
  const FdNumber fd = open("facts");
  EXPECT_EQ((guest_.call<&api::fd_filestat_get>(fd, Guest::result)), Errno::Success);
  EXPECT_EQ(guest_.get<std::uint64_t>(file_size), 10U);
  const GuestSize other = guest_.put("other");
  EXPECT_EQ((guest_.call<&api::path_filestat_get>(dir_, 0U, Guest::text, other, Guest::result)),
            Errno::Noent);
}

}  // namespace
}  // namespace merlon::wasi
