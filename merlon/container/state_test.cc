#include "merlon/container/state.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "merlon/codec/json.h"
#include "merlon/os/container.h"
#include "merlon/os/fifo.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"

namespace merlon::container {
namespace {

class FolderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "merlon-state-XXXXXX";
    root_ = ::mkdtemp(name.data());
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  std::string root_;
};

State noted(std::int64_t process) {
  State state;
  state.id = "a";
  state.bundle = "/b";
  state.process = process;
  return state;
}

TEST(Id, OneNameAndNoOption) {
  for (const char* good : {"a", "A_b-c.d+1", "0"}) EXPECT_TRUE(check_id(good)) << good;
  for (const char* bad : {"", ".", "..", ".x", "-x", "a/b", "a b", "a\n", "\xC3\xA4"}) {
    EXPECT_FALSE(check_id(bad)) << bad;
  }
  EXPECT_FALSE(check_id(std::string(1025, 'a')));
}

TEST(State, WhatIsWrittenIsRead) {
  const State state{"id", "/b", "/b/r", 17, 99, "2026-01-01T00:00:00Z", {"/g"}, {{"a", "b\"c"}}};
  const auto read = decode(encode(state));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, state);
}

TEST(State, NothingElse) {
  for (const char* text : {"", "[]", "{}", R"({"id":"../x"})", R"({"id":"a","process":-5})",
                           R"({"id":"a","groups":"/x"})"}) {
    EXPECT_FALSE(decode(text)) << text;
  }
}

TEST(State, AStoppedContainerHasNoProcess) {
  const auto told = codec::JsonDocument::parse(told_state(noted(5), Phase::Stopped));
  ASSERT_TRUE(told);
  EXPECT_EQ(told->root().find("pid")->number(), 0U);
  EXPECT_EQ(told->root().find("status")->text(), "stopped");
}

// A container with a state that could not be read again could not be deleted either, and its init
// process outlived `delete --force`.
TEST_F(FolderTest, WhatCouldNotBeReadAgainIsNotWritten) {
  const auto folder = Folder::make(root_, "a");
  ASSERT_TRUE(folder);
  const State good = noted(5);
  ASSERT_TRUE(folder->write(good));
  State large = good;
  constexpr std::size_t size = 262144;
  // Each of these bytes is six in merlon.json.
  for (const char* name : {"a", "b", "c"}) large.annotations[name] = std::string(size, '\x7F');
  EXPECT_FALSE(folder->write(large));
  State far = good;
  far.root = "/" + std::string(4096, 'r');
  EXPECT_FALSE(folder->write(far));
  const auto read = folder->read();
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, good);
}

TEST_F(FolderTest, MissingDirectoriesAreThisUsersAloneWhateverTheUmask) {
  const ::mode_t before = ::umask(0);
  const auto folder = Folder::make(root_ + "/x/y/", "a");
  ::umask(before);
  ASSERT_TRUE(folder) << folder.error().text;
  for (const char* path : {"/x", "/x/y", "/x/y/a"}) {
    EXPECT_EQ(std::filesystem::status(root_ + path).permissions(),
              std::filesystem::perms::owner_all)
        << path;
  }
}

// What is noted names processes and groups that are ended, and hooks that are run.
TEST_F(FolderTest, WhatOthersMayHaveWrittenIsNotRead) {
  namespace fs = std::filesystem;
  const auto folder = Folder::make(root_, "a");
  ASSERT_TRUE(folder);
  ASSERT_TRUE(folder->write(noted(0)));
  const auto taken = [](const Folder& what) { return what.read() && what.lock(); };
  EXPECT_TRUE(taken(*folder));
  for (const std::string& open : {root_, root_ + "/a"}) {
    fs::permissions(open, fs::perms::all);
    EXPECT_FALSE(taken(*folder)) << open;
    fs::permissions(open, fs::perms::owner_all | fs::perms::group_write);
    EXPECT_FALSE(taken(*folder)) << open;
    // As /tmp is: nobody there can replace what is another's.
    fs::permissions(open, fs::perms::all | fs::perms::sticky_bit);
    EXPECT_TRUE(taken(*folder)) << open;
    fs::permissions(open, fs::perms::owner_all);
  }
  fs::create_directory_symlink(root_ + "/a", root_ + "/b");
  EXPECT_FALSE(taken(*Folder::find(root_, "b")));
  fs::permissions(root_, fs::perms::all);
  EXPECT_FALSE(Folder::make(root_, "c"));
  fs::permissions(root_, fs::perms::owner_all);
  fs::create_directory_symlink(root_, root_ + "/link");
  EXPECT_TRUE(Folder::make(root_ + "/link", "d"));
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  constexpr ::uid_t nobody = 65534;
  ASSERT_EQ(::chown((root_ + "/a").c_str(), nobody, nobody), 0);
  EXPECT_FALSE(taken(*folder));
}

// Of two that delete a container the second had the lock of a folder that was gone, and took away
// the one that was being made anew in its place, without its init process.
TEST_F(FolderTest, TheLockIsThatOfTheFolderThatIsThere) {
  const auto folder = Folder::make(root_, "a");
  ASSERT_TRUE(folder);
  auto first = folder->lock();
  ASSERT_TRUE(first);
  std::optional<Checked<os::Fd>> second;
  std::thread waits([&] { second = folder->lock(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  folder->remove();
  ASSERT_TRUE(Folder::make(root_, "a"));
  first->close();
  waits.join();
  ASSERT_TRUE(*second);
  EXPECT_FALSE(os::try_lock(*os::open_record(folder->path("lock"))));
}

TEST_F(FolderTest, PhasesByWhatIsThere) {
  const auto folder = Folder::make(root_, "a");
  ASSERT_TRUE(folder);
  EXPECT_FALSE(Folder::make(root_, "a"));
  State state = noted(0);
  EXPECT_EQ(folder->phase_of(state), Phase::Stopped);
  {
    const auto lock = folder->lock();
    ASSERT_TRUE(lock);
    EXPECT_EQ(folder->phase_of(state), Phase::Creating);
  }
  state.process = ::getpid();
  state.started = os::process_status(state.process)->started;
  EXPECT_EQ(folder->phase_of(state), Phase::Running);
  ASSERT_TRUE(os::make_fifo(folder->path(Folder::door)));
  EXPECT_EQ(folder->phase_of(state), Phase::Created);
  ++state.started;  // a later process of the same number
  EXPECT_EQ(folder->phase_of(state), Phase::Stopped);
  folder->remove();
  EXPECT_FALSE(Folder::find(root_, "a"));
}

TEST_F(FolderTest, AnotherRuntimesContainersAreNotOurs) {
  std::filesystem::create_directory(root_ + "/runc");
  std::ofstream(root_ + "/runc/state.json") << "{}";
  EXPECT_FALSE(Folder::find(root_, "runc"));
  EXPECT_FALSE(Folder::find(root_, "none"));
  EXPECT_FALSE(Folder::find(root_, "../" + root_));
}

}  // namespace
}  // namespace merlon::container
