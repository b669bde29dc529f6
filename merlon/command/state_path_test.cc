#include "merlon/command/state_path.h"

#include <gtest/gtest.h>

namespace merlon::command {
namespace {

Terminal with(std::string (*variable)(const char* name)) {
  return {"merlon", nullptr, nullptr, variable};
}

TEST(StatePath, IsWhereTheUserWantsState) {
  const Terminal terminal = with([](const char* name) -> std::string {
    return std::string_view(name) == "XDG_STATE_HOME" ? "/state" : "/home/me";
  });
  EXPECT_EQ(state_path(terminal, "seen.json"), "/state/merlon/seen.json");
}

TEST(StatePath, IsBelowHomeWhereNothingElseIsSaid) {
  const Terminal terminal = with([](const char* name) -> std::string {
    return std::string_view(name) == "HOME" ? "/home/me" : "";
  });
  EXPECT_EQ(state_path(terminal, "x"), "/home/me/.local/state/merlon/x");
}

TEST(StatePath, WhatIsNotAbsoluteCountsAsNotSet) {
  const Terminal relative = with([](const char* name) -> std::string {
    return std::string_view(name) == "XDG_STATE_HOME" ? "state" : "/home/me";
  });
  EXPECT_EQ(state_path(relative, "x"), "/home/me/.local/state/merlon/x");
  const Terminal none = with([](const char*) -> std::string { return "here"; });
  EXPECT_EQ(state_path(none, "x"), "");
}

}  // namespace
}  // namespace merlon::command
