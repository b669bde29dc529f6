#include "merlon/container/table.h"

#include <csignal>

#include <gtest/gtest.h>

#include "merlon/command/parse.h"
#include "merlon/container/native.h"

namespace merlon::container {
namespace {

using Words = std::vector<std::string>;

/// The command that a line is, and its positionals.
std::string read(const Words& words) {
  const auto request = command::parse(respelled(words), program().commands);
  if (!request) return request.error().text;
  if (request->kind == command::Request::Kind::Version) return "version";
  if (request->kind == command::Request::Kind::Help) return "help";
  std::string text(request->command->name);
  for (const std::string& each : request->arguments.positionals) text += " " + each;
  for (const std::string& each : request->arguments.rest) text += " +" + each;
  return text;
}

TEST(CommandLine, AsEnginesCall) {
  EXPECT_EQ(read({"--root", "/r", "--log", "/l", "--log-format", "json", "create", "--bundle", "/b",
                  "--pid-file", "/p", "id"}),
            "create id");
  EXPECT_EQ(read({"--root=/r", "--systemd-cgroup", "run", "id", "-b", "/b"}), "run id");
  EXPECT_EQ(read({"kill", "id", "9"}), "kill id 9");
  EXPECT_EQ(read({"--root", "/r", "kill", "--all", "id", "KILL"}), "kill id KILL");
  EXPECT_EQ(read({"delete", "--force", "id"}), "delete id");
  EXPECT_EQ(read({"delete", "-f", "id"}), "delete id");
  EXPECT_EQ(read({"list", "-f", "json"}), "list");
  EXPECT_EQ(read({"--debug", "--debug", "state", "id"}), "state id");
  EXPECT_EQ(read({"--version"}), "version");
  EXPECT_EQ(read({"-v"}), "version");
  EXPECT_EQ(read({"--root", "/r", "--version"}), "version");
  EXPECT_EQ(read({}), "help");
}

TEST(CommandLine, WordsOfAnotherProgram) {
  EXPECT_EQ(read({"exec", "--pid-file", "p", "--process", "j", "--detach", "id"}), "exec id");
  EXPECT_EQ(read({"exec", "id", "sh", "-c", "--root"}), "exec id +sh +-c +--root");
  EXPECT_EQ(read({"exec", "-t", "-p", "j", "id"}), "exec id");
}

TEST(CommandLine, WhatIsWrong) {
  EXPECT_EQ(read({"create"}), "ID is missing");
  EXPECT_NE(read({"make", "id"}).find("no command"), std::string::npos);
  EXPECT_NE(read({"create", "a", "b"}).find("too many"), std::string::npos);
}

TEST(Signals, ByNameAndNumber) {
  EXPECT_EQ(signal_named("9"), SIGKILL);
  EXPECT_EQ(signal_named("term"), SIGTERM);
  EXPECT_EQ(signal_named("SIGWINCH"), SIGWINCH);
  EXPECT_EQ(signal_named("RTMIN+3"), 37);
  for (const char* wrong : {"", "0", "65", "-9", "SIG", "KILLER", "RTMIN+99", "9x"}) {
    EXPECT_EQ(signal_named(wrong), std::nullopt) << wrong;
  }
}

TEST(Native, TheCommandLineWithoutOurOptions) {
  EXPECT_EQ(native_words("runc", {"--config", "/c", "--root", "/r", "--native-runtime=runc", "exec",
                                  "--config", "x", "id"}),
            (Words{"runc", "--root", "/r", "exec", "--config", "x", "id"}));
}

}  // namespace
}  // namespace merlon::container
