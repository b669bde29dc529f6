#include "merlon/workload/assets.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "merlon/files/archive.h"
#include "merlon/os/testing/scratch.h"

namespace merlon::workload {
namespace {

class Assets : public ::testing::Test {
 protected:
  void SetUp() override {
    scratch_.make_file("main.wasm", "module");
    scratch_.make_directory("lib");
    scratch_.make_directory("lib/sub");
    scratch_.make_file("lib/sub/deep", "deep");
    scratch_.make_file("lib/a", "text");
    scratch_.make_symlink("../../etc/passwd", "lib/link");
    scratch_.make_directory("other");
    scratch_.make_file("other/secret", "secret");
  }
  /// "path kind bytes" of each entry.
  std::vector<std::string> read(const std::vector<std::string>& directories) {
    const auto bytes = read_assets(scratch_.fd(), "package", directories);
    if (!bytes) return {bytes.error().text};
    const auto archive =
        files::Archive::read(std::make_shared<const std::vector<std::uint8_t>>(*bytes)).value();
    std::vector<std::string> lines;
    for (const files::ArchiveEntry& entry : archive.entries()) {
      lines.push_back(std::string(entry.path) + " " + std::to_string(static_cast<int>(entry.kind)) +
                      " " + std::string(core::as_text(entry.bytes)));
      EXPECT_NE(entry.modified, 0U);
    }
    return lines;
  }
  using Lines = std::vector<std::string>;

  os::testing::ScratchDirectory scratch_;
};

TEST_F(Assets, AreWhatIsMountedAndNothingElse) {
  EXPECT_EQ(read({"lib"}), (Lines{"lib 1 ", "lib/a 2 text", "lib/link 3 ../../etc/passwd",
                                  "lib/sub 1 ", "lib/sub/deep 2 deep"}));
  EXPECT_EQ(read({"lib/sub"}), (Lines{"lib 1 ", "lib/sub 1 ", "lib/sub/deep 2 deep"}));
  EXPECT_EQ(read({"lib/sub", "lib"}).size(), 5U);
  EXPECT_EQ(read({""}).size(), 8U);
}

TEST_F(Assets, AreRefusedByName) {
  EXPECT_EQ(read({"none"}), Lines{"package/none: cannot be mounted: No such file or directory"});
  EXPECT_EQ(read({"main.wasm"}), Lines{"package/main.wasm: cannot be mounted: Not a directory"});
  EXPECT_EQ(read({".."}), Lines{"package/..: cannot be mounted: Path leaves its directory"});
  ASSERT_EQ(::mkfifo((scratch_ / "lib/pipe").c_str(), 0600), 0);
  EXPECT_EQ(read({"lib"}), Lines{"package/lib/pipe: is neither file, directory nor symbolic link"});
}

TEST_F(Assets, DirectoriesThatAreLinksAreNotFollowed) {
  scratch_.make_symlink("other", "alias");
  EXPECT_EQ(read({"alias"}).size(), 1U);
  EXPECT_TRUE(read({"alias"})[0].find("cannot be mounted") != std::string::npos);
}

}  // namespace
}  // namespace merlon::workload
