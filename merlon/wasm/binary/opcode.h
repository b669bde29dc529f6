#pragma once

// The instruction set as data, generated from opcodes.def.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace merlon::wasm {

/// What follows an opcode in the binary format [WASM 3.0 §5.4].
enum class Immediate : std::uint8_t {
  None,
  Block,       ///< block type
  Label,       ///< label index
  LabelTable,  ///< vector of labels, then the default label
  Func,
  Type,
  TypeTable,  ///< type, then table
  Local,
  Global,
  Table,
  Table2,     ///< destination, then source
  ElemTable,  ///< element segment, then table
  Elem,
  Memory,
  Memory2,     ///< destination, then source
  DataMemory,  ///< data segment, then memory
  Data,
  Tag,
  MemArg,      ///< alignment, memory, offset
  MemArgLane,  ///< the same, then a lane
  Lane,
  I32,
  I64,
  F32,
  F64,
  V128,
  Shuffle,  ///< sixteen lanes
  HeapType,
  SelectTypes,
  TryTable,  ///< block type, then catch clauses
  Fence,     ///< one reserved zero byte
};

/// The proposals an instruction may have come with; what a module *needs*.
enum class Feature : std::uint8_t {
  Mvp,
  SignExtension,
  SaturatingTruncation,
  MultiValue,
  BulkMemory,
  ReferenceTypes,
  Simd,
  RelaxedSimd,
  TailCall,
  ExtendedConst,
  MultiMemory,
  Memory64,
  Exceptions,
  LegacyExceptions,
  FunctionReferences,
  Threads,
};

/// Dense: the row's place in opcodes.def.
enum class Opcode : std::uint16_t {
#define MERLON_OPCODE(enumerator, ...) enumerator,
#include "merlon/wasm/binary/opcodes.def"
#undef MERLON_OPCODE
};

/// A text that lies in its row. Pointers in a table are relocated at each start of the program,
/// page by page, whether anybody reads them or not.
template <std::size_t Longest>
class OpcodeText {
 public:
  consteval OpcodeText(std::string_view text)  // NOLINT(google-explicit-constructor): see the table
      : size_(static_cast<std::uint8_t>(text.size())) {
    for (std::size_t i = 0; i < text.size(); ++i) bytes_[i] = text[i];
  }
  constexpr operator std::string_view() const noexcept {  // NOLINT(google-explicit-constructor)
    return {bytes_.data(), size_};
  }
  [[nodiscard]] constexpr bool starts_with(std::string_view start) const noexcept {
    return std::string_view(*this).starts_with(start);
  }

 private:
  std::array<char, Longest> bytes_{};
  std::uint8_t size_;
};

/// Without its text, which nobody needs who compiles: every instruction of a module is looked up
/// several times, and the rows shall stay in the nearest cache.
struct OpcodeInfo {
  std::uint8_t prefix;
  std::uint16_t code;
  Immediate immediate;
  OpcodeText<5> signature;  ///< see opcodes.def
  std::uint8_t alignment;   ///< log2
  Feature feature;
};

inline constexpr auto opcode_table = std::array{
#define MERLON_OPCODE(enumerator, prefix, code, text, immediate, signature, alignment, feature)   \
  OpcodeInfo{prefix,          code, Immediate::immediate, std::string_view(signature), alignment, \
             Feature::feature},
#include "merlon/wasm/binary/opcodes.def"
#undef MERLON_OPCODE
};

inline constexpr auto opcode_texts = std::array{
#define MERLON_OPCODE(enumerator, prefix, code, text, ...) OpcodeText<35>(std::string_view(text)),
#include "merlon/wasm/binary/opcodes.def"
#undef MERLON_OPCODE
};

inline constexpr std::size_t opcode_count = opcode_table.size();
inline constexpr std::uint16_t no_opcode = 0xffff;

[[nodiscard]] constexpr const OpcodeInfo& info(Opcode op) noexcept {
  return opcode_table[static_cast<std::size_t>(op)];
}

/// As the text format writes it. Static storage.
[[nodiscard]] constexpr std::string_view text_of(Opcode op) noexcept {
  return opcode_texts[static_cast<std::size_t>(op)];
}

namespace detail {

template <std::size_t N>
consteval std::array<std::uint16_t, N> opcodes_by_code(std::uint8_t prefix) {
  std::array<std::uint16_t, N> result{};
  for (auto& entry : result) entry = no_opcode;
  for (std::size_t i = 0; i < opcode_count; ++i) {
    if (opcode_table[i].prefix == prefix) {
      result[opcode_table[i].code] = static_cast<std::uint16_t>(i);
    }
  }
  return result;
}

inline constexpr auto one_byte_opcodes = opcodes_by_code<256>(0);
inline constexpr auto fc_opcodes = opcodes_by_code<32>(0xfc);
inline constexpr auto fd_opcodes = opcodes_by_code<0x120>(0xfd);
inline constexpr auto fe_opcodes = opcodes_by_code<0x50>(0xfe);

template <std::size_t N>
constexpr std::uint16_t find(const std::array<std::uint16_t, N>& page, std::uint32_t code) {
  return code < N ? page[code] : no_opcode;
}

}  // namespace detail

/// The row of a prefixed instruction, or no_opcode.
[[nodiscard]] constexpr std::uint16_t find_prefixed(std::uint8_t prefix,
                                                    std::uint32_t code) noexcept {
  if (prefix == 0xfc) return detail::find(detail::fc_opcodes, code);
  if (prefix == 0xfd) return detail::find(detail::fd_opcodes, code);
  if (prefix == 0xfe) return detail::find(detail::fe_opcodes, code);
  return no_opcode;
}

/// The proposal's common name, e.g. "bulk-memory". Static storage.
[[nodiscard]] std::string_view to_string(Feature feature) noexcept;

}  // namespace merlon::wasm
