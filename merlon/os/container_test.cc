#include "merlon/os/container.h"

#include <csignal>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "merlon/os/fifo.h"
#include "merlon/os/open.h"
#include "merlon/os/terminal.h"

namespace merlon::os {
namespace {

class Folder {
 public:
  Folder() {
    std::string name = testing::TempDir() + "merlon-container-XXXXXX";
    path = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::filesystem::path path;
};

TEST(OpenInRoot, LinksStayWithinTheRoot) {
  const Folder folder;
  std::filesystem::create_directory(folder.path / "bin");
  std::ofstream(folder.path / "bin/app") << "x";
  std::filesystem::create_symlink("/bin/app", folder.path / "absolute");
  std::filesystem::create_symlink("../../../../bin/app", folder.path / "bin/upward");
  std::filesystem::create_symlink("/etc/passwd", folder.path / "out");
  const auto root = open_directory(folder.path);
  ASSERT_TRUE(root);
  const auto probe = open_in_root(*root, "/bin/app", true);
  if (!probe && probe.error() == Errno::Nosys) GTEST_SKIP() << "this kernel has no openat2";
  EXPECT_TRUE(probe);
  EXPECT_TRUE(open_in_root(*root, "/absolute", true));
  EXPECT_TRUE(open_in_root(*root, "bin/upward", true));
  EXPECT_EQ(open_in_root(*root, "/out", true).error(), Errno::Noent);
  EXPECT_EQ(open_in_root(*root, "/bin", true).error(), Errno::Isdir);
  EXPECT_TRUE(open_in_root(*root, "/bin", false));
}

TEST(OpenInRoot, NeitherWaitsAtAFifoNorReadsIt) {
  const Folder folder;
  ASSERT_TRUE(make_fifo(folder.path / "fifo"));
  const auto root = open_directory(folder.path);
  ASSERT_TRUE(root);
  const auto opened = open_in_root(*root, "fifo", true);
  EXPECT_TRUE(opened.error() == Errno::IsFifo || opened.error() == Errno::Nosys);
}

TEST(Fifo, NobodyBehindItIsTold) {
  const Folder folder;
  const std::string path = folder.path / "start";
  EXPECT_EQ(knock(path).error(), Errno::Noent);
  ASSERT_TRUE(make_fifo(path));
  EXPECT_EQ(make_fifo(path).error(), Errno::Exist);
  EXPECT_EQ(knock(path).error(), Errno::Nxio);
  const auto waiting = open_fifo(path);
  ASSERT_TRUE(waiting);
  EXPECT_TRUE(knock(path));
  EXPECT_TRUE(wait_at(*waiting));
}

TEST(ProcessStatus, OfThisProcessAndOfNone) {
  const auto own = process_status(::getpid());
  ASSERT_TRUE(own);
  EXPECT_EQ(own->state, 'R');
  EXPECT_GT(own->started, 0U);
  EXPECT_EQ(process_status(0x7FFF'FFFF).error(), Errno::Srch);
}

TEST(SignalProcess, ReachesOneProcessThatIsMeant) {
  const auto meant = [] { return true; };
  EXPECT_EQ(signal_process(0, 0, meant).error(), Errno::Srch);   // not the caller's group
  EXPECT_EQ(signal_process(-1, 0, meant).error(), Errno::Srch);  // not everybody
  EXPECT_EQ(signal_process(0x7FFF'FFFF, 0, meant).error(), Errno::Srch);
  auto child = fork_process();
  ASSERT_TRUE(child);
  if (!*child) {
    for (;;) ::pause();
  }
  const auto other = [] { return false; };
  EXPECT_EQ(signal_process((*child)->id(), SIGKILL, other).error(), Errno::Srch);
  EXPECT_TRUE(signal_process((*child)->id(), 0, meant));
  EXPECT_TRUE(signal_process((*child)->id(), SIGKILL, meant));
  const auto ended = (*child)->wait();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->value, SIGKILL);
}

TEST(LimitResource, OnlyByAKnownName) {
  EXPECT_TRUE(is_resource_name("RLIMIT_NOFILE"));
  EXPECT_FALSE(is_resource_name("NOFILE"));
  EXPECT_EQ(limit_resource("RLIMIT_ALL", 1, 1).error(), Errno::Inval);
}

TEST(Terminal, WhatIsTypedArrives) {
  const auto terminal = open_terminal();
  if (!terminal) GTEST_SKIP() << "no terminals here";
  ASSERT_TRUE(set_window(terminal->line, 24, 80));
  ASSERT_TRUE(write_all(terminal->keyboard, core::as_bytes("x\n")));
  char typed = 0;
  EXPECT_EQ(::read(terminal->line.number(), &typed, 1), 1);
  EXPECT_EQ(typed, 'x');
}

}  // namespace
}  // namespace merlon::os
