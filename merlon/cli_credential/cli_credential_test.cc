#include <filesystem>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
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

TEST(Shown, ForgetsWhatIsOverForLong) {
  char name[] = "/tmp/merlon-shown-XXXXXX";
  const std::string folder = ::mkdtemp(name);
  const auto over = credential::key_id(core::as_bytes("over"));
  const auto counts = credential::key_id(core::as_bytes("counts"));
  const auto unknown = credential::key_id(core::as_bytes("unknown"));
  const auto shown = Shown::open(folder + "/db").value();
  const auto tag_of = [](std::uint32_t number) {
    const std::string text = base::concat(number);
    return credential::Tag::from(crypto::sha256({core::as_bytes(text)}).view()).value();
  };
  shown->tidy({{over, {1000}}, {counts, {5000}}}, {900});
  for (const auto& key : {over, counts, unknown}) {
    EXPECT_EQ(shown->remember(key, tag_of(0)), std::optional(true));
  }
  for (std::uint32_t i = 1; i < 5000; i += 100) {
    EXPECT_EQ(shown->remember(over, tag_of(i)), std::optional(true));
  }
  shown->tidy({}, {1000 + Shown::grace - 1});
  EXPECT_EQ(shown->remember(over, tag_of(0)), std::optional(false)) << "over, but not for long";
  shown->tidy({}, {1000 + Shown::grace});
  EXPECT_EQ(shown->remember(counts, tag_of(0)), std::optional(false));
  EXPECT_EQ(shown->remember(unknown, tag_of(0)), std::optional(false)) << "nobody said its end";
  for (const std::uint32_t number : {1U, 1'000'000U}) {
    EXPECT_EQ(shown->remember(over, tag_of(number)), std::optional(false))
        << "nobody knows any more whether it was shown: the clock may have been ahead";
  }
  shown->tidy({{over, {1000}}}, {900});
  EXPECT_EQ(shown->remember(over, tag_of(1)), std::optional(false)) << "set back";
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace merlon::cli_credential
