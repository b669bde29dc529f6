#include "merlon/wasi/add_to.h"

#include <gtest/gtest.h>

#include "merlon/wasi/testing/guest.h"
#include "merlon/wasm/testing/binary.h"

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

/// Exports "f", which gives what fd_close of its argument gives, but for 7: then it exits with 9.
std::vector<std::uint8_t> closing() {
  std::vector<std::uint8_t> imports = {2};
  const auto text = [&imports](std::string_view what) {
    imports.push_back(static_cast<std::uint8_t>(what.size()));
    imports.insert(imports.end(), what.begin(), what.end());
  };
  for (const auto& [name, type] : {std::pair("fd_close", 0), std::pair("proc_exit", 1)}) {
    text("wasi_snapshot_preview1");
    text(name);
    imports.insert(imports.end(), {0, static_cast<std::uint8_t>(type)});
  }
  wasm::testing::Binary binary;
  binary.types({2, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 1, 0x7f, 0});
  std::vector<std::uint8_t> bytes = binary.bytes();
  bytes.insert(bytes.end(), {2, static_cast<std::uint8_t>(imports.size())});
  bytes.insert(bytes.end(), imports.begin(), imports.end());
  bytes.insert(bytes.end(), {3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 5, 1, 1, 'f', 0, 2});
  // local.get 0; i32.const 7; i32.eq; if; i32.const 9; call 1; end; local.get 0; call 0
  bytes.insert(bytes.end(), {10,   20,   1, 18,   0, 0x20, 0,    0x41, 7,    0x46, 0x04,
                             0x40, 0x41, 9, 0x10, 1, 0x0b, 0x20, 0,    0x10, 0,    0x0b});
  return bytes;
}

TEST(AddTo, AGuestGetsTheNumberOfTheErrorOrEnds) {
  testing::Guest guest;
  const FdNumber open = guest.insert(null_file());
  const std::vector<std::uint8_t> bytes = closing();
  const wasm::Imports imports =
      imports_of(guest.context(), "wasi_snapshot_preview1", {"fd_close", "proc_exit"});
  wasm::testing::Machine machine(bytes, imports);
  ASSERT_NE(machine.instance, nullptr);
  const auto close = [&machine](std::uint32_t fd) {
    return machine.call({wasm::Value::from_i32(fd)});
  };
  EXPECT_EQ(wasm::testing::i32_of(close(open)), 0U);
  EXPECT_EQ(wasm::testing::i32_of(close(open)), static_cast<std::uint32_t>(Errno::Badf));
  const wasm::Outcome ended = close(7);
  const wasm::Trap* trap = wasm::testing::trap_of(ended);
  ASSERT_NE(trap, nullptr);
  EXPECT_EQ(trap->kind, wasm::TrapKind::Exit);
  EXPECT_EQ(trap->exit_code, 9U);
}

}  // namespace
}  // namespace merlon::wasi
