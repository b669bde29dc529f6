#include "merlon/base/printable.h"

#include <gtest/gtest.h>

namespace merlon::base {
namespace {

TEST(PrintableText, IsOneLineOrManyWithoutAnythingThatActs) {
  EXPECT_EQ(Printable::line("a\nb\x1b[2J\u009b\u202e").text(),
            "a\\x0ab\\x1b[2J\\xc2\\x9b\\xe2\\x80\\xae");
  EXPECT_EQ(Printable::lines("a\n\tb\r\x1b[2J\n").text(), "a\n\tb\\x0d\\x1b[2J\n");
  EXPECT_EQ(Printable::line("abcdef", 3).text(), "abc…");
}

TEST(PrintableText, EscapedTwiceIsTheSame) {
  const std::string once = Printable::line("\xFF\u202e\\x41").text();
  EXPECT_EQ(Printable::line(once).text(), once);
  EXPECT_EQ(Printable::lines(once).text(), once);
}

TEST(PrintableText, KeepsColoursWhereAskedTo) {
  EXPECT_EQ(Printable::lines("\x1b[31mno\x1b[0m").text(), "\\x1b[31mno\\x1b[0m");
  EXPECT_EQ(Printable::lines("\x1b[31mno\x1b[0m\x1b[2J", Printable::Colours::Kept).text(),
            "\x1b[31mno\x1b[0m\\x1b[2J");
}

}  // namespace
}  // namespace merlon::base
