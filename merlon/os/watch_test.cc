#include "merlon/os/watch.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "merlon/os/poll.h"

namespace merlon::os {
namespace {

using namespace std::chrono_literals;

class WatchTest : public ::testing::Test {
 protected:
  WatchTest() { std::filesystem::create_directories(folder_); }
  ~WatchTest() override { std::filesystem::remove_all(folder_); }
  void write(const char* name) { std::ofstream(folder_ + "/" + name, std::ios::app) << "x"; }

  std::string folder_ = testing::TempDir() + "watch-" + std::to_string(::getpid());
};

TEST_F(WatchTest, SeesFilesThatAreMadeAndThatGrow) {
  const auto watch = Watch::begin(folder_);
  ASSERT_TRUE(watch);
  EXPECT_FALSE(watch->wait(0ns));
  write("a");
  EXPECT_TRUE(watch->wait(10s));
  write("a");
  EXPECT_TRUE(watch->wait(10s));
}

TEST_F(WatchTest, SeesFilesThatTakeAnothersPlace) {
  write("b");
  const auto watch = Watch::begin(folder_);
  std::filesystem::rename(folder_ + "/b", folder_ + "/c");
  EXPECT_TRUE(watch->wait(10s));
}

TEST_F(WatchTest, SeesThatAnotherCanBeReadFrom) {
  const auto watch = Watch::begin(folder_);
  const auto bell = WakeUp::create();
  ASSERT_TRUE(watch && bell);
  EXPECT_FALSE(has_input(bell->fd()));
  EXPECT_FALSE(watch->wait(0ns, bell->fd()));
  bell->ring();
  EXPECT_TRUE(has_input(bell->fd()));
  EXPECT_TRUE(watch->wait(10s, bell->fd()));
  EXPECT_FALSE(watch->wait(0ns));
}

TEST_F(WatchTest, WantsADirectory) {
  EXPECT_EQ(Watch::begin(folder_ + "/none").error(), Errno::Noent);
}

}  // namespace
}  // namespace merlon::os
