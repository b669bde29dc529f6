// What a keep that broke out of its engine may ask of its host: everything. What it gets: its own.

#include "merlon/host/calls.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "merlon/os/channel.h"

namespace merlon::host {
namespace {

using sallyport::Call;
using sallyport::Outcome;

/// Refuses everything, until it is told to grant it.
class NoMachine final : public Machine {
 public:
  std::optional<sallyport::MemoryRange> grow(std::uint64_t bytes) override {
    if (!grants) return std::nullopt;
    return sallyport::MemoryRange{0x1'0000'0000, bytes};
  }
  bool release(sallyport::MemoryRange range) override {
    released = range;
    return grants;
  }
  bool set_timer(std::uint64_t first, std::uint64_t interval) override {
    timer = {first, interval};
    return grants;
  }

  bool grants = false;
  sallyport::MemoryRange released{};
  std::pair<std::uint64_t, std::uint64_t> timer;
};

/// A folder with `inside/` for the keep, and beside it `secret` and `elsewhere/`. What a keep is
/// tried with outside is never this machine's: where the code fails, it is lost.
class CallsTest : public ::testing::Test {
 protected:
  CallsTest() {
    std::array<char, 32> name{"/tmp/merlon-calls-XXXXXX"};
    folder_ = ::mkdtemp(name.data());
    inside_ = folder_ + "/inside";
    EXPECT_EQ(::mkdir(inside_.c_str(), 0700), 0);
    make_file(folder_ + "/secret", "secret");
    make_file(inside_ + "/own", "own text");
    EXPECT_EQ(::symlink("../secret", (inside_ + "/out").c_str()), 0);
    elsewhere_ = folder_ + "/elsewhere";
    EXPECT_EQ(::mkdir(elsewhere_.c_str(), 0700), 0);
    make_file(elsewhere_ + "/users", "all users");
    EXPECT_EQ(::symlink(elsewhere_.c_str(), (inside_ + "/linked").c_str()), 0);
    directory_ = give(::open(inside_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  ~CallsTest() override {
    const std::string command = "rm -rf '" + folder_ + "'";
    EXPECT_EQ(std::system(command.c_str()), 0);
  }

  static void make_file(const std::string& path, std::string_view text) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    EXPECT_EQ(::write(fd, text.data(), text.size()), static_cast<::ssize_t>(text.size()));
    ::close(fd);
  }
  std::uint64_t give(int fd) {
    const auto number = calls_.descriptors().insert(os::Fd::adopt(fd));
    return number.value_or(~0U);
  }
  Outcome ask(Call call, sallyport::Arguments arguments, std::string_view sent = {},
              std::size_t room = 0) {
    // As in a block: both begin at the same place.
    const std::size_t size = std::max(sent.size(), room) / sallyport::word_size + 1;
    std::vector<std::uint64_t> words(size);
    const sallyport::SharedMemory memory(
        {reinterpret_cast<std::uint8_t*>(words.data()), size * sallyport::word_size});
    memory.copy_out(core::as_bytes(sent), 0);
    const auto& info = sallyport::info_of(call);
    const Outcome outcome = calls_.carry_out(
        {call, info.reply, 1, arguments, {memory, 0, sent.size()}, {memory, 0, room}});
    room_.assign(room, 0);
    memory.copy_in(room_, 0);
    return outcome;
  }
  Outcome open(std::string_view path, std::uint64_t flags = O_RDONLY) {
    return ask(Call::Open, {directory_, flags, 0600}, path);
  }

  NoMachine machine_;
  Calls calls_{machine_};
  std::string folder_;
  std::string inside_;
  std::string elsewhere_;
  std::uint64_t directory_ = 0;
  std::vector<std::uint8_t> room_;
};

TEST_F(CallsTest, OpensAndReadsWhatIsBeneathItsDirectory) {
  const Outcome opened = open("own");
  ASSERT_GE(opened.result, 0);
  const Outcome read = ask(Call::Read, {static_cast<std::uint64_t>(opened.result)}, {}, 100);
  EXPECT_EQ(read.result, 8);
  EXPECT_EQ(read.returned, 8U);
  EXPECT_EQ(core::as_text(core::ByteView(room_).first(8)), "own text");
}

TEST_F(CallsTest, NeverOpensWhatLiesOutside) {
  const std::string absolute = elsewhere_ + "/users";
  for (const std::string_view path :
       {"../secret", "out", absolute.c_str(), "linked/users", "own/../../secret", "..",
        "./../secret", "inside/../../secret"}) {
    EXPECT_LT(open(path).result, 0) << path;
  }
}

TEST_F(CallsTest, NeverNamesAnythingOutside) {
  const std::string absolute = elsewhere_ + "/users";
  for (const char* name : {"../secret", absolute.c_str(), "..", "../", "linked/users", "a/b"}) {
    EXPECT_LT(ask(Call::StatusAt, {directory_}, name, sizeof(sallyport::Status)).result, 0) << name;
    EXPECT_LT(ask(Call::Remove, {directory_, 0}, name).result, 0) << name;
    EXPECT_LT(ask(Call::MakeDirectory, {directory_, 0700}, name).result, 0) << name;
    EXPECT_LT(ask(Call::ReadLink, {directory_}, name, 100).result, 0) << name;
    const std::string own = "own";
    const std::string nul(1, '\0');
    EXPECT_LT(ask(Call::Rename, {directory_, directory_}, own + nul + name).result, 0) << name;
    EXPECT_LT(ask(Call::Rename, {directory_, directory_}, name + nul + "stolen").result, 0) << name;
    EXPECT_LT(ask(Call::Link, {directory_, directory_}, name + nul + "stolen").result, 0) << name;
    EXPECT_LT(ask(Call::Symlink, {directory_}, own + nul + name).result, 0) << name;
  }
  EXPECT_EQ(::access((folder_ + "/secret").c_str(), F_OK), 0);
  struct ::stat users{};
  ASSERT_EQ(::stat(absolute.c_str(), &users), 0);
  EXPECT_TRUE(S_ISREG(users.st_mode));
  EXPECT_NE(::access((inside_ + "/stolen").c_str(), F_OK), 0);
}

TEST_F(CallsTest, NeverFollowsALinkByItsName) {
  ASSERT_EQ(ask(Call::StatusAt, {directory_}, "out", sizeof(sallyport::Status)).result, 0);
  sallyport::Status status{};
  std::memcpy(&status, room_.data(), sizeof(status));
  EXPECT_EQ(status.mode & S_IFMT, static_cast<std::uint32_t>(S_IFLNK));
}

/// A slash behind a link's name makes the kernel follow it, even where it is told not to.
TEST_F(CallsTest, NeverFollowsALinkByASlash) {
  const sallyport::Times times{{1, 0}, {1, 0}};
  const std::string_view bytes(reinterpret_cast<const char*>(&times), sizeof(times));
  ASSERT_EQ(::mkdir((folder_ + "/beside").c_str(), 0700), 0);
  ASSERT_EQ(::symlink("../beside", (inside_ + "/link").c_str()), 0);
  EXPECT_LT(ask(Call::StatusAt, {directory_}, "link/", sizeof(sallyport::Status)).result, 0);
  EXPECT_LT(ask(Call::SetTimesAt, {directory_}, std::string(bytes) + "link/").result, 0);
  EXPECT_LT(ask(Call::ReadLink, {directory_}, "link/", 100).result, 0);
  EXPECT_LT(ask(Call::Remove, {directory_, AT_REMOVEDIR}, "link/").result, 0);
  EXPECT_LT(ask(Call::MakeDirectory, {directory_, 0700}, "link/").result, 0);
  EXPECT_EQ(ask(Call::Link, {directory_, directory_}, std::string_view("link/\0new", 9)).result,
            -ENOTDIR)
      << "before the kernel looks where it leads";
  struct ::stat found{};
  ASSERT_EQ(::stat((folder_ + "/beside").c_str(), &found), 0);
  EXPECT_NE(found.st_mtim.tv_sec, 1);
}

TEST_F(CallsTest, RefusesDescriptorsItDidNotGive) {
  for (const std::uint64_t fd : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{1023},
                                 std::uint64_t{1024}, ~std::uint64_t{0}}) {
    EXPECT_EQ(ask(Call::Read, {fd}, {}, 8).result, -EBADF) << fd;
    EXPECT_EQ(ask(Call::Write, {fd}, "x").result, -EBADF) << fd;
    EXPECT_EQ(ask(Call::Close, {fd}).result, -EBADF) << fd;
    EXPECT_EQ(ask(Call::Duplicate, {fd}).result, -EBADF) << fd;
    EXPECT_EQ(ask(Call::Open, {fd, O_RDONLY}, "own").result, -EBADF) << fd;
    EXPECT_EQ(ask(Call::Rename, {directory_, fd}, std::string_view("own\0new", 7)).result, -EBADF)
        << fd;
  }
}

TEST_F(CallsTest, TellsWithAStatusWhatElseWillBeAsked) {
  const Outcome opened = open("own");
  ASSERT_GE(opened.result, 0);
  const auto fd = static_cast<std::uint64_t>(opened.result);
  ASSERT_EQ(ask(Call::Status, {fd}, {}, sizeof(sallyport::Status)).result, 0);
  sallyport::Status status{};
  std::memcpy(&status, room_.data(), sizeof(status));
  const Outcome flags = ask(Call::GetFlags, {fd});
  ASSERT_GE(flags.result, 0);
  EXPECT_EQ(status.open_file, sallyport::open_file_told | static_cast<std::uint32_t>(flags.result));
  ASSERT_EQ(ask(Call::StatusAt, {directory_}, "own", sizeof(sallyport::Status)).result, 0);
  std::memcpy(&status, room_.data(), sizeof(status));
  EXPECT_EQ(status.open_file, 0U);  // nothing is open there
}

TEST_F(CallsTest, GivesNumbersOfTheKeepsOwn) {
  const Outcome first = open("own");
  EXPECT_EQ(first.result, 1);
  EXPECT_EQ(ask(Call::Close, {1}).result, 0);
  EXPECT_EQ(ask(Call::Close, {1}).result, -EBADF);
  EXPECT_EQ(open("own").result, 1);
}

TEST_F(CallsTest, RefusesPathsThatAreNone) {
  EXPECT_LT(open("").result, 0);
  EXPECT_LT(open(std::string_view("ow\0n", 4)).result, 0);
  EXPECT_LT(open(std::string(5000, 'x')).result, 0);
  EXPECT_LT(ask(Call::Rename, {directory_, directory_}, "no separator").result, 0);
}

/// Of two names no more is looked at than the longest two can have.
TEST_F(CallsTest, NamesEndWithinWhatTwoOfThemCanHave) {
  const std::string nul(1, '\0');
  const std::string longest(sallyport::max_path, 'x');
  const auto rename = [&](const std::string& names) {
    return ask(Call::Rename, {directory_, directory_}, names).result;
  };
  EXPECT_EQ(rename(longest + nul + "new"), -ENAMETOOLONG) << "the kernel's word";
  EXPECT_EQ(rename(longest + "x" + nul + "new"), -ENOENT);
  EXPECT_EQ(rename(longest + longest + "xx" + nul + "new"), -EINVAL);
}

TEST_F(CallsTest, OnlyWhatIsOpenIsClosed) {
  DescriptorTable table;
  const auto number = table.insert(os::Fd::adopt(::dup(0)));
  ASSERT_TRUE(number.has_value());
  EXPECT_TRUE(table.close(*number));
  EXPECT_FALSE(table.close(*number));
  EXPECT_FALSE(table.close(sallyport::max_descriptors));
}

TEST_F(CallsTest, PassesOnOnlyFlagsThatAKeepMayUse) {
  const auto made = open("new", O_CREAT | O_RDWR | O_CLOEXEC | 0x20000000);
  ASSERT_GE(made.result, 0);
  struct ::stat found{};
  ASSERT_EQ(::stat((inside_ + "/new").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07000, 0U) << "no set-user-id from inside";
  const auto number = static_cast<std::uint64_t>(made.result);
  EXPECT_EQ(ask(Call::SetFlags, {number, O_ASYNC | O_APPEND}).result, 0);
  EXPECT_EQ(ask(Call::GetFlags, {number}).result & (O_ASYNC | O_APPEND), O_APPEND);
}

TEST_F(CallsTest, ChangesTheFlagsOfWhatHasNone) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const std::uint64_t reads = give(ends[0]);
  static_cast<void>(give(ends[1]));
  EXPECT_EQ(ask(Call::GetFlags, {reads}).result, O_RDONLY);
  EXPECT_EQ(ask(Call::SetFlags, {reads, O_NONBLOCK}).result, 0);
  EXPECT_EQ(ask(Call::GetFlags, {reads}).result, O_NONBLOCK);
  EXPECT_EQ(ask(Call::Read, {reads}, {}, 1).result, -EAGAIN);
}

TEST_F(CallsTest, PollsOnlyWhatTheKeepHolds) {
  const sallyport::PollItem foreign{77, POLLIN, 0};
  const std::string_view sent(reinterpret_cast<const char*>(&foreign), sizeof(foreign));
  EXPECT_EQ(ask(Call::Poll, {1, 0}, sent, sizeof(foreign)).result, -EBADF);
  EXPECT_EQ(ask(Call::Poll, {2, 0}, sent, sizeof(foreign)).result, -EINVAL);
  EXPECT_EQ(ask(Call::Poll, {1, 0}, sent, 4).result, -EINVAL);
}

TEST_F(CallsTest, HandsALetterOverPieceByPiece) {
  const std::string text(1500, 'x');
  Letter letter;
  letter.bytes.assign(text.begin(), text.end());
  letter.files.push_back({os::Fd::adopt(::dup(0)), Grant::ReadOnly});
  calls_.post(std::move(letter));
  const Outcome first = ask(Call::ReceiveDescriptors, {directory_, 1000}, {}, 4000);
  EXPECT_EQ(first.result, 1000);
  EXPECT_EQ(first.returned, 4U + 4U + 1000U);
  std::uint32_t words[2] = {};
  std::memcpy(words, room_.data(), sizeof(words));
  EXPECT_EQ(words[0], 1U);
  EXPECT_TRUE(calls_.descriptors().find(words[1]).has_value());
  EXPECT_EQ(calls_.descriptors().grant_of(words[1]), Grant::ReadOnly);
  const Outcome second = ask(Call::ReceiveDescriptors, {directory_, 1000}, {}, 4000);
  EXPECT_EQ(second.result, 500);
  EXPECT_EQ(second.returned, 4U + 500U);
  const Outcome end = ask(Call::ReceiveDescriptors, {directory_, 1000}, {}, 4000);
  EXPECT_EQ(end.result, -ENOTSOCK) << "from here on the descriptor counts";
}

TEST_F(CallsTest, HandsOverWhatComesOnASocket) {
  os::Channel channel = os::open_channel().value();
  const auto socket = calls_.descriptors().insert(std::move(channel.here));
  ASSERT_TRUE(socket.has_value());
  const std::array passed{os::BorrowedFd(0)};
  const std::array<std::uint8_t, 1> word{9};
  ASSERT_TRUE(os::send_with_descriptors(channel.there, word, passed));
  const Outcome got = ask(Call::ReceiveDescriptors, {*socket, 1000}, {}, 4000);
  EXPECT_EQ(got.result, 1);
  EXPECT_EQ(got.returned, 4U + 4U + 1U);
  std::uint32_t words[2] = {};
  std::memcpy(words, room_.data(), sizeof(words));
  EXPECT_EQ(words[0], 1U);
  EXPECT_TRUE(calls_.descriptors().find(words[1]).has_value());
  EXPECT_EQ(calls_.descriptors().grant_of(words[1]), Grant::ReadWrite);
  channel.there.close();
  EXPECT_EQ(ask(Call::ReceiveDescriptors, {*socket, 1000}, {}, 4000).result, 0) << "the end";
}

/// The keep refuses these by itself; here it broke out.
TEST_F(CallsTest, ChangesNothingBeneathADirectoryThatIsReadOnly) {
  const int fd = ::open(inside_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const auto inserted = calls_.descriptors().insert(os::Fd::adopt(fd), Grant::ReadOnly);
  ASSERT_TRUE(inserted.has_value());
  const std::uint64_t reads = *inserted;
  const std::string two_names("own\0other", 9);
  const std::string times(sizeof(sallyport::Times), '\0');
  const auto refused = [&](Call call, sallyport::Arguments arguments, std::string_view sent = {}) {
    EXPECT_EQ(ask(call, arguments, sent).result, -EROFS) << sallyport::info_of(call).name;
  };
  for (const int flags : {O_WRONLY, O_RDWR, O_RDONLY | O_CREAT, O_RDONLY | O_TRUNC}) {
    refused(Call::Open, {reads, static_cast<std::uint64_t>(flags), 0600}, "own");
  }
  refused(Call::SetTimesAt, {reads}, times + "own");
  refused(Call::MakeDirectory, {reads, 0700}, "new");
  refused(Call::Remove, {reads}, "own");
  refused(Call::Symlink, {reads}, two_names);
  // Neither from it nor into it: a second name elsewhere would be a way to write.
  for (const auto& [from, to] : {std::pair{reads, directory_}, {directory_, reads}}) {
    refused(Call::Rename, {from, to}, two_names);
    refused(Call::Link, {from, to}, two_names);
  }
  // What is reached by it is read-only as well.
  const Outcome file = ask(Call::Open, {reads, O_RDONLY}, "own");
  const Outcome folder = ask(Call::Open, {reads, O_RDONLY | O_DIRECTORY}, ".");
  ASSERT_GE(file.result, 0);
  ASSERT_GE(folder.result, 0);
  const auto own = static_cast<std::uint64_t>(file.result);
  const Outcome copy = ask(Call::Duplicate, {own});
  ASSERT_GE(copy.result, 0);
  for (const std::uint64_t number : {own, static_cast<std::uint64_t>(copy.result)}) {
    refused(Call::SetTimes, {number}, times);
    refused(Call::Write, {number}, "x");
    refused(Call::WriteAt, {number}, "x");
    refused(Call::Truncate, {number});
    refused(Call::Allocate, {number});
  }
  refused(Call::Remove, {static_cast<std::uint64_t>(folder.result)}, "own");
  EXPECT_EQ(ask(Call::Read, {own}, {}, 100).result, 8);
}

TEST_F(CallsTest, ANumberThatIsUsedAgainHasItsOwnGrant) {
  const auto first = calls_.descriptors().insert(os::Fd::adopt(::dup(0)), Grant::ReadOnly);
  ASSERT_TRUE(first.has_value());
  ASSERT_TRUE(calls_.descriptors().close(*first));
  const auto again = calls_.descriptors().insert(os::Fd::adopt(::dup(0)));
  ASSERT_EQ(again, first);
  EXPECT_EQ(calls_.descriptors().grant_of(*again), Grant::ReadWrite);
}

TEST_F(CallsTest, MovesReadsAndWritesAtAPlace) {
  const auto fd = static_cast<std::uint64_t>(open("own", O_RDWR).result);
  EXPECT_EQ(ask(Call::Seek, {fd, 4, SEEK_SET}).result, 4);
  EXPECT_EQ(ask(Call::Read, {fd}, {}, 2).result, 2);
  EXPECT_EQ(core::as_text(room_), "te");
  EXPECT_EQ(ask(Call::ReadAt, {fd, 1}, {}, 3).result, 3);
  EXPECT_EQ(core::as_text(room_), "wn ");
  EXPECT_EQ(ask(Call::WriteAt, {fd, 4}, "TE").result, 2);
  EXPECT_EQ(ask(Call::Seek, {fd, 0, SEEK_CUR}).result, 6);
  EXPECT_EQ(ask(Call::Write, {fd}, "XT").result, 2);
  EXPECT_EQ(ask(Call::ReadAt, {fd, 0}, {}, 100).result, 8);
  EXPECT_EQ(core::as_text(core::ByteView(room_).first(8)), "own TEXT");
  EXPECT_EQ(ask(Call::Truncate, {fd, 3}).result, 0);
  EXPECT_EQ(ask(Call::Seek, {fd, 0, SEEK_END}).result, 3);
  EXPECT_EQ(ask(Call::Allocate, {fd, 0, 0, 10}).result, 0);
  EXPECT_EQ(ask(Call::Seek, {fd, 0, SEEK_END}).result, 10);
  EXPECT_EQ(ask(Call::Synchronize, {fd, 0}).result, 0);
  EXPECT_EQ(ask(Call::Synchronize, {fd, 1}).result, 0);
  EXPECT_EQ(ask(Call::Advise, {fd, 0, 0, POSIX_FADV_WILLNEED}).result, 0);
  EXPECT_EQ(ask(Call::Advise, {fd, 0, 0, 77}).result, -EINVAL);
  EXPECT_EQ(ask(Call::IsTerminal, {fd}).result, -ENOTTY);
}

TEST_F(CallsTest, SetsTimesOfFilesAndEntries) {
  const auto text_of = [](const sallyport::Times& times) {
    return std::string(reinterpret_cast<const char*>(&times), sizeof(times));
  };
  const auto modified = [&] {
    struct ::stat found{};
    EXPECT_EQ(::stat((inside_ + "/own").c_str(), &found), 0);
    return std::pair{found.st_atim.tv_sec, found.st_mtim.tv_nsec};
  };
  const auto fd = static_cast<std::uint64_t>(open("own", O_RDWR).result);
  EXPECT_EQ(ask(Call::SetTimes, {fd}, text_of({{5, 6}, {7, 8}})).result, 0);
  EXPECT_EQ(modified(), (std::pair{::time_t{5}, 8L}));
  EXPECT_EQ(ask(Call::SetTimesAt, {directory_}, text_of({{9, 1}, {2, 3}}) + "own").result, 0);
  EXPECT_EQ(modified(), (std::pair{::time_t{9}, 3L}));
  const std::string cut = text_of({{1, 1}, {1, 1}}).substr(1);
  EXPECT_EQ(ask(Call::SetTimes, {fd}, cut).result, -EINVAL);
  EXPECT_EQ(ask(Call::SetTimesAt, {directory_}, cut).result, -EINVAL);
  EXPECT_EQ(ask(Call::SetTimesAt, {directory_}, text_of({})).result, -ENOENT);
}

TEST_F(CallsTest, ChangesEntriesOfItsDirectory) {
  const std::string nul(1, '\0');
  EXPECT_EQ(ask(Call::MakeDirectory, {directory_, 0700}, "folder/").result, 0);
  const auto folder = static_cast<std::uint64_t>(open("folder", O_RDONLY | O_DIRECTORY).result);
  EXPECT_EQ(ask(Call::Rename, {directory_, folder}, "own" + nul + "moved").result, 0);
  EXPECT_EQ(::access((inside_ + "/folder/moved").c_str(), F_OK), 0);
  EXPECT_EQ(ask(Call::Link, {folder, directory_}, "moved" + nul + "again").result, 0);
  EXPECT_EQ(ask(Call::Link, {folder, directory_}, "moved/" + nul + "slash").result, -ENOTDIR);
  EXPECT_EQ(ask(Call::Symlink, {directory_}, "../anything" + nul + "named").result, 0);
  EXPECT_EQ(ask(Call::ReadLink, {directory_}, "named", 100).result, 11);
  EXPECT_EQ(core::as_text(core::ByteView(room_).first(11)), "../anything");
  EXPECT_EQ(ask(Call::Remove, {directory_, 0}, "again").result, 0);
  EXPECT_EQ(ask(Call::Remove, {folder, 0}, "moved").result, 0);
  EXPECT_EQ(ask(Call::Remove, {directory_, 0}, "folder").result, -EISDIR);
  EXPECT_EQ(ask(Call::Remove, {directory_, AT_REMOVEDIR}, "folder").result, 0);
  EXPECT_GT(ask(Call::ReadDirectory, {directory_}, {}, 4096).result, 0);
  // What is no list of two names, or ends nowhere.
  EXPECT_EQ(ask(Call::Rename, {directory_, directory_}, "one").result, -EINVAL);
  EXPECT_EQ(ask(Call::Rename, {directory_, directory_}, nul + "two").result, -ENOENT);
  EXPECT_EQ(ask(Call::Link, {directory_, directory_}, "one" + nul).result, -ENOENT);
  EXPECT_EQ(ask(Call::Link, {directory_, 77}, "named" + nul + "two").result, -EBADF);
}

TEST_F(CallsTest, CreatesWithTheModeThatIsAskedForAndNoMore) {
  ASSERT_GE(open("new", O_CREAT | O_EXCL | O_WRONLY).result, 0);
  struct ::stat found{};
  ASSERT_EQ(::stat((inside_ + "/new").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
  EXPECT_EQ(open("new", O_CREAT | O_EXCL | O_WRONLY).result, -EEXIST);
  EXPECT_EQ(open("own", O_RDONLY | O_DIRECTORY).result, -ENOTDIR);
  EXPECT_EQ(open("out", O_RDONLY | O_NOFOLLOW).result, -ELOOP);
}

TEST_F(CallsTest, TalksThroughSocketsThatItHolds) {
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  const std::uint64_t here = give(pair[0]);
  const std::uint64_t there = give(pair[1]);
  EXPECT_EQ(ask(Call::Receive, {here}, {}, 8).result, -EAGAIN);  // it never waits
  EXPECT_EQ(ask(Call::Send, {there}, "words").result, 5);
  EXPECT_EQ(ask(Call::Readable, {here}).result, 5);
  EXPECT_EQ(ask(Call::Receive, {here, MSG_PEEK}, {}, 8).result, 5);
  EXPECT_EQ(ask(Call::Receive, {here}, {}, 3).result, 3);
  EXPECT_EQ(core::as_text(room_), "wor");
  const auto option = [&](sallyport::SocketOption which) {
    return ask(Call::SocketOption, {here, static_cast<std::uint64_t>(which)}).result;
  };
  EXPECT_EQ(option(sallyport::SocketOption::Listening), 0);
  EXPECT_EQ(option(sallyport::SocketOption::Type), SOCK_STREAM);
  EXPECT_EQ(ask(Call::ShutDown, {there, SHUT_WR}).result, 0);
  EXPECT_EQ(ask(Call::Receive, {here}, {}, 8).result, 2);
  EXPECT_EQ(ask(Call::Receive, {here}, {}, 8).result, 0);
  EXPECT_EQ(ask(Call::Accept, {here}).result, -EINVAL);
}

TEST_F(CallsTest, WaitsForWhatItHolds) {
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  const std::uint64_t here = give(pair[0]);
  static_cast<void>(give(pair[1]));
  std::array<sallyport::PollItem, 2> items{
      sallyport::PollItem{static_cast<std::int32_t>(here), POLLIN | POLLOUT, 0},
      sallyport::PollItem{-1, POLLIN, 0}};
  const std::string_view sent(reinterpret_cast<const char*>(items.data()), sizeof(items));
  const Outcome ready = ask(Call::Poll, {2, sallyport::forever}, sent, sizeof(items));
  EXPECT_EQ(ready.result, 1);
  EXPECT_EQ(ready.returned, sizeof(items));
  std::memcpy(items.data(), room_.data(), sizeof(items));
  EXPECT_EQ(items[0].ready, POLLOUT);
  EXPECT_EQ(items[1].ready, 0);
  EXPECT_EQ(ask(Call::Poll, {0, 1'000'000}).result, 0);
  const Outcome event = ask(Call::Event, {});
  ASSERT_GE(event.result, 0);
  const auto number = static_cast<std::uint64_t>(event.result);
  EXPECT_EQ(ask(Call::Read, {number}, {}, 8).result, -EAGAIN);
}

TEST_F(CallsTest, TellsTheTime) {
  ::timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t before = now.tv_sec * 1'000'000'000 + now.tv_nsec;
  EXPECT_GE(ask(Call::Clock, {CLOCK_MONOTONIC}).result, before);
  EXPECT_LT(ask(Call::Clock, {CLOCK_MONOTONIC}).result, before + 60'000'000'000);
  EXPECT_EQ(ask(Call::Clock, {999}).result, -EINVAL);
  ::clockid_t of_process = 0;
  ASSERT_EQ(::clock_getcpuclockid(::getpid(), &of_process), 0);
  const auto number = static_cast<std::uint64_t>(of_process);
  EXPECT_EQ(ask(Call::Clock, {number}).result, -EINVAL);
  EXPECT_EQ(ask(Call::Clock, {number & 0xffff'ffffU}).result, -EINVAL);
}

TEST_F(CallsTest, AsksItsMachineForWhatOnlyThatCanDo) {
  EXPECT_EQ(ask(Call::GrowMemory, {4096}, {}, sizeof(sallyport::MemoryRange)).result, -ENOMEM);
  EXPECT_EQ(ask(Call::ReleaseMemory, {1, 2}).result, -EINVAL);
  EXPECT_EQ(ask(Call::SetTimer, {3, 4}).result, -EINVAL);
  machine_.grants = true;
  const Outcome grown = ask(Call::GrowMemory, {4096}, {}, sizeof(sallyport::MemoryRange));
  EXPECT_EQ(grown.result, 0);
  EXPECT_EQ(grown.returned, sizeof(sallyport::MemoryRange));
  sallyport::MemoryRange range{};
  std::memcpy(&range, room_.data(), sizeof(range));
  EXPECT_EQ(range.base, 0x1'0000'0000U);
  EXPECT_EQ(range.size, 4096U);
  EXPECT_EQ(ask(Call::GrowMemory, {4096}, {}, 4).result, -EINVAL);
  EXPECT_EQ(ask(Call::ReleaseMemory, {1, 2}).result, 0);
  EXPECT_EQ(machine_.released.size, 2U);
  EXPECT_EQ(ask(Call::SetTimer, {3, 4}).result, 0);
  EXPECT_EQ(machine_.timer, (std::pair{std::uint64_t{3}, std::uint64_t{4}}));
  EXPECT_EQ(ask(Call::Attest, {}).result, -EOPNOTSUPP);
}

TEST_F(CallsTest, ALetterWantsRoomForItsDescriptors) {
  constexpr std::size_t overhead =
      sizeof(sallyport::DeliveryHeader) + 4 * sallyport::max_delivered_descriptors;
  Letter letter;
  letter.bytes = {'a', 'b', 'c'};
  calls_.post(std::move(letter));
  EXPECT_EQ(ask(Call::ReceiveDescriptors, {directory_, 3}, {}, overhead - 1).result, -EINVAL);
  EXPECT_EQ(ask(Call::ReceiveDescriptors, {directory_, 3}, {}, overhead).result, 0);
  EXPECT_EQ(ask(Call::ReceiveDescriptors, {directory_, 3}, {}, overhead + 2).result, 2);
  constexpr std::size_t header = sizeof(sallyport::DeliveryHeader);
  EXPECT_EQ(core::as_text(core::ByteView(room_).subspan(header, 2)), "ab");
  EXPECT_EQ(ask(Call::ReceiveDescriptors, {directory_, 3}, {}, overhead + 2).result, 1);
  EXPECT_EQ(core::as_text(core::ByteView(room_).subspan(header, 1)), "c");
}

TEST_F(CallsTest, EndsWithTheKeepsStatus) {
  EXPECT_FALSE(calls_.ended().has_value());
  static_cast<void>(ask(Call::Exit, {0x1234}));
  EXPECT_EQ(calls_.ended(), 0x34);
}

/// Any request in the list's form: the answer fits, and nothing outside of the keep's folder moves.
TEST_F(CallsTest, SurvivesAnyRequest) {
  std::mt19937_64 random(11);
  constexpr int requests = 100'000;
  const std::string absolute = elsewhere_ + "/users";
  const std::array<std::string_view, 7> texts{"own", "../secret",    "out",   "x",
                                              "",    "linked/users", absolute};
  for (int i = 0; i < requests; ++i) {
    const auto& info = sallyport::call_table[random() % sallyport::call_table.size()];
    // Waiting, output to the terminal and the end are tested above.
    if (info.call == Call::Poll || info.call == Call::Complain || info.call == Call::Exit) continue;
    if (info.call == Call::Allocate || info.call == Call::Truncate) continue;
    if (info.call == Call::SetFlags) continue;  // an event without O_NONBLOCK waits for itself
    sallyport::Arguments arguments{random() % 6};
    for (std::size_t a = 1; a < arguments.size(); ++a) {
      arguments[a] = random() % 4 == 0 ? random() : random() % 16;
    }
    std::string sent(texts[random() % texts.size()]);
    if (random() % 4 == 0) sent += '\0' + std::string(texts[random() % texts.size()]);
    const std::size_t room = random() % 512;
    const Outcome outcome = ask(info.call, arguments, sent, room);
    ASSERT_LE(outcome.returned, room) << info.name;
    ASSERT_GE(outcome.result, -sallyport::max_errno) << info.name;
  }
  std::array<char, 16> content{};
  const int secret = ::open((folder_ + "/secret").c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(::read(secret, content.data(), content.size()), 6);
  ::close(secret);
  EXPECT_STREQ(content.data(), "secret");
  struct ::stat users{};
  ASSERT_EQ(::stat(absolute.c_str(), &users), 0);
  EXPECT_TRUE(S_ISREG(users.st_mode));
}

TEST_F(CallsTest, AKeepsWordsAreFewHarmlessAndSaidToBeItsOwn) {
  ::testing::internal::CaptureStderr();
  const std::string text = "\x1b[2J\u202e\nmerlon: all is well" + std::string(1000, 'x');
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(ask(Call::Complain, {}, text).result, 0);
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 8);
  EXPECT_LT(said.size(), 4096U);
  EXPECT_TRUE(said.ends_with(" (what else it says is left out)\n"));
  EXPECT_EQ(said.find("left out"), said.rfind("left out"));
  EXPECT_EQ(said.find('\x1b'), std::string::npos);
  EXPECT_EQ(said.find("\u202e"), std::string::npos);
  for (std::size_t at = 0; at < said.size(); at = said.find('\n', at) + 1) {
    EXPECT_TRUE(said.substr(at).starts_with("merlon: the keep says: "));
  }
}

}  // namespace
}  // namespace merlon::host
