// What merlon takes as a command line, and what it says of others.

#include <gtest/gtest.h>

#include "merlon/cli/table.h"
#include "merlon/command/help.h"
#include "merlon/command/parse.h"

namespace merlon::cli {
namespace {

using command::Request;

Request parsed(const std::vector<std::string>& words) {
  auto request = command::parse(words, program().commands);
  EXPECT_TRUE(request.has_value()) << (request ? "" : request.error().text);
  return request ? *std::move(request) : Request{};
}

std::string refusal(const std::vector<std::string>& words) {
  const auto request = command::parse(words, program().commands);
  return request ? "accepted" : request.error().text;
}

TEST(Parse, OptionsStandBeforeOrBehindTheFile) {
  for (const auto& words : {std::vector<std::string>{"run", "--timeout", "1s", "a.wasm"},
                            std::vector<std::string>{"run", "a.wasm", "--timeout=1s"}}) {
    const Request request = parsed(words);
    ASSERT_EQ(request.kind, Request::Kind::Run);
    EXPECT_EQ(request.command->name, "run");
    EXPECT_EQ(request.arguments.positional(0), "a.wasm");
    EXPECT_EQ(request.arguments.value("--timeout"), "1s");
  }
}

TEST(Parse, RepeatableOptionsKeepTheirOrder) {
  const Request request = parsed({"run", "--env", "A=1", "--env", "B=-2", "a.wasm"});
  const auto values = request.arguments.values("--env");
  EXPECT_EQ(std::vector<std::string>(values.begin(), values.end()),
            (std::vector<std::string>{"A=1", "B=-2"}));
  EXPECT_TRUE(request.arguments.values("--dir").empty());
}

TEST(Parse, ARepeatableOptionTakesOneWordEachTime) {
  const Request request = parsed({"run", "--env", "A=1", "a.wasm", "x"});
  EXPECT_EQ(request.arguments.positional(0), "a.wasm");
  EXPECT_EQ(request.arguments.rest, std::vector<std::string>{"x"});
}

TEST(Parse, EverythingBehindTwoDashesIsThePrograms) {
  const Request request = parsed({"run", "a.wasm", "--", "--timeout", "--", "-h"});
  EXPECT_EQ(request.arguments.rest, (std::vector<std::string>{"--timeout", "--", "-h"}));
  EXPECT_FALSE(request.arguments.has("--timeout"));
}

TEST(Parse, CommandsOfTwoWords) {
  EXPECT_EQ(parsed({"config", "init"}).command->name, "config init");
  EXPECT_EQ(refusal({"config"}), "'config' wants a command: init");
  EXPECT_EQ(refusal({"evidence", "policy"}), "'evidence policy' wants a command: init, check");
}

TEST(Parse, OtherNamesOfCommandsAreTakenAndNotListed) {
  EXPECT_EQ(parsed({"key", "sev", "create"}).command->name, "key sev create");
  EXPECT_EQ(refusal({"key"}), "'key' wants a command: snp, sgx");
  EXPECT_EQ(refusal({"key", "sev"}), "'key sev' wants a command: create, digest, sign");
  EXPECT_EQ(command::help(program(), "key").find("sev"), std::string::npos);
  EXPECT_NE(command::help(program(), "key sev").find("key sev sign"), std::string::npos);
}

TEST(Parse, HelpAndVersionNeedNothingElse) {
  EXPECT_EQ(parsed({}).kind, Request::Kind::Help);
  EXPECT_EQ(parsed({"--help"}).kind, Request::Kind::Help);
  EXPECT_EQ(parsed({"--version"}).kind, Request::Kind::Version);
  const Request run_help = parsed({"run", "--help"});
  EXPECT_EQ(run_help.kind, Request::Kind::Help);
  EXPECT_EQ(run_help.command->name, "run");
  const Request group_help = parsed({"evidence", "--help"});
  EXPECT_EQ(group_help.command, nullptr);
  const std::string text = command::help(program(), group_help.group);
  EXPECT_NE(text.find("evidence policy init"), std::string::npos);
  EXPECT_EQ(text.find("platform info"), std::string::npos);
}

TEST(Parse, WrongCommandLinesAreRefused) {
  EXPECT_EQ(refusal({"run"}), "FILE|DIR is missing");
  EXPECT_NE(refusal({"run", "--colour", "a.wasm"}), "accepted");
  EXPECT_NE(refusal({"run", "--timeout"}), "accepted");
  EXPECT_NE(refusal({"run", "--backend", "tdx", "a.wasm"}), "accepted");
  EXPECT_EQ(refusal({"run", "--backend", "sev", "a.wasm"}), "accepted");
  EXPECT_NE(refusal({"run", "a.wasm", "-x"}).find("behind --"), std::string::npos);
  EXPECT_EQ(refusal({"fly"}), "there is no command 'fly'");
  EXPECT_EQ(refusal({"evidence", "verfy", "a"}),
            "there is no command 'evidence verfy'; did you mean verify?");
  EXPECT_EQ(refusal({"evidence", "verify", "--endorsement", "x", "a"}),
            "there is no option '--endorsement'; did you mean --endorsements?");
  EXPECT_EQ(refusal({"inspect", "-q", "a"}), "there is no option '-q'");
  EXPECT_EQ(refusal({"inspect", "a", "b"}), "'b' is one word too many");
  EXPECT_EQ(refusal({"config", "init", "--", "x"}), "'x' is one word too many");
}

TEST(Parse, WrongValuesAreTold) {
  EXPECT_EQ(refusal({"run", "--timeout"}), "--timeout wants TIME");
  EXPECT_EQ(refusal({"run", "a.wasm", "--env", "--", "x"}), "--env wants NAME=VALUE");
  EXPECT_EQ(refusal({"run", "--backend", "tdx", "a.wasm"}),
            "--backend: 'tdx' is none of nil, kvm, snp, snp-sim, sgx, sgx-sim, sev");
  EXPECT_EQ(refusal({"run", "--timeout", "1s", "--timeout", "2s", "a.wasm"}),
            "--timeout is given twice");
  EXPECT_EQ(refusal({"inspect", "--json=1", "a.wasm"}), "--json takes no value");
  EXPECT_EQ(refusal({"run", "--backend=", "a.wasm"}), "--backend is given an empty value");
  EXPECT_EQ(refusal({"--versoin"}), "there is no option '--versoin'; did you mean --version?");
}

TEST(Parse, AValueMayLookLikeAnOptionAndAFileBeADash) {
  const Request request = parsed({"run", "--invoke", "-h", "-"});
  EXPECT_EQ(request.kind, Request::Kind::Run);
  EXPECT_EQ(request.arguments.value("--invoke"), "-h");
  EXPECT_EQ(request.arguments.positional(0), "-");
}

TEST(Parse, HelpIsGivenWhereverItIsAskedFor) {
  for (const auto& words : {std::vector<std::string>{"-h", "run"},
                            std::vector<std::string>{"run", "--no-option", "a.wasm", "-h"},
                            std::vector<std::string>{"run", "a.wasm", "--help"}}) {
    const Request request = parsed(words);
    EXPECT_EQ(request.kind, Request::Kind::Help);
    EXPECT_EQ(request.command->name, "run");
  }
}

TEST(Parse, AnEmptyValueIsNotNoOption) {
  EXPECT_EQ(refusal({"evidence", "verify", "a", "--policy", ""}),
            "--policy is given an empty value");
  EXPECT_NE(refusal({"evidence", "verify", "a", "--policy="}), "accepted");
  EXPECT_EQ(refusal({"evidence", "verify", "a", "--endorsements", "b", "--endorsements", ""}),
            "--endorsements is given an empty value");
  EXPECT_EQ(refusal({"evidence", "policy", "check", ""}), "FILE is an empty word");
  EXPECT_EQ(parsed({"run", "a.wasm", "--", ""}).arguments.rest, std::vector<std::string>{""});
}

TEST(Help, NamesEveryOptionOfEveryCommand) {
  for (const CommandSpec& command : program().commands) {
    const std::string text = command::help(program(), command);
    for (const OptionSpec& option : command.options) {
      EXPECT_NE(text.find(option.name), std::string::npos) << option.name;
    }
    EXPECT_EQ(command::help(program()).find(command.summary) == std::string::npos, command.hidden);
  }
}

}  // namespace
}  // namespace merlon::cli
