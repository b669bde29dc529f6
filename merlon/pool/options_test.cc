#include "merlon/pool/options.h"

#include <gtest/gtest.h>

namespace merlon::pool {
namespace {

command::Terminal terminal_of(std::string (*variable)(const char*)) {
  return {"merlon-pool", [](const base::Printable&) { return true; },
          [](const base::Printable&) { return true; }, variable};
}
std::string nothing(const char* /*name*/) { return {}; }
std::string run_user(const char* name) {
  return std::string_view(name) == "XDG_RUNTIME_DIR" ? "/run/user/1000" : "";
}

TEST(PoolOptions, WhatHoldsWhereNothingIsSaid) {
  const auto options = options_of({}, terminal_of(&run_user));
  ASSERT_TRUE(options);
  EXPECT_EQ(options->socket, "/run/user/1000/merlon-pool");
  EXPECT_EQ(options->settings.backends, std::vector{host::Backend::Kvm});
  EXPECT_EQ(options->settings.ready, 2U);
  EXPECT_EQ(options->settings.snapshots, Snapshots::WhereSlow);
}

TEST(PoolOptions, ASocketIsNeeded) {
  EXPECT_FALSE(options_of({}, terminal_of(&nothing)));
  command::Arguments arguments;
  arguments.options["--socket"] = {"here"};
  EXPECT_TRUE(options_of(arguments, terminal_of(&nothing)));
}

TEST(PoolOptions, NumbersAreBounded) {
  for (const auto& [option, value] :
       {std::pair{"--ready", "0"}, {"--ready", "257"}, {"--modules", "x"}, {"--keeps", "0"}}) {
    command::Arguments arguments;
    arguments.options[option] = {value};
    EXPECT_FALSE(options_of(arguments, terminal_of(&run_user))) << option << value;
  }
}

TEST(PoolOptions, NoMoreIsPreparedThanIsKept) {
  command::Arguments arguments;
  arguments.options["--modules"] = {"1"};
  arguments.options["--prepare"] = {"a.wasm", "b.wasm"};
  EXPECT_FALSE(options_of(arguments, terminal_of(&run_user)));
}

}  // namespace
}  // namespace merlon::pool
