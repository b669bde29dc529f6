#include "merlon/cli_evidence/commands.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "merlon/cli/handlers.h"

namespace merlon::cli_evidence {
namespace {

TEST(AppraiseCommands, AreThoseThatMerlonPassesOn) {
  for (const cli::Handler& of_merlon : cli::handlers()) {
    const bool passed_on = of_merlon.run == &cli::in_merlon_evidence;
    EXPECT_EQ(std::ranges::count(handlers(), of_merlon.command, &cli::Handler::command),
              passed_on ? 1 : 0)
        << of_merlon.command;
  }
}

}  // namespace
}  // namespace merlon::cli_evidence
