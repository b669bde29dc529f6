#pragma once

// One instruction taken off a function body: the shared front of validator and compiler.

#include "merlon/wasm/binary/cursor.h"
#include "merlon/wasm/binary/module.h"
#include "merlon/wasm/binary/opcode.h"

namespace merlon::wasm {

/// An opcode and its immediates in sixteen bytes. Which members mean something follows from
/// info(op).immediate:
///   one index         value = index
///   two indices       low(), high() in the order of the Immediate's name
///   MemArg[Lane]      value = offset, memory, lane
///   Lane              lane
///   constants         value = bits;  HeapType: value = ValueType bits of (ref null heap)
///   Block             value = BlockType bits
///   V128, Shuffle     value = file offset of the sixteen bytes
///   LabelTable        low() = file offset of the first label, high() = labels without default
///   SelectTypes       value = ValueType bits of the one type
///   TryTable          low() = file offset of the first catch clause, high() = clauses;
///                     the block type is in `block`
struct Instruction {
  Opcode op = Opcode::Unreachable;
  std::uint8_t memory = 0;
  std::uint8_t lane = 0;
  std::uint32_t offset = 0;  ///< where the opcode lies in the file
  std::uint64_t value = 0;
  std::uint64_t block = 0;  ///< TryTable only

  [[nodiscard]] std::uint32_t low() const noexcept { return static_cast<std::uint32_t>(value); }
  [[nodiscard]] std::uint32_t high() const noexcept {
    return static_cast<std::uint32_t>(value >> 32U);
  }
};

/// The type of a block: nothing, one result, or a function type by index [WASM 3.0 §5.4.1].
class BlockType {
 public:
  enum class Form : std::uint8_t { Empty, Value, Index };

  static constexpr BlockType empty() noexcept { return BlockType(Form::Empty, 0); }
  static constexpr BlockType value(ValueType type) noexcept {
    return BlockType(Form::Value, type.bits());
  }
  static constexpr BlockType index(TypeIndex index) noexcept {
    return BlockType(Form::Index, index);
  }
  static constexpr BlockType from_bits(std::uint64_t bits) noexcept {
    return BlockType(static_cast<Form>(bits >> 32U), static_cast<std::uint32_t>(bits));
  }

  [[nodiscard]] constexpr std::uint64_t bits() const noexcept {
    return (static_cast<std::uint64_t>(form_) << 32U) | payload_;
  }
  [[nodiscard]] constexpr Form form() const noexcept { return form_; }
  [[nodiscard]] constexpr ValueType value_type() const noexcept {
    return ValueType::from_bits(payload_);
  }
  [[nodiscard]] constexpr TypeIndex type_index() const noexcept { return payload_; }

 private:
  constexpr BlockType(Form form, std::uint32_t payload) noexcept : form_(form), payload_(payload) {}

  Form form_;
  std::uint32_t payload_;
};

/// A clause of try_table [WASM 3.0 §5.4.1].
struct CatchClause {
  enum class Kind : std::uint8_t { Catch, CatchRef, CatchAll, CatchAllRef };
  Kind kind = Kind::Catch;
  TagIndex tag = 0;
  std::uint32_t label = 0;
};

/// Takes a value type off `cursor`; GC types are refused by name.
ValueType read_value_type(Cursor& cursor, const Module& module);
/// Takes a heap type off `cursor`.
HeapType read_heap_type(Cursor& cursor, const Module& module);
/// Takes a catch clause off `cursor`.
CatchClause read_catch_clause(Cursor& cursor);

/// Takes one instruction off `cursor`. After a failure (cursor.ok() is false) the result is
/// `unreachable`. Index immediates are *not* held against their index spaces: the validator does.
/// Alignments are, since they leave no trace in the result.
/// `result` is where it is to lie: to copy what was just written in parts costs more than to read
/// it.
void read_instruction(Cursor& cursor, const Module& module, Instruction& result);
inline Instruction read_instruction(Cursor& cursor, const Module& module) {
  Instruction result;
  read_instruction(cursor, module, result);
  return result;
}

}  // namespace merlon::wasm
