#include "merlon/wasm/binary/instruction.h"

#include <algorithm>
#include <array>

#include "merlon/wasm/binary/limits.h"

namespace merlon::wasm {

using core::ErrorCode;

namespace {

constexpr const char* gc_refused = "types of the GC proposal are not supported";

[[nodiscard]] std::uint64_t pair(std::uint32_t low, std::uint32_t high) noexcept {
  return (static_cast<std::uint64_t>(high) << 32U) | low;
}

/// The abstract heap type that a one-byte code stands for.
std::optional<HeapType> abstract_heap_type(std::uint8_t code) noexcept {
  switch (code) {
    case 0x70: return HeapType::Kind::Func;
    case 0x6f: return HeapType::Kind::Extern;
    case 0x69: return HeapType::Kind::Exn;
    case 0x73: return HeapType::Kind::NoFunc;
    case 0x72: return HeapType::Kind::NoExtern;
    case 0x74: return HeapType::Kind::NoExn;
    default: return std::nullopt;
  }
}

[[nodiscard]] bool is_gc_heap_type(std::uint8_t code) noexcept {
  return (code >= 0x6a && code <= 0x6e) || code == 0x71;
}

BlockType read_block_type(Cursor& cursor, const Module& module) {
  const std::uint8_t first = cursor.peek();
  if (first == 0x40) {
    cursor.u8();
    return BlockType::empty();
  }
  if ((first & 0xc0U) == 0x40) return BlockType::value(read_value_type(cursor, module));
  const std::int64_t index = cursor.s33();
  if (index < 0 || index >= static_cast<std::int64_t>(module.types.size())) {
    cursor.fail("unknown type in a block type");
    return BlockType::empty();
  }
  return BlockType::index(static_cast<TypeIndex>(index));
}

void read_memory_argument(Cursor& cursor, const OpcodeInfo& row, Instruction& result) {
  const std::uint32_t flags = cursor.u32();
  const std::uint32_t alignment = flags & 0x3fU;
  if (flags >= 0x80) cursor.fail("malformed memory argument flags");
  const bool exact = row.prefix == 0xfe;
  if (exact ? alignment != row.alignment : alignment > row.alignment) {
    cursor.fail(exact ? "an atomic access must have its natural alignment"
                      : "alignment must not be larger than natural");
  }
  if ((flags & 0x40U) != 0) {
    const std::uint32_t memory = cursor.u32();
    if (memory >= limits::memories) cursor.fail("unknown memory");
    result.memory = static_cast<std::uint8_t>(memory);
  }
  result.value = cursor.u64();
}

void read_label_table(Cursor& cursor, Instruction& result) {
  const std::uint32_t labels = cursor.count(limits::function_bytes, "too many br_table labels");
  result.value = pair(static_cast<std::uint32_t>(cursor.offset()), labels);
  for (std::uint64_t i = 0; i <= labels && cursor.ok(); ++i) cursor.u32();
}

void read_try_table(Cursor& cursor, const Module& module, Instruction& result) {
  result.block = read_block_type(cursor, module).bits();
  const std::uint32_t clauses = cursor.count(limits::function_bytes, "too many catch clauses");
  result.value = pair(static_cast<std::uint32_t>(cursor.offset()), clauses);
  for (std::uint32_t i = 0; i < clauses && cursor.ok(); ++i) (void)read_catch_clause(cursor);
}

void read_select_types(Cursor& cursor, const Module& module, Instruction& result) {
  if (cursor.u32() != 1) cursor.fail("invalid result arity: select takes one type");
  result.value = read_value_type(cursor, module).bits();
}

void read_pair(Cursor& cursor, Instruction& result) {
  const std::uint32_t first = cursor.u32();
  const std::uint32_t second = cursor.u32();
  result.value = pair(first, second);
}

void read_sixteen_bytes(Cursor& cursor, Instruction& result) {
  result.value = cursor.offset();
  (void)cursor.bytes(16);
}

void read_immediate(Cursor& cursor, const Module& module, const OpcodeInfo& row,
                    Instruction& result) {
  switch (row.immediate) {
    case Immediate::None: return;
    case Immediate::Block: result.value = read_block_type(cursor, module).bits(); return;
    case Immediate::Label:
    case Immediate::Func:
    case Immediate::Type:
    case Immediate::Local:
    case Immediate::Global:
    case Immediate::Table:
    case Immediate::Elem:
    case Immediate::Memory:
    case Immediate::Data:
    case Immediate::Tag: result.value = cursor.u32(); return;
    case Immediate::TypeTable:
    case Immediate::Table2:
    case Immediate::ElemTable:
    case Immediate::Memory2:
    case Immediate::DataMemory: read_pair(cursor, result); return;
    case Immediate::LabelTable: read_label_table(cursor, result); return;
    case Immediate::MemArg: read_memory_argument(cursor, row, result); return;
    case Immediate::MemArgLane:
      read_memory_argument(cursor, row, result);
      result.lane = cursor.u8();
      return;
    case Immediate::Lane: result.lane = cursor.u8(); return;
    case Immediate::I32: result.value = static_cast<std::uint32_t>(cursor.s32()); return;
    case Immediate::I64: result.value = static_cast<std::uint64_t>(cursor.s64()); return;
    case Immediate::F32: result.value = cursor.f32(); return;
    case Immediate::F64: result.value = cursor.f64(); return;
    case Immediate::V128:
    case Immediate::Shuffle: read_sixteen_bytes(cursor, result); return;
    case Immediate::HeapType:
      result.value = ValueType::reference(read_heap_type(cursor, module), true).bits();
      return;
    case Immediate::SelectTypes: read_select_types(cursor, module, result); return;
    case Immediate::TryTable: read_try_table(cursor, module, result); return;
    case Immediate::Fence:
      if (cursor.u8() != 0) cursor.fail("zero byte expected");
      return;
  }
}

std::uint16_t read_opcode(Cursor& cursor) {
  const std::uint8_t byte = cursor.u8();
  const std::uint16_t row = detail::one_byte_opcodes[byte];
  if (row != no_opcode) [[likely]]
    return row;
  if (byte == 0xfb) {
    cursor.fail("instructions of the GC proposal are not supported", ErrorCode::Unsupported);
    return no_opcode;
  }
  const std::uint16_t prefixed =
      byte >= 0xfc && byte <= 0xfe ? find_prefixed(byte, cursor.u32()) : no_opcode;
  if (prefixed == no_opcode) cursor.fail("illegal opcode");
  return prefixed;
}

/// How an instruction of one byte is read whose immediates are one byte each, as nearly all in a
/// function are: without a branch that depends on which it is, since no processor foresees that.
struct ShortForm {
  Opcode op = Opcode::Unreachable;
  std::uint16_t more = 0;  ///< bits of the immediates' bytes that say that others follow
  std::uint8_t size = 0;   ///< of the immediates: 0 to 2
  std::uint8_t value = 0;  ///< bits of the last byte that are the value
  std::uint8_t sign = 0;   ///< the one of them that is its sign
  /// Of the first byte, such as an alignment; -1: there is no such form.
  std::int8_t largest_first = -1;
};

constexpr bool is_one_index(Immediate immediate) {
  using enum Immediate;
  constexpr auto all = std::array{Label, Func, Type, Local, Global, Table, Memory, Tag};
  return std::ranges::find(all, immediate) != all.end();
}

constexpr ShortForm short_form_of(std::uint8_t byte) {
  const std::uint16_t row = detail::one_byte_opcodes[byte];
  if (row == no_opcode) return {};
  const auto op = static_cast<Opcode>(row);
  const OpcodeInfo& info = opcode_table[row];
  constexpr std::uint8_t bits = 0x7f;
  constexpr std::int8_t any = 0x7f;
  if (info.immediate == Immediate::None) return {op, 0, 0, 0, 0, any};
  if (is_one_index(info.immediate)) return {op, 0x80, 1, bits, 0, any};
  if (info.immediate == Immediate::I32) return {op, 0x80, 1, bits, 0x40, any};
  if (info.immediate == Immediate::MemArg) {
    return {op, 0x8080, 2, bits, 0, static_cast<std::int8_t>(info.alignment)};
  }
  return {};
}

constexpr auto short_forms = [] {
  std::array<ShortForm, 256> forms;
  for (std::size_t i = 0; i < forms.size(); ++i) {
    forms[i] = short_form_of(static_cast<std::uint8_t>(i));
  }
  return forms;
}();

/// Whether it had a short form.
bool read_short(Cursor& cursor, Instruction& result) {
  const std::uint8_t* const next = cursor.ahead(3);
  if (next == nullptr) return false;
  const ShortForm& form = short_forms[next[0]];
  const unsigned both = next[1] | unsigned{next[2]} << 8U;
  const unsigned first = both & 0x7fU;
  if ((both & form.more) != 0 || static_cast<int>(first) > form.largest_first) return false;
  const unsigned last = both >> (form.size & 2U) * 4U;
  const std::uint32_t value = ((last & form.value) ^ form.sign) - form.sign;
  result = {form.op, 0, 0, static_cast<std::uint32_t>(cursor.offset()), value, 0};
  cursor.take(std::size_t{1} + form.size);
  return true;
}

[[gnu::noinline]] void read_any(Cursor& cursor, const Module& module, Instruction& result) {
  result = {Opcode::Unreachable, 0, 0, static_cast<std::uint32_t>(cursor.offset()), 0, 0};
  const std::uint16_t row = read_opcode(cursor);
  if (row == no_opcode) [[unlikely]]
    return;
  result.op = static_cast<Opcode>(row);
  read_immediate(cursor, module, opcode_table[row], result);
  if (!cursor.ok()) [[unlikely]]
    result.op = Opcode::Unreachable;
}

}  // namespace

HeapType read_heap_type(Cursor& cursor, const Module& module) {
  const std::int64_t code = cursor.s33();
  if (code >= 0) {
    if (code >= static_cast<std::int64_t>(module.types.size())) {
      cursor.fail("unknown type");
      return HeapType::Kind::Func;
    }
    return HeapType::defined(static_cast<TypeIndex>(code));
  }
  const auto byte = static_cast<std::uint8_t>(code & 0x7f);
  if (const auto type = code >= -64 ? abstract_heap_type(byte) : std::nullopt) return *type;
  const bool gc = code >= -64 && is_gc_heap_type(byte);
  cursor.fail(gc ? gc_refused : "malformed heap type",
              gc ? ErrorCode::Unsupported : ErrorCode::Malformed);
  return HeapType::Kind::Func;
}

ValueType read_value_type(Cursor& cursor, const Module& module) {
  const std::uint8_t code = cursor.u8();
  switch (code) {
    case 0x7f: return ValueType::i32;
    case 0x7e: return ValueType::i64;
    case 0x7d: return ValueType::f32;
    case 0x7c: return ValueType::f64;
    case 0x7b: return ValueType::v128;
    case 0x64: return ValueType::reference(read_heap_type(cursor, module), false);
    case 0x63: return ValueType::reference(read_heap_type(cursor, module), true);
    default: break;
  }
  if (const auto heap = abstract_heap_type(code)) return ValueType::reference(*heap, true);
  const bool gc = is_gc_heap_type(code);
  cursor.fail(gc ? gc_refused : "malformed value type",
              gc ? ErrorCode::Unsupported : ErrorCode::Malformed);
  return ValueType::i32;
}

CatchClause read_catch_clause(Cursor& cursor) {
  CatchClause clause;
  const std::uint8_t kind = cursor.u8();
  if (kind > 3) cursor.fail("malformed catch clause");
  clause.kind = static_cast<CatchClause::Kind>(kind & 3U);
  if (kind <= 1) clause.tag = cursor.u32();
  clause.label = cursor.u32();
  return clause;
}

void read_instruction(Cursor& cursor, const Module& module, Instruction& result) {
  if (!read_short(cursor, result)) [[unlikely]]
    read_any(cursor, module, result);
}

}  // namespace merlon::wasm
