#include <gtest/gtest.h>

#include "merlon/wasm/testing/binary.h"

// Calls between instances: each has its own context and memory, and finds them again afterwards.

namespace merlon::wasm {
namespace {

using Code = std::vector<std::uint8_t>;

/// Three pages of memory and "f", which writes 7 over the first word of it.
Code callee() {
  testing::Binary binary;
  binary.types({1, 0x60, 0, 0}).section(3, {1, 0}).section(5, {1, 0, 3});
  binary.section(7, {1, 1, 'f', 0, 0}).code({0, 0x41, 0, 0x41, 7, 0x36, 2, 0, 0x0b});
  return binary.bytes();
}

/// A page of memory and "f", which writes 41 into its first word, makes `call`, and gives that word
/// and the number of pages, added. Function 0 is the callee's, and so is entry 0 of the table;
/// function 2 ends in `tail`.
Code caller(const Code& call, const Code& tail) {
  testing::Binary binary;
  binary.types({2, 0x60, 0, 0, 0x60, 0, 1, 0x7f}).section(2, {1, 1, 'm', 1, 'f', 0, 0});
  binary.section(3, {2, 1, 0}).section(4, {1, 0x70, 0, 1}).section(5, {1, 0, 1});
  binary.section(7, {1, 1, 'f', 0, 1}).section(9, {1, 0, 0x41, 0, 0x0b, 1, 0});
  Code first = {0, 0x41, 0, 0x41, 41, 0x36, 2, 0};
  first.insert(first.end(), call.begin(), call.end());
  first.insert(first.end(), {0x41, 0, 0x28, 2, 0, 0x3f, 0, 0x6a, 0x0b});
  Code second = {0};
  second.insert(second.end(), tail.begin(), tail.end());
  second.push_back(0x0b);
  Code bytes = binary.bytes();
  const auto size = [](std::size_t value) { return static_cast<std::uint8_t>(value); };
  bytes.insert(bytes.end(), {10, size(first.size() + second.size() + 3), 2, size(first.size())});
  bytes.insert(bytes.end(), first.begin(), first.end());
  bytes.push_back(size(second.size()));
  bytes.insert(bytes.end(), second.begin(), second.end());
  return bytes;
}

/// What the caller's "f" gives; nothing if it does not come to that.
std::optional<std::uint32_t> run(const Code& call, const Code& tail) {
  testing::Machine other(callee());
  Imports imports;
  imports.define("m", "f", *other.instance->find_export("f"));
  auto module = other.engine->compile(caller(call, tail));
  if (!module.has_value()) return std::nullopt;
  const InstantiateOutcome made = other.store->instantiate(*module, imports);
  if (!std::holds_alternative<Instance*>(made)) return std::nullopt;
  return testing::i32_of(std::get<Instance*>(made)->invoke("f", {}));
}

TEST(Calls, TheCallersMemoryIsItsOwnAgainAfterACallIntoAnotherInstance) {
  const Code nothing;
  EXPECT_EQ(run({0x10, 0}, nothing), 42U) << "call";
  EXPECT_EQ(run({0x41, 0, 0x11, 0, 0}, nothing), 42U) << "call_indirect";
  EXPECT_EQ(run({0xd2, 0, 0x14, 0}, nothing), 42U) << "call_ref";
}

TEST(Calls, TheCallersMemoryIsItsOwnAgainAfterATailCallIntoAnotherInstance) {
  const Code call = {0x10, 2};
  EXPECT_EQ(run(call, {0x12, 0}), 42U) << "return_call";
  EXPECT_EQ(run(call, {0x41, 0, 0x13, 0, 0}), 42U) << "return_call_indirect";
  EXPECT_EQ(run(call, {0xd2, 0, 0x15, 0}), 42U) << "return_call_ref";
}

}  // namespace
}  // namespace merlon::wasm
