#include "merlon/codec/toml.h"

#include <gtest/gtest.h>

namespace merlon::codec {
namespace {

std::string repeated(std::string_view part, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += part;
  return all;
}

/// As deep as a stack is not, in every form that keys have.
TEST(Toml, IsNotDeeperThanTheStack) {
  constexpr std::size_t deep = 200'000;
  const std::string plain = repeated("a.", deep);
  for (const std::string& text :
       {plain + "a = 1\n", "[" + plain + "a]\n", "[[" + plain + "a]]\n", "  [ " + plain + "a ]\n",
        repeated("\"=\".", deep) + "a = 1\n", repeated("'#' . ", deep) + "a = 1\n",
        "x = {" + plain + "a = 1}\n", "x = [\n" + repeated("{a.b.a=[\n", deep) + "\n",
        "s = \"\"\"\"\"\"\"\"\n" + plain + "a = 1\n", "s = '''\"'''\n" + plain + "a = 1\n",
        "s = \"\\\\\"\n" + plain + "a = 1\n", "s = \"\"\n" + plain + "a = 1\n", plain + "a"}) {
    const auto parsed = parse_toml(text);
    ASSERT_FALSE(parsed) << text.substr(0, 40);
    EXPECT_EQ(parsed.error().what, "keys within keys without end") << text.substr(0, 40);
  }
}

/// Half of the depth in a header, and half below it.
TEST(Toml, CountsHeadersWithWhatIsBelowThem) {
  const std::string half = repeated("a.", max_toml_depth / 2 + 1);
  EXPECT_TRUE(parse_toml("[" + half + "a]\n"));
  EXPECT_TRUE(parse_toml("[" + half + "a]\n[b]\n" + half + "a = 1\n"));
  EXPECT_FALSE(parse_toml("[" + half + "a]\n" + half + "a = 1\n"));
  EXPECT_FALSE(parse_toml("[" + half + "a]\nx = [\n[1],\n]\n" + half + "a = 1\n"));
}

/// max_toml_depth names and no more, those of a header among them.
TEST(Toml, IsAsDeepAsItMayBe) {
  const std::string most = repeated("a.", max_toml_depth - 1) + "a";
  const std::string half = repeated("a.", max_toml_depth / 2 - 1) + "a";
  EXPECT_TRUE(parse_toml(most + " = 1\n"));
  EXPECT_FALSE(parse_toml("a." + most + " = 1\n"));
  EXPECT_TRUE(parse_toml("[" + half + "]\n" + half + " = 1\n"));
  EXPECT_FALSE(parse_toml("[" + half + "]\na." + half + " = 1\n"));
  EXPECT_FALSE(parse_toml("[a." + half + "]\n" + half + " = 1\n"));
  EXPECT_TRUE(parse_toml("a = \"\"")) << "which ends where a longer string would begin";
}

TEST(Toml, MayHaveAsManyPointsAsItLikesWhereTheyAreNoKeys) {
  const std::string points = repeated(".", 1000);
  for (const std::string& text :
       {"a = '" + points + "'\n", "a = \"\\\"" + points + "\"\n", "# " + points + "\n",
        "a = \"\"\"\n\"\"" + points + "\n\"\"\"\"\"\n", "a = '''\n''" + points + "'''''\n",
        "'" + points + "' = 1 # '" + points + "\n"}) {
    EXPECT_TRUE(parse_toml(text)) << text.substr(0, 40);
  }
  std::string many;
  for (int i = 0; i < 2000; ++i) many += "k" + std::to_string(i) + ".a.b = 1.5\n";
  EXPECT_TRUE(parse_toml(many));
}

TEST(Toml, SaysWhereItIsNone) {
  const auto parsed = parse_toml("a = 1\nb = \n");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().line, 2U);
}

}  // namespace
}  // namespace merlon::codec
