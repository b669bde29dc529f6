#include "merlon/cli_deploy/token_source.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "merlon/os/open.h"

namespace merlon::cli_deploy {
namespace {

std::string no_variable(const char* /*name*/) { return ""; }
std::string a_variable(const char* name) {
  return std::string_view(name) == "MERLON_TOKEN" ? "a.b.c" : "";
}

TokenSource source(const std::string& file, std::string (*variable)(const char*) = &no_variable) {
  cli::Arguments arguments;
  if (!file.empty()) arguments.options["--token"].push_back(file);
  return TokenSource::of(arguments, {"merlon", nullptr, nullptr, variable}).value();
}

TEST(TokenSources, AreAFileOrAVariableOrNone) {
  EXPECT_FALSE(source(""));
  EXPECT_EQ(source("").authorization().value(), "");
  EXPECT_TRUE(source("", &a_variable));
  EXPECT_EQ(source("", &a_variable).authorization().value(), "Bearer a.b.c");
  EXPECT_EQ(source("/x", &a_variable).file(), "/x");
}

TEST(TokenSources, ReadAFileEachTime) {
  const std::string path = testing::TempDir() + "token-" + std::to_string(::getpid());
  const TokenSource file = source(path);
  EXPECT_FALSE(file.authorization());
  ASSERT_TRUE(os::replace_file(path, core::as_bytes("one\n")));
  EXPECT_EQ(file.authorization().value(), "Bearer one");
  ASSERT_TRUE(os::replace_file(path, core::as_bytes("two\r\n\n")));
  EXPECT_EQ(file.authorization().value(), "Bearer two");
  for (const std::string& bad :
       {std::string(), std::string("\n"), std::string("a b"), std::string("a\nb"),
        std::string("\xC3\xA9"), std::string(8193, 'a')}) {
    ASSERT_TRUE(os::replace_file(path, core::as_bytes(bad)));
    EXPECT_FALSE(file.authorization()) << bad.size();
  }
  ::unlink(path.c_str());
}

TEST(TokenSources, TakeOneLineOfStandardInput) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const int own = ::dup(0);
  ::dup2(ends[0], 0);
  ASSERT_EQ(::write(ends[1], "a.b.c\nrest", 10), 10);
  EXPECT_EQ(source("-").authorization().value(), "Bearer a.b.c");
  char left[8];
  EXPECT_EQ(::read(0, left, sizeof left), 4);
  ASSERT_EQ(::write(ends[1], "\n", 1), 1);
  cli::Arguments arguments;
  arguments.options["--token"].push_back("-");
  EXPECT_FALSE(TokenSource::of(arguments, {"merlon", nullptr, nullptr, &no_variable}));
  ::dup2(own, 0);
  for (const int each : {own, ends[0], ends[1]}) ::close(each);
}

}  // namespace
}  // namespace merlon::cli_deploy
