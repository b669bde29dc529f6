#include "merlon/cli/capabilities.h"

#include <gtest/gtest.h>

namespace merlon::cli {
namespace {

constexpr std::string_view wasi = "wasi_snapshot_preview1";

TEST(Capabilities, AreToldFromImportsInAFixedOrder) {
  const auto capabilities = capabilities_of({{wasi, "proc_exit"},
                                             {wasi, "fd_write"},
                                             {wasi, "path_open"},
                                             {wasi, "fd_prestat_get"},
                                             {wasi, "fd_read"}});
  ASSERT_EQ(capabilities.size(), 3U);
  EXPECT_EQ(capabilities[0].name, "directories");
  EXPECT_EQ(capabilities[0].imports, (std::vector<std::string>{"path_open", "fd_prestat_get"}));
  EXPECT_EQ(capabilities[1].imports, (std::vector<std::string>{"fd_write", "fd_read"}));
  EXPECT_EQ(capabilities[2].name, "its own end");
}

TEST(Capabilities, ImportsThatNobodyOffersAreNamedInFull) {
  const auto capabilities = capabilities_of({{"env", "fd_write"}, {wasi, "teleport"}});
  ASSERT_EQ(capabilities.size(), 1U);
  EXPECT_EQ(capabilities[0].name, "unknown imports");
  EXPECT_EQ(capabilities[0].imports[0], "env.fd_write");
}

TEST(Capabilities, TheEarlierSnapshotIsOfferedToo) {
  const auto capabilities = capabilities_of({{"wasi_unstable", "fd_write"}});
  ASSERT_EQ(capabilities.size(), 1U);
  EXPECT_EQ(capabilities[0].name, "files");
}

TEST(Capabilities, AModuleWithoutImportsAsksForNothing) {
  EXPECT_TRUE(capabilities_of({}).empty());
}

}  // namespace
}  // namespace merlon::cli
