#include "merlon/keep/mounts.h"

#include <gtest/gtest.h>

#include "merlon/base/testing/limited_budget.h"
#include "merlon/os/open.h"

namespace merlon::keep {
namespace {

using base::testing::LimitedBudget;

std::vector<std::uint8_t> some_archive() {
  files::ArchiveWriter writer;
  EXPECT_TRUE(writer.add({files::ArchiveEntry::Kind::Directory, 5, "lib", {}}));
  EXPECT_TRUE(writer.add({files::ArchiveEntry::Kind::File, 6, "lib/a", core::as_bytes("text")}));
  return writer.take();
}

class Mounts : public ::testing::Test {
 protected:
  using Source = launch::Mount::Source;

  std::string given(std::vector<launch::Mount> mounts) {
    work_.launch.message.mounts = std::move(mounts);
    const auto archive = take_archive(work_, room_);
    if (!archive) return archive.error();
    const auto given = give_mounts(work_.launch.message, *archive, nullptr, room_, *context_);
    return given ? "given" : given.error();
  }
  static launch::Mount of_package(std::string path, std::string from) {
    return {Source::Archive, launch::FileAccess::ReadOnly, std::move(path), std::move(from)};
  }

  LimitedBudget room_;
  std::unique_ptr<wasi::Context> context_ = wasi::Context::create({}).value();
  Work work_;
};

TEST_F(Mounts, OfAHostsArchive) {
  const auto bytes = some_archive();
  work_.launch.archive = os::memory_file("archive", bytes).value();
  EXPECT_EQ(given({of_package("/a", "lib"), {Source::Memory, {}, "/tmp", {}}}), "given");
  const auto* first = context_->files().get(0).value();
  EXPECT_EQ(first->preopened_as, "/a");
  EXPECT_TRUE(first->read_only);
  EXPECT_NE(first->tree->root()->find("a"), nullptr);
  const auto* second = context_->files().get(1).value();
  EXPECT_EQ(second->preopened_as, "/tmp");
  EXPECT_TRUE(second->tree->root()->empty());
  EXPECT_TRUE(std::ranges::equal(crypto::sha256({bytes}).view(), work_.launch.message.archive));
}

TEST_F(Mounts, AreRefusedWithTheirReason) {
  work_.launch.archive = os::memory_file("archive", some_archive()).value();
  EXPECT_EQ(given({of_package("/a", "none")}), "mount '/a': 'none': No such file or directory");
  work_.launch.archive = os::memory_file("archive", core::as_bytes("not one")).value();
  EXPECT_EQ(given({of_package("/a", "lib")}).substr(0, 11), "its files: ");
  EXPECT_EQ(given({{Source::Volume, {}, "/s", {}}}), "mount '/s': there is no volume");
}

TEST_F(Mounts, AreCountedWithTheMemoryOfTheWorkload) {
  room_.left = 10;
  work_.launch.archive = os::memory_file("archive", some_archive()).value();
  EXPECT_NE(given({of_package("/a", "lib")}).find("more than the memory limit"), std::string::npos);
}

}  // namespace
}  // namespace merlon::keep
