#include "merlon/cli/output_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "merlon/os/testing/scratch.h"

namespace merlon::cli {
namespace {

using os::testing::ScratchDirectory;

constexpr OutputRules secret{Existing::Kept, Readers::Owner};
constexpr OutputRules secret_by_force{Existing::Replaced, Readers::Owner};

std::string put(const std::string& path, std::string_view text, OutputRules rules = {}) {
  const auto written = write_output(path, core::as_bytes(text), rules);
  return written ? "" : written.error();
}

unsigned mode_of(const std::string& path) {
  struct ::stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 07777U;
}

TEST(OutputFile, ReplacesWhatIsThereOrKeepsIt) {
  const ScratchDirectory scratch;
  EXPECT_EQ(put(scratch / "f", "one"), "");
  EXPECT_EQ(put(scratch / "f", "two"), "");
  EXPECT_EQ(scratch.content("f"), "two");
  EXPECT_EQ(put(scratch / "f", "three", secret),
            (scratch / "f") + ": is there already; --force replaces it");
  EXPECT_EQ(scratch.content("f"), "two");
  EXPECT_EQ(put(scratch / "f", "three", {.lasting = Lasting::InTime}), "");
  EXPECT_EQ(scratch.content("f"), "three");
}

TEST(OutputFile, OfASecretIsItsOwnersAloneWhateverWasThere) {
  const ScratchDirectory scratch;
  EXPECT_EQ(put(scratch / "new", "secret", secret), "");
  EXPECT_EQ(mode_of(scratch / "new"), 0600U);
  scratch.make_file("old", "public");
  ASSERT_EQ(::chmod((scratch / "old").c_str(), 0666), 0);
  EXPECT_EQ(put(scratch / "old", "secret", secret_by_force), "");
  EXPECT_EQ(mode_of(scratch / "old"), 0600U);
  EXPECT_EQ(scratch.content("old"), "secret");
}

TEST(OutputFile, IsReplacedBehindALinkAndTheLinkStays) {
  const ScratchDirectory scratch;
  scratch.make_file("target", "old");
  scratch.make_symlink("target", "link");
  EXPECT_EQ(put(scratch / "link", "new"), "");
  EXPECT_EQ(scratch.content("target"), "new");
  EXPECT_NE(put(scratch / "link", "newer", secret), "");
  EXPECT_EQ(scratch.content("target"), "new");
}

TEST(OutputFile, ThatCannotBeWrittenIsNamedAndLeavesNothing) {
  const ScratchDirectory scratch;
  EXPECT_NE(put(scratch / "", "x").find("Is a directory"), std::string::npos);
  EXPECT_NE(put(scratch / "gone/f", "x").find("cannot be written"), std::string::npos);
  ASSERT_EQ(::mkfifo((scratch / "fifo").c_str(), 0600), 0);
  EXPECT_NE(put(scratch / "fifo", "x", secret).find("nobody reads"), std::string::npos);
  EXPECT_EQ(put("/dev/null", "x", secret), "");
  EXPECT_NE(put("/dev/full", "x", secret).find("No space left"), std::string::npos);
}

}  // namespace
}  // namespace merlon::cli
