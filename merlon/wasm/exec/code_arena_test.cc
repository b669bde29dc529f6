#include "merlon/wasm/exec/code_arena.h"

#include <cstring>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "merlon/wasm/exec/code_map.h"

namespace merlon::wasm {
namespace {

/// Does any mapping of this process allow both writing and execution?
bool has_writable_code() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const std::string rights = line.substr(line.find(' ') + 1, 4);
    if (rights[1] == 'w' && rights[2] == 'x') return true;
  }
  return false;
}

TEST(CodeArena, CodeIsNeverWritableAndExecutableAtOnce) {
  auto arena = CodeArena::create(4, 1U << 20U);
  ASSERT_TRUE(arena.has_value());
  for (int i = 0; i < 50; ++i) {
    const auto room = arena->append(700);
    ASSERT_TRUE(room.has_value());
    std::memset(room->data(), 0xc3, room->size());
    EXPECT_FALSE(has_writable_code());
    if (i % 7 != 0) continue;
    ASSERT_TRUE(arena->seal().has_value());
    EXPECT_FALSE(has_writable_code());
    // SAFETY: the bytes are `ret`.
    reinterpret_cast<void (*)()>(room->data())();
  }
}

TEST(CodeArena, RefusesMoreThanItReserved) {
  auto arena = CodeArena::create(0, 4096);
  ASSERT_TRUE(arena.has_value());
  EXPECT_TRUE(arena->append(4096).has_value());
  EXPECT_FALSE(arena->append(1).has_value());
}

TEST(CodeMap, FindsFunctionsAndSitesByAddress) {
  FunctionCode code;
  code.bytes.resize(100);
  code.frame_size = 24;
  code.sites = {{10, 1005, CodeSite::Kind::Fault, TrapKind::Unreachable},
                {20, 1002, CodeSite::Kind::Call, TrapKind::Unreachable},
                {20, 1009, CodeSite::Kind::Explicit, TrapKind::IntegerOverflow}};
  CodeMap map;
  map.add(0, 3, 1000, code);
  map.add(112, 4, 2000, code);
  EXPECT_EQ(map.find(50)->function, 3U);
  const CodeRecord* const record = map.find(130);
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->function, 4U);
  EXPECT_EQ(map.site(*record, 122, false)->wasm, 1005U);
  EXPECT_EQ(map.site(*record, 132, false)->trap, TrapKind::IntegerOverflow);
  EXPECT_EQ(map.site(*record, 132, true)->kind, CodeSite::Kind::Call);
  EXPECT_FALSE(map.site(*record, 133, false).has_value());
  EXPECT_EQ(map.find(5000), nullptr);
}

}  // namespace
}  // namespace merlon::wasm
