#include <gtest/gtest.h>

#include "merlon/wasm/binary/decoder.h"
#include "merlon/wasm/testing/binary.h"
#include "merlon/wasm/validate/validator.h"

// An index is below the number of what it counts. Here each instruction that has one stands in a
// module with one of everything: 0 is there, 1 is the first that is not.

namespace merlon::wasm {
namespace {

using Code = std::vector<std::uint8_t>;

/// In the place of an index.
constexpr std::uint8_t x = 0xee;

bool is_valid(const Code& instruction) {
  testing::Binary binary;
  binary.types({1, 0x60, 0, 0}).section(3, {1, 0}).section(4, {1, 0x70, 0, 1});
  binary.section(5, {1, 0, 1}).section(13, {1, 0, 0});
  binary.section(6, {1, 0x7f, 1, 0x41, 0, 0x0b}).section(9, {1, 1, 0, 1, 0}).section(12, {1});
  // One local. What comes after unreachable has whatever operands it wants.
  Code body = {1, 1, 0x7f, 0x00};
  body.insert(body.end(), instruction.begin(), instruction.end());
  body.insert(body.end(), {0x00, 0x0b});
  Code bytes = binary.bytes();
  const auto size = static_cast<std::uint8_t>(body.size());
  bytes.insert(bytes.end(), {10, static_cast<std::uint8_t>(size + 2), 1, size});
  bytes.insert(bytes.end(), body.begin(), body.end());
  bytes.insert(bytes.end(), {11, 3, 1, 1, 0});
  auto module = decode(bytes);
  return module.has_value() && validate(std::move(*module)).has_value();
}

struct Case {
  const char* name;
  Code code;
};

const Case cases[] = {
    {"local.get", {0x20, x}},
    {"local.set", {0x21, x}},
    {"local.tee", {0x22, x}},
    {"global.get", {0x23, x}},
    {"global.set", {0x24, x}},
    {"table.get", {0x25, x}},
    {"table.set", {0x26, x}},
    {"table.size", {0xfc, 16, x}},
    {"table.grow", {0xfc, 15, x}},
    {"table.fill", {0xfc, 17, x}},
    {"table.copy", {0xfc, 14, x, x}},
    {"table.init", {0xfc, 12, x, x}},
    {"elem.drop", {0xfc, 13, x}},
    {"memory.size", {0x3f, x}},
    {"memory.grow", {0x40, x}},
    {"memory.fill", {0xfc, 11, x}},
    {"memory.copy", {0xfc, 10, x, x}},
    {"memory.init", {0xfc, 8, x, x}},
    {"data.drop", {0xfc, 9, x}},
    {"i32.load", {0x28, 0x42, x, 0}},
    {"i64.store", {0x37, 0x43, x, 0}},
    {"v128.load8_lane", {0xfd, 0x54, 0x40, x, 0, 0}},
    {"block", {0x02, x, 0x0b}},
    {"loop", {0x03, x, 0x0b}},
    {"br", {0x0c, x}},
    {"br_if", {0x0d, x}},
    {"br_table", {0x0e, 1, x, x}},
    {"br_on_null", {0xd5, x}},
    {"call", {0x10, x}},
    {"return_call", {0x12, x}},
    {"call_indirect", {0x11, x, x}},
    {"return_call_indirect", {0x13, x, x}},
    {"call_ref", {0x14, x}},
    {"return_call_ref", {0x15, x}},
    {"ref.func", {0xd2, x}},
    {"ref.null", {0xd0, x}},
    {"throw", {0x08, x}},
    {"catch", {0x06, 0x40, 0x07, x, 0x0b}},
    {"try_table with catch", {0x1f, 0x40, 1, 0, x, x, 0x0b}},
    {"try_table with catch_all", {0x1f, 0x40, 1, 2, x, 0x0b}},
};

TEST(Indices, AreBelowTheNumberOfWhatTheyCount) {
  for (const Case& each : cases) {
    Code good = each.code;
    for (std::uint8_t& byte : good) {
      if (byte == x) byte = 0;
    }
    EXPECT_TRUE(is_valid(good)) << each.name;
    for (std::size_t i = 0; i < good.size(); ++i) {
      if (each.code[i] != x) continue;
      for (const std::uint8_t beyond : std::initializer_list<std::uint8_t>{1, 2, 0x7f}) {
        Code bad = good;
        bad[i] = beyond;
        // 0x7f in the place of a block's type is a type.
        if (beyond == 0x7f && (each.code[0] == 0x02 || each.code[0] == 0x03)) continue;
        EXPECT_FALSE(is_valid(bad)) << each.name << ", byte " << i << ": " << int{beyond};
      }
    }
  }
}

}  // namespace
}  // namespace merlon::wasm
