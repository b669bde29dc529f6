#include <array>
#include <atomic>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "merlon/os/resolver.h"
#include "merlon/os/testing/scratch.h"

namespace merlon::os {
namespace {

using testing::ScratchDirectory;

constexpr unsigned exchange = 1U << 1;  // RENAME_EXCHANGE

void swap(const std::string& one, const std::string& two) {
  ::syscall(SYS_renameat2, AT_FDCWD, one.c_str(), AT_FDCWD, two.c_str(), exchange);
}

/// Swaps two names of the tree as fast as it can until the test is over.
class Swapper {
 public:
  Swapper(std::string one, std::string two)
      : thread_([this, one = std::move(one), two = std::move(two)] {
          while (!stop_.load()) {
            swap(one, two);
            ++swaps_;
          }
        }) {}
  ~Swapper() {
    stop_.store(true);
    thread_.join();
    EXPECT_GT(swaps_.load(), 1000);
  }

 private:
  std::atomic<bool> stop_{false};
  std::atomic<int> swaps_{0};
  std::thread thread_;
};

class ResolverRace : public ::testing::TestWithParam<Resolver::Method> {
 protected:
  static constexpr int tries = 100'000;

  void SetUp() override {
    for (const char* name : {"in", "in/dir", "in/dir/sub", "out", "out/sub"}) {
      scratch_.make_directory(name);
    }
    for (const char* name : {"in/file", "in/dir/file", "out/file"}) scratch_.make_file(name);
    root_ = Fd::adopt(::open((scratch_ / "in").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    struct ::stat secret{};
    ASSERT_EQ(::stat((scratch_ / "out/file").c_str(), &secret), 0);
    secret_ = secret.st_ino;
  }

  /// Opens `path` again and again; gives how often that worked, and fails if it ever led out.
  int hammer(const char* path_text) {
    Resolver resolver(GetParam());
    const Path path = Path::from(path_text).value();
    int found = 0;
    for (int i = 0; i < tries; ++i) {
      const Result<Fd> file = resolver.open(root_, path, {.follow = Follow::Yes});
      if (!file.has_value()) continue;
      ++found;
      if (status(*file).value().inode == secret_) {
        ADD_FAILURE() << "try " << i << " reached the outside";
        break;
      }
    }
    return found;
  }

  ScratchDirectory scratch_;
  Fd root_;
  std::uint64_t secret_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Both, ResolverRace,
                         ::testing::Values(Resolver::Method::Detect, Resolver::Method::Walk),
                         [](const auto& method) {
                           return method.param == Resolver::Method::Walk ? "Walk" : "Kernel";
                         });

TEST_P(ResolverRace, ADirectorySwappedForALinkNeverLeadsOut) {
  scratch_.make_symlink("../out", "in/link");
  const Swapper swapper(scratch_ / "in/dir", scratch_ / "in/link");
  EXPECT_GT(hammer("dir/file"), 0);
}

TEST_P(ResolverRace, AFileSwappedForALinkNeverLeadsOut) {
  scratch_.make_symlink("../out/file", "in/link");
  const Swapper swapper(scratch_ / "in/file", scratch_ / "in/link");
  EXPECT_GT(hammer("file"), 0);
}

TEST_P(ResolverRace, ADirectoryMovedOutUnderADotDotNeverLeadsOut) {
  // in/dir/sub moves to out/sub and back; from there ".." would be out/.
  const Swapper swapper(scratch_ / "in/dir/sub", scratch_ / "out/sub");
  EXPECT_GT(hammer("dir/sub/../file"), 0);
}

TEST_P(ResolverRace, RemovingThroughASwappedDirectoryNeverRemovesOutside) {
  scratch_.make_symlink("../out", "in/link");
  const Swapper swapper(scratch_ / "in/dir", scratch_ / "in/link");
  Resolver resolver(GetParam());
  const Path path = Path::from("dir/file").value();
  for (int i = 0; i < tries / 10; ++i) {
    [[maybe_unused]] const Result<void> ignored = resolver.unlink(root_, path);
    ASSERT_TRUE(scratch_.exists("out/file")) << "try " << i;
  }
}

}  // namespace
}  // namespace merlon::os
