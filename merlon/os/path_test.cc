#include "merlon/os/path.h"

#include <gtest/gtest.h>

namespace merlon::os {
namespace {

Errno refusal(std::string_view text) { return Path::from(text).error(); }

TEST(Path, RefusesWhatItsTextAloneForbids) {
  EXPECT_EQ(refusal(""), Errno::Noent);
  EXPECT_EQ(refusal("/"), Errno::Outside);
  EXPECT_EQ(refusal("/etc/passwd"), Errno::Outside);
  EXPECT_EQ(refusal(std::string_view("a\0b", 3)), Errno::Inval);
  EXPECT_EQ(refusal(std::string(max_path_size + 1, 'a')), Errno::Nametoolong);
  EXPECT_TRUE(Path::from(std::string(max_path_size, 'a')).has_value());
}

TEST(Path, SplitsOffItsLastComponent) {
  EXPECT_EQ(Path::from("a").value().parent(), "");
  EXPECT_EQ(Path::from("a").value().last(), "a");
  EXPECT_EQ(Path::from("a/").value().parent(), "");
  EXPECT_EQ(Path::from("a///").value().last(), "a///");
  EXPECT_EQ(Path::from("a//b/c").value().parent(), "a//b/");
  EXPECT_EQ(Path::from("a//b/c").value().last(), "c");
}

TEST(Path, KnowsDotsAndPlainNames) {
  EXPECT_TRUE(Path::from("a/..").value().ends_in_dots());
  EXPECT_TRUE(Path::from("./").value().ends_in_dots());
  EXPECT_FALSE(Path::from("..a").value().ends_in_dots());
  EXPECT_TRUE(Path::from("...").value().is_plain_name());
  EXPECT_FALSE(Path::from("..").value().is_plain_name());
  EXPECT_FALSE(Path::from("a/").value().is_plain_name());
}

TEST(EntryName, IsOneComponent) {
  EXPECT_TRUE(is_entry_name("a"));
  EXPECT_TRUE(is_entry_name(".."));
  EXPECT_FALSE(is_entry_name(""));
  EXPECT_FALSE(is_entry_name("a/b"));
  EXPECT_FALSE(is_entry_name("/"));
  EXPECT_FALSE(is_entry_name(std::string_view("a\0b", 3)));
}

TEST(LinkText, IsAText) {
  EXPECT_TRUE(is_link_text("../a"));
  EXPECT_FALSE(is_link_text(""));
  EXPECT_FALSE(is_link_text(std::string_view("a\0", 2)));
}

TEST(Path, IsCanonicalIfItIsAbsoluteAndSaysNothingTwice) {
  for (const std::string_view path : {"/", "/a", "/a/b.c", "/usr/lib/python3.12"}) {
    EXPECT_TRUE(is_canonical_path(path)) << path;
  }
  for (const std::string_view path :
       {"", "a", "a/b", "/a/", "//", "//a", "/a//b", "/.", "/..", "/a/../b", "/a/."}) {
    EXPECT_FALSE(is_canonical_path(path)) << path;
  }
  EXPECT_FALSE(is_canonical_path(std::string_view("/a\0b", 4)));
  EXPECT_FALSE(is_canonical_path("/" + std::string(256, 'x')));
}

}  // namespace
}  // namespace merlon::os
