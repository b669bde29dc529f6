#include "merlon/wasi/add_to.h"

#include <gtest/gtest.h>

namespace merlon::wasi {
namespace {

constexpr std::string_view names[] = {
#define MERLON_WASI_CALL(name, ...) #name,
#include "merlon/wasi/api.def"
#undef MERLON_WASI_CALL
};

/// What a module gets that imports `names` from the module `from`.
wasm::Imports imports_of(Context& context, std::string_view from,
                         const std::vector<std::string_view>& wanted) {
  wasm::Module module;
  for (const std::string_view name : wanted) module.imports.push_back({from, name, {}});
  wasm::Imports imports;
  add_to(imports, context, module);
  return imports;
}

TEST(AddTo, EachFunctionOfBothModulesIsThereForWhoImportsIt) {
  const auto context = Context::create({}).value();
  const std::vector<std::string_view> all(std::begin(names), std::end(names));
  ASSERT_EQ(all.size(), 46U);
  const auto preview1 = imports_of(*context, "wasi_snapshot_preview1", all);
  const auto unstable = imports_of(*context, "wasi_unstable", all);
  for (const std::string_view name : names) {
    EXPECT_NE(preview1.find("wasi_snapshot_preview1", name), nullptr) << name;
    // It came with preview 1.
    EXPECT_EQ(unstable.find("wasi_unstable", name) == nullptr, name == "sock_accept") << name;
  }
}

TEST(AddTo, NothingIsDefinedThatNobodyImports) {
  const auto context = Context::create({}).value();
  const auto imports = imports_of(*context, "wasi_snapshot_preview1", {"fd_read", "no_such"});
  EXPECT_NE(imports.find("wasi_snapshot_preview1", "fd_read"), nullptr);
  EXPECT_EQ(imports.find("wasi_snapshot_preview1", "fd_write"), nullptr);
  EXPECT_EQ(imports.find("wasi_snapshot_preview1", "no_such"), nullptr);
  EXPECT_EQ(imports.find("wasi_unstable", "fd_read"), nullptr);
  // But both modules are known, so that a message names the function and not the module.
  EXPECT_TRUE(imports.has_module("wasi_snapshot_preview1"));
  EXPECT_TRUE(imports.has_module("wasi_unstable"));
  const auto none = imports_of(*context, "env", {"fd_read"});
  EXPECT_EQ(none.find("env", "fd_read"), nullptr);
}

}  // namespace
}  // namespace merlon::wasi
