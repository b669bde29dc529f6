#include "merlon/cli/handlers.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "merlon/cli/table.h"

namespace merlon::cli {
namespace {

TEST(Handlers, EveryCommandHasExactlyOne) {
  EXPECT_EQ(handlers().size(), program().commands.size());
  for (const CommandSpec& command : program().commands) {
    EXPECT_EQ(std::ranges::count(handlers(), command.name, &Handler::command), 1) << command.name;
  }
}

}  // namespace
}  // namespace merlon::cli
