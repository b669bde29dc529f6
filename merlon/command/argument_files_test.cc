#include "merlon/command/argument_files.h"

#include <gtest/gtest.h>

namespace merlon::command {
namespace {

using List = std::vector<std::string>;

core::Result<std::string, std::string> read(const std::string& path) {
  if (path == "s.toml") {
    return std::string(
        "key = 'ca.key'\ncrt = \"ca.crt\"\nport = 4000\ndevelopment = true\nsan = ['a', 'b']\n");
  }
  if (path == "broken") return std::string("a = 1\nb = \n");
  if (path == "other") return std::string("file = '@s.toml'\n");
  return core::Unexpected(std::string("which?"));
}

TEST(ArgumentFiles, AFileStandsForItsArguments) {
  const auto words = with_files({"check", "@s.toml", "-p", "1"}, &read);
  ASSERT_TRUE(words);
  EXPECT_EQ(*words, (List{"check", "--crt=ca.crt", "--development", "--key=ca.key", "--port=4000",
                          "--san=a", "--san=b", "-p", "1"}));
  EXPECT_EQ(with_files({"@x"}, &read).error(), "which?");
}

TEST(ArgumentFiles, OneThatIsWrongIsNamedWithItsLine) {
  const auto words = with_files({"@broken"}, &read);
  ASSERT_FALSE(words);
  EXPECT_TRUE(words.error().starts_with("broken: line 2: ")) << words.error();
}

TEST(ArgumentFiles, NamesNoOtherFile) {
  EXPECT_EQ(*with_files({"@other"}, &read), (List{"--file=@s.toml"}));
}

TEST(ArgumentFiles, SomethingElseIsRefusedWithItsKey) {
  EXPECT_EQ(words_of_toml("a = 1.5").error(),
            "'a': is no text, number, true, false or list of these");
  EXPECT_FALSE(words_of_toml("[table]\nx = 1"));
  EXPECT_FALSE(words_of_toml("a = [[1]]"));
  EXPECT_FALSE(words_of_toml("a = "));
  EXPECT_TRUE(words_of_toml("a = false")->empty());
  EXPECT_EQ(*words_of_toml("k = 'x'"), (List{"-k=x"}));
}

TEST(ArgumentFiles, OneThatIsNoFileSaysSo) {
  EXPECT_EQ(read_argument_file("/nowhere/s.toml").error(),
            "/nowhere/s.toml: cannot be read: No such file or directory");
  EXPECT_EQ(read_argument_file("/dev/zero").error(), "/dev/zero: cannot be read: Is a device");
}

TEST(ArgumentFiles, WithoutACommandAServiceServes) {
  EXPECT_EQ(with_command({}), (List{"serve"}));
  EXPECT_EQ(with_command({"--host", "x"}), (List{"serve", "--host", "x"}));
  EXPECT_EQ(with_command({"--host", "--help"}), (List{"serve", "--host", "--help"}));
  EXPECT_EQ(with_command({"check", "--host", "x"}), (List{"check", "--host", "x"}));
  EXPECT_EQ(with_command({"chekc"}), (List{"chekc"}));
  EXPECT_EQ(with_command({"--help"}), (List{"--help"}));
  EXPECT_EQ(with_command({"-h"}), (List{"-h"}));
  EXPECT_EQ(with_command({"--version"}), (List{"--version"}));
}

}  // namespace
}  // namespace merlon::command
