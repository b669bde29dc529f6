#pragma once

// A decoded module, in the terms of [WASM 3.0 §2.5]. Decoded is not validated: see
// validate/validator.h for the proof.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/wasm/binary/types.h"

namespace merlon::wasm {

enum class ExternKind : std::uint8_t { Function, Table, Memory, Global, Tag };

/// "function", "table", … Static storage.
[[nodiscard]] std::string_view to_string(ExternKind kind) noexcept;

/// A type index stands for a function.
using ExternType = std::variant<TypeIndex, TableType, MemoryType, GlobalType, TagType>;

[[nodiscard]] inline ExternKind kind_of(const ExternType& type) noexcept {
  return static_cast<ExternKind>(type.index());
}

/// Names are valid UTF-8 and borrow from the module's bytes.
struct Import {
  std::string_view module;
  std::string_view name;
  ExternType type;
};

struct Export {
  std::string_view name;
  ExternKind kind = ExternKind::Function;
  std::uint32_t index = 0;
};

/// The bytes of an expression, its final `end` included, and where they lie in the file.
struct Expression {
  core::ByteView code;
  std::size_t offset = 0;
};

struct Table {
  TableType type;
  std::optional<Expression> init;  ///< the null reference if absent
};

struct Global {
  GlobalType type;
  Expression init;
};

enum class SegmentMode : std::uint8_t { Active, Passive, Declarative };

struct ElementSegment {
  SegmentMode mode = SegmentMode::Passive;
  TableIndex table = 0;
  Expression offset;  ///< Active only
  ValueType type = ValueType::funcref;
  std::variant<std::vector<FuncIndex>, std::vector<Expression>> init;

  [[nodiscard]] std::size_t size() const noexcept {
    return std::visit([](const auto& list) { return list.size(); }, init);
  }
};

struct DataSegment {
  SegmentMode mode = SegmentMode::Passive;
  MemoryIndex memory = 0;
  Expression offset;  ///< Active only
  core::ByteView bytes;
};

/// One entry of the code section: local declarations and instructions, not yet looked at.
struct FunctionBody {
  core::ByteView code;
  std::size_t offset = 0;
};

struct CustomSection {
  std::string_view name;
  core::ByteView content;
  std::size_t offset = 0;
};

/// Where a section lies; `id` as in [WASM 3.0 §5.5.2].
struct SectionSpan {
  std::uint8_t id = 0;
  std::size_t offset = 0;
  std::size_t size = 0;
};

/// Everything a module declares. Views borrow from the bytes that were decoded.
/// Each index space lists imports first, as the specification does.
struct Module {
  std::vector<DefinedType> types;
  std::vector<Import> imports;
  std::vector<TypeIndex> functions;  ///< type of each function
  std::vector<Table> tables;
  std::vector<MemoryType> memories;
  std::vector<Global> globals;
  std::vector<TagType> tags;
  std::vector<Export> exports;
  std::optional<FuncIndex> start;
  std::vector<ElementSegment> elements;
  std::optional<std::uint32_t> data_count;
  std::vector<DataSegment> data;
  std::vector<FunctionBody> bodies;  ///< of the functions that are not imported
  std::vector<CustomSection> customs;
  std::vector<SectionSpan> sections;
  core::ByteView bytes;

  std::uint32_t imported_functions = 0;
  std::uint32_t imported_tables = 0;
  std::uint32_t imported_memories = 0;
  std::uint32_t imported_globals = 0;
  std::uint32_t imported_tags = 0;

  [[nodiscard]] const FuncType& type_of_function(FuncIndex index) const noexcept {
    return types[functions[index]].function;
  }
  [[nodiscard]] const CustomSection* custom(std::string_view name) const noexcept {
    for (const CustomSection& section : customs) {
      if (section.name == name) return &section;
    }
    return nullptr;
  }
};

}  // namespace merlon::wasm
