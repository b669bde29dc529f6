#include <filesystem>

#include <gtest/gtest.h>

#include "merlon/cli_credential/commands.h"
#include "merlon/cli_credential/shown.h"

namespace merlon::cli_credential {
namespace {

TEST(CliCredential, HasAHandlerForEachOfItsCommands) {
  for (const command::CommandSpec& each : cli::program().commands) {
    if (!each.name.starts_with("credential ") && !each.name.starts_with("statement ")) continue;
    const auto is_it = [&](const cli::Handler& handler) { return handler.command == each.name; };
    EXPECT_TRUE(std::ranges::any_of(handlers(), is_it)) << each.name;
  }
}

TEST(Shown, RemembersAcrossItsOwnEnd) {
  char name[] = "/tmp/merlon-shown-XXXXXX";
  const std::string folder = ::mkdtemp(name);
  const auto key = credential::key_id(core::as_bytes("key"));
  const auto other = credential::key_id(core::as_bytes("other"));
  const auto tag = credential::Tag::from(crypto::sha256({}).view()).value();
  {
    const auto shown = Shown::open(folder + "/db").value();
    EXPECT_EQ(shown->remember(key, tag), std::optional(true));
    EXPECT_EQ(shown->remember(key, tag), std::optional(false));
    EXPECT_EQ(shown->remember(other, tag), std::optional(true));
  }
  const auto again = Shown::open(folder + "/db").value();
  EXPECT_EQ(again->remember(key, tag), std::optional(false));
  std::filesystem::remove_all(folder);
  EXPECT_FALSE(Shown::open("/nowhere/at/all"));
}

}  // namespace
}  // namespace merlon::cli_credential
