// A program of another name than merlon has all of it by its table alone.

#include "merlon/command/command.h"

#include <gtest/gtest.h>

#include "merlon/command/completion.h"
#include "merlon/command/help.h"
#include "merlon/command/man.h"
#include "merlon/command/parse.h"

namespace merlon::command {
namespace {

constexpr std::array<std::string_view, 2> levels{"low", "high"};
constexpr std::array serve_options{
    OptionSpec{"--listen", "ADDRESS", "Where to listen.", true},
    OptionSpec{"--config", "FILE", "What to read.", false, {}, true},
    OptionSpec{"--level", "LEVEL", "How much to say.", false, levels},
};
constexpr std::array key_positionals{PositionalSpec{"NAME", "Whose.", true, levels}};
constexpr std::array commands{
    CommandSpec{"serve", "Serve", "Serves until it is told not to.", {}, serve_options},
    CommandSpec{"key show", "Show a key", "Shows it.", key_positionals},
    CommandSpec{"key renew", "Renew a key", "Renews it."},
};
constexpr std::array items{ManItem{"0", "All went well."}};
constexpr std::array sections{ManSection{"EXIT STATUS", items}};
constexpr Program steward{"the-steward", "1.2", "Vouches for keeps.", commands, sections};

TEST(Program, IsParsedByItsTable) {
  const auto request = parse({"serve", "--listen", "a", "--listen=b", "--level", "low"}, commands);
  ASSERT_TRUE(request.has_value()) << request.error().text;
  EXPECT_EQ(request->command->name, "serve");
  EXPECT_EQ(request->arguments.values("--listen").size(), 2U);
  EXPECT_EQ(parse({"key", "--help"}, commands)->kind, Request::Kind::Help);
  EXPECT_FALSE(parse({"run"}, commands).has_value());
  EXPECT_FALSE(parse({"serve", "--level", "middle"}, commands).has_value());
}

TEST(Program, NamesItselfInEveryText) {
  std::string all = help(steward) + help(steward, "key") + help(steward, commands[0]) +
                    synopsis(steward, commands[1]) + man_page(steward);
  for (const std::string_view shell : completion_shells) all += completion(steward, shell).value();
  EXPECT_EQ(all.find("merlon"), std::string::npos);
  EXPECT_EQ(completion(steward, "csh"), std::nullopt);
  EXPECT_EQ(synopsis(steward, commands[1]), "the-steward key show NAME");
  EXPECT_NE(help(steward).find("usage: the-steward COMMAND\n\nVouches for keeps."),
            std::string::npos);
  EXPECT_NE(man_page(steward).find(".TH THE\\-STEWARD 1"), std::string::npos);
  EXPECT_NE(man_page(steward).find(".SH EXIT STATUS"), std::string::npos);
}

TEST(Program, CompletesByNamesThatShellsTake) {
  const std::string bash = completion(steward, "bash").value();
  EXPECT_NE(bash.find("complete -F _the_steward the-steward\n"), std::string::npos);
  EXPECT_NE(bash.find("_the_steward_words \"low high\""), std::string::npos);
  EXPECT_NE(completion(steward, "fish")->find("function __the_steward_is\n"), std::string::npos);
  EXPECT_NE(completion(steward, "zsh")->find("#compdef the-steward\n"), std::string::npos);
}

}  // namespace
}  // namespace merlon::command
