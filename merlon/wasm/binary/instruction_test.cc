#include "merlon/wasm/binary/instruction.h"

#include <vector>

#include <gtest/gtest.h>

namespace merlon::wasm {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t file_offset = 1000;

struct Read {
  Instruction instruction;
  std::size_t taken = 0;
  bool ok = false;
};

Read read(const Bytes& bytes) {
  const Module module;
  Cursor cursor(bytes, file_offset);
  Read result;
  read_instruction(cursor, module, result.instruction);
  result.taken = cursor.offset() - file_offset;
  result.ok = cursor.ok();
  return result;
}

/// `first` as one byte or, if `is_long`, with a second one that adds nothing [WASM 3.0 §5.2.2].
void put(Bytes& bytes, std::uint8_t first, bool is_long, std::uint8_t second) {
  bytes.push_back(is_long ? first | 0x80U : first);
  if (is_long) bytes.push_back(second);
}

/// The same instruction, with immediates in one byte each and in two.
void expect_the_same(const Bytes& brief, const Bytes& extended) {
  const Read a = read(brief);
  const Read b = read(extended);
  ASSERT_TRUE(a.ok && b.ok);
  EXPECT_EQ(a.taken, brief.size());
  EXPECT_EQ(b.taken, extended.size());
  EXPECT_EQ(a.instruction.op, b.instruction.op);
  EXPECT_EQ(a.instruction.value, b.instruction.value);
  EXPECT_EQ(a.instruction.memory, b.instruction.memory);
  EXPECT_EQ(a.instruction.lane, b.instruction.lane);
  EXPECT_EQ(a.instruction.block, b.instruction.block);
  EXPECT_EQ(a.instruction.offset, file_offset);
  EXPECT_EQ(b.instruction.offset, file_offset);
}

TEST(ReadInstruction, IndicesAndNumbersAreTheSameInOneByteAndInTwo) {
  using enum Immediate;
  int tried = 0;
  for (std::size_t row = 0; row < opcode_count; ++row) {
    const OpcodeInfo& info = opcode_table[row];
    const bool is_index = info.immediate >= Label && info.immediate <= Tag &&
                          info.immediate != LabelTable && info.immediate != TypeTable &&
                          info.immediate != Table2 && info.immediate != ElemTable &&
                          info.immediate != Memory2 && info.immediate != DataMemory;
    if (info.prefix != 0 || (!is_index && info.immediate != I32)) continue;
    for (unsigned number = 0; number < 0x80; ++number) {
      SCOPED_TRACE(text_of(static_cast<Opcode>(row)));
      const auto byte = static_cast<std::uint8_t>(number);
      const bool negative = info.immediate == I32 && (number & 0x40U) != 0;
      Bytes brief{static_cast<std::uint8_t>(info.code)};
      Bytes extended = brief;
      put(brief, byte, false, 0);
      put(extended, byte, true, negative ? 0x7f : 0);
      expect_the_same(brief, extended);
      // Whatever follows.
      const Read alone = read(brief);
      brief.insert(brief.end(), {0xff, 0x80, 0x01});
      EXPECT_EQ(read(brief).taken, alone.taken);
      EXPECT_EQ(read(brief).instruction.value, alone.instruction.value);
      EXPECT_EQ(read(brief).instruction.value,
                negative ? std::uint64_t{0xffff'ff80U | number} : std::uint64_t{number});
      ++tried;
    }
  }
  EXPECT_GT(tried, 1000);
}

TEST(ReadInstruction, MemoryArgumentsAreTheSameInOneByteAndInTwo) {
  int tried = 0;
  for (std::size_t row = 0; row < opcode_count; ++row) {
    const OpcodeInfo& info = opcode_table[row];
    if (info.prefix != 0 || info.immediate != Immediate::MemArg) continue;
    SCOPED_TRACE(text_of(static_cast<Opcode>(row)));
    const auto code = static_cast<std::uint8_t>(info.code);
    for (unsigned alignment = 0; alignment < 0x40; ++alignment) {
      const auto flags = static_cast<std::uint8_t>(alignment);
      for (const unsigned offset : {0U, 1U, 0x3fU, 0x40U, 0x7fU}) {
        Bytes brief{code, flags, static_cast<std::uint8_t>(offset)};
        Bytes extended{code};
        put(extended, flags, true, 0);
        put(extended, static_cast<std::uint8_t>(offset), true, 0);
        if (alignment > info.alignment) {
          EXPECT_FALSE(read(brief).ok || read(extended).ok);
          EXPECT_EQ(read(brief).instruction.op, Opcode::Unreachable);
          continue;
        }
        expect_the_same(brief, extended);
        EXPECT_EQ(read(brief).instruction.value, offset);
        EXPECT_FALSE(read({code, flags}).ok);
        ++tried;
      }
    }
  }
  EXPECT_GT(tried, 200);
}

TEST(ReadInstruction, AnotherMemoryIsNamedBeforeTheOffset) {
  const Read of = read({0x28, 0x42, 0x03, 0x11});  // i32.load, alignment 2, memory 3, offset 17
  ASSERT_TRUE(of.ok);
  EXPECT_EQ(of.taken, 4U);
  EXPECT_EQ(of.instruction.memory, 3U);
  EXPECT_EQ(of.instruction.value, 17U);
}

TEST(ReadInstruction, WhatIsNoInstructionFailsAtAnyDistanceFromTheEnd) {
  for (unsigned byte = 0; byte < 0x100; ++byte) {
    if (detail::one_byte_opcodes[byte] != no_opcode || (byte >= 0xfc && byte <= 0xfe)) continue;
    for (const std::size_t behind : {0U, 1U, 2U, 9U}) {
      Bytes bytes(behind + 1);
      bytes.front() = static_cast<std::uint8_t>(byte);
      const Read of = read(bytes);
      EXPECT_FALSE(of.ok) << byte;
      EXPECT_EQ(of.instruction.op, Opcode::Unreachable);
    }
  }
}

}  // namespace
}  // namespace merlon::wasm
