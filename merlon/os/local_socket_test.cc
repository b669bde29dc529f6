#include "merlon/os/local_socket.h"

#include <array>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "merlon/os/file.h"
#include "merlon/os/open.h"
#include "merlon/os/poll.h"
#include "merlon/os/socket.h"

namespace merlon::os {
namespace {

class LocalSocket : public ::testing::Test {
 protected:
  LocalSocket() { std::filesystem::create_directories(folder_); }
  ~LocalSocket() override { std::filesystem::remove_all(folder_); }

  std::string folder_ = testing::TempDir() + "local-" + std::to_string(::getpid());
  std::string path_ = folder_ + "/s";
};

TEST_F(LocalSocket, IsFoundByItsPath) {
  const auto listener = listen_local(path_);
  ASSERT_TRUE(listener);
  const auto there = connect_local(path_);
  ASSERT_TRUE(there);
  const auto here = accept(*listener);
  ASSERT_TRUE(here);
  ASSERT_EQ(::write(there->number(), "x", 1), 1);
  char got = 0;
  ASSERT_TRUE(set_nonblock(*here, false));
  EXPECT_EQ(::read(here->number(), &got, 1), 1);
  EXPECT_EQ(got, 'x');
}

TEST_F(LocalSocket, IsOfThisUserOnly) {
  ASSERT_TRUE(listen_local(path_));
  const auto mode = std::filesystem::status(path_).permissions();
  EXPECT_EQ(mode & (std::filesystem::perms::group_all | std::filesystem::perms::others_all),
            std::filesystem::perms::none);
}

TEST_F(LocalSocket, TellsThatNobodyListens) {
  EXPECT_EQ(connect_local(path_).error(), Errno::Noent);
  {
    ASSERT_TRUE(listen_local(path_));
  }
  EXPECT_EQ(connect_local(path_).error(), Errno::Connrefused);
  EXPECT_EQ(listen_local(path_).error(), Errno::Addrinuse);
  EXPECT_EQ(listen_local(std::string(200, 'a')).error(), Errno::Nametoolong);
  EXPECT_EQ(connect_local("").error(), Errno::Nametoolong);
}

TEST_F(LocalSocket, WaitsNoLongerThanItIsTold) {
  const auto listener = listen_local(path_);
  const auto there = connect_local(path_);
  const auto here = accept(*listener);
  ASSERT_TRUE(here);
  ASSERT_TRUE(set_nonblock(*here, false));
  ASSERT_TRUE(limit_waiting(*here, std::chrono::seconds(1)));
  char got = 0;
  EXPECT_EQ(::read(here->number(), &got, 1), -1);
  EXPECT_EQ(errno, EAGAIN);
}

TEST_F(LocalSocket, TakesThePlaceOfOneThatNobodyListensAt) {
  {
    ASSERT_TRUE(listen_local(path_));
  }
  const auto listener = listen_local_anew(path_);
  ASSERT_TRUE(listener);
  EXPECT_EQ(listen_local_anew(path_).error(), Errno::Addrinuse);
  remove_socket(path_);
  EXPECT_FALSE(std::filesystem::exists(path_));
  std::filesystem::create_directory(path_);
  EXPECT_EQ(listen_local_anew(path_).error(), Errno::Addrinuse);
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(LocalSocket, WaitsOnlySoLong) {
  const auto listener = listen_local(path_);
  const auto there = connect_local(path_);
  ASSERT_TRUE(listener && there);
  const auto here = accept(*listener);
  ASSERT_TRUE(here);
  EXPECT_TRUE(is_of_this_user(*here));
  ASSERT_TRUE(set_nonblock(*here, false));
  ASSERT_TRUE(limit_waiting(*here, std::chrono::milliseconds(1)));
  char got = 0;
  EXPECT_EQ(::read(here->number(), &got, 1), -1);
  EXPECT_EQ(last_errno(), Errno::Again);
}

TEST_F(LocalSocket, WaitsOnlySoLongForWhoSaysNothing) {
  const auto listener = listen_local(path_);
  auto there = connect_local(path_);
  ASSERT_TRUE(listener && there);
  const auto here = accept(*listener);
  ASSERT_TRUE(here && set_nonblock(*here, false));
  ASSERT_TRUE(limit_waiting(*here, std::chrono::milliseconds(20)));
  std::atomic<bool> over{false};
  std::thread goes([&] {  // or whoever waits on would do so for ever
    for (int i = 0; i < 500 && !over; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    there->close();
  });
  const auto got = read_all(*here, 100);
  over = true;
  goes.join();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error(), Errno::Again);
}

TEST_F(LocalSocket, WaitsOnlySoLongForWhoTakesNothing) {
  const auto listener = listen_local(path_);
  const auto there = connect_local(path_);
  ASSERT_TRUE(listener && there);
  const auto here = accept(*listener);
  ASSERT_TRUE(here && set_nonblock(*here, false));
  ASSERT_TRUE(limit_waiting(*here, std::chrono::milliseconds(20)));
  // Whoever waits on is let go, and has written all of it.
  std::atomic<bool> over{false};
  std::thread takes([&] {
    for (int i = 0; i < 500 && !over; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::vector<char> all(1 << 20);
    while (!over && ::read(there->number(), all.data(), all.size()) > 0) {
    }
  });
  const auto written = write_all(*here, std::vector<std::uint8_t>(8 << 20));
  over = true;
  takes.join();
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error(), Errno::Again);
}

TEST_F(LocalSocket, NamesTheProcessThatListens) {
  std::array<int, 2> ready{};
  ASSERT_EQ(::pipe(ready.data()), 0);
  const ::pid_t child = ::fork();
  if (child == 0) {
    const auto listener = listen_local(path_);
    static_cast<void>(::write(ready[1], "x", 1));
    ::pause();
    ::_exit(listener ? 0 : 1);
  }
  char word = 0;
  EXPECT_EQ(::read(ready[0], &word, 1), 1);
  const auto there = connect_local(path_);
  ASSERT_TRUE(there);
  const auto process = process_at_other_end(*there);
  ASSERT_TRUE(process);
  EXPECT_FALSE(has_input(*process));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(has_input(*process));
  EXPECT_EQ(process_at_other_end(*there).error(), Errno::Srch);
  for (const int each : ready) ::close(each);
}

}  // namespace
}  // namespace merlon::os
