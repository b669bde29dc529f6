#include "merlon/cli/handlers.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "merlon/cli/table.h"
#include "merlon/command/own_commands.h"

namespace merlon::cli {
namespace {

TEST(Handlers, EveryCommandHasExactlyOneOrServeAnswersIt) {
  EXPECT_EQ(handlers().size() + 2, program().commands.size());
  for (const CommandSpec& command : program().commands) {
    const bool is_own = command.name == command::completion_command.name ||
                        command.name == command::man_command.name;
    EXPECT_EQ(std::ranges::count(handlers(), command.name, &Handler::command), is_own ? 0 : 1)
        << command.name;
  }
}

}  // namespace
}  // namespace merlon::cli
