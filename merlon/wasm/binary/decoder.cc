#include "merlon/wasm/binary/decoder.h"

#include <algorithm>
#include <array>

#include "merlon/wasm/binary/instruction.h"
#include "merlon/wasm/binary/limits.h"

namespace merlon::wasm {

using core::ErrorCode;

namespace {

enum SectionId : std::uint8_t {
  Custom,
  Type,
  ImportSection,
  Function,
  TableSection,
  Memory,
  GlobalSection,
  ExportSection,
  Start,
  Element,
  Code,
  Data,
  DataCount,
  Tag,
  SectionCount,
};

/// The order in which sections must come; ids are historical [WASM 3.0 §5.5.16].
constexpr std::array<std::uint8_t, SectionCount> section_order = {0, 1, 2,  3,  4,  5,  7,
                                                                  8, 9, 10, 12, 13, 11, 6};

class Decoder {
 public:
  explicit Decoder(core::ByteView bytes) : bytes_(bytes), file_(bytes, 0) { module_.bytes = bytes; }

  core::Result<Module> decode() {
    read_header();
    while (file_.ok() && !file_.at_end()) read_section();
    if (file_.ok()) check_counts();
    if (!file_.ok()) return file_.error();
    return std::move(module_);
  }

 private:
  void read_header();
  void read_section();
  void read_content(std::uint8_t id, Cursor& cursor);
  void read_custom(Cursor& cursor);
  void read_types(Cursor& cursor);
  void read_recursion_group(Cursor& cursor);
  void read_defined_type(Cursor& cursor, TypeIndex group_start, std::uint32_t group_size);
  FuncType read_func_type(Cursor& cursor);
  void read_imports(Cursor& cursor);
  ExternType read_import_type(Cursor& cursor);
  void read_functions(Cursor& cursor);
  void read_tables(Cursor& cursor);
  void read_memories(Cursor& cursor);
  void read_globals(Cursor& cursor);
  void read_exports(Cursor& cursor);
  void read_elements(Cursor& cursor);
  ElementSegment read_element_segment(Cursor& cursor);
  void read_data_segments(Cursor& cursor);
  void read_bodies(Cursor& cursor);
  void read_tags(Cursor& cursor);
  std::string_view read_name(Cursor& cursor);
  Limits read_limits(Cursor& cursor, bool is_table);
  TableType read_table_type(Cursor& cursor);
  GlobalType read_global_type(Cursor& cursor);
  TagType read_tag_type(Cursor& cursor);
  TypeIndex read_type_index(Cursor& cursor);
  Expression read_expression(Cursor& cursor);
  void check_counts();

  core::ByteView bytes_;
  Cursor file_;
  Module module_;
  std::uint32_t declared_functions_ = 0;
  std::uint8_t last_order_ = 0;
};

void Decoder::read_header() {
  if (bytes_.size() > limits::module_bytes) {
    file_.fail("module larger than 1 GiB", ErrorCode::Exhausted);
    return;
  }
  constexpr std::array<std::uint8_t, 4> magic = {0x00, 0x61, 0x73, 0x6d};
  const core::ByteView head = file_.bytes(4);
  if (!file_.ok() || !std::ranges::equal(head, magic)) {
    file_ = Cursor(bytes_, 0);
    file_.fail("not a WebAssembly module: the magic number \\0asm is missing");
    return;
  }
  const std::uint32_t version = file_.f32();
  if (!file_.ok() || version == 1) return;
  const bool component = version == 0x0001'000d;
  file_.fail(component ? "a component, not a core module: components are not supported"
                       : "unknown binary version",
             component ? ErrorCode::Unsupported : ErrorCode::Malformed);
}

void Decoder::read_section() {
  const std::uint8_t id = file_.u8();
  const std::uint32_t size = file_.u32();
  const std::size_t offset = file_.offset();
  const core::ByteView content = file_.bytes(size);
  if (!file_.ok()) return;
  if (id >= SectionCount) {
    file_.fail("malformed section id");
    return;
  }
  if (id != Custom) {
    if (section_order[id] <= last_order_) {
      file_.fail("section out of order or given twice");
      return;
    }
    last_order_ = section_order[id];
  }
  module_.sections.push_back({id, offset, size});
  Cursor cursor(content, offset);
  read_content(id, cursor);
  if (cursor.ok() && !cursor.at_end()) cursor.fail("section size mismatch");
  if (!cursor.ok()) {
    const core::Error error = cursor.error();
    file_ = Cursor({}, static_cast<std::size_t>(error.detail));
    file_.fail(error.what, error.code, error.where);
  }
}

void Decoder::read_content(std::uint8_t id, Cursor& cursor) {
  switch (static_cast<SectionId>(id)) {
    case Custom: read_custom(cursor); return;
    case Type: read_types(cursor); return;
    case ImportSection: read_imports(cursor); return;
    case Function: read_functions(cursor); return;
    case TableSection: read_tables(cursor); return;
    case Memory: read_memories(cursor); return;
    case GlobalSection: read_globals(cursor); return;
    case ExportSection: read_exports(cursor); return;
    case Start: module_.start = cursor.u32(); return;
    case Element: read_elements(cursor); return;
    case Code: read_bodies(cursor); return;
    case Data: read_data_segments(cursor); return;
    case DataCount: module_.data_count = cursor.u32(); return;
    case Tag: read_tags(cursor); return;
    case SectionCount: return;
  }
}

void Decoder::read_custom(Cursor& cursor) {
  const std::string_view name = read_name(cursor);
  const std::size_t offset = cursor.offset();
  module_.customs.push_back({name, cursor.bytes(cursor.remaining()), offset});
}

void Decoder::read_types(Cursor& cursor) {
  const std::uint32_t groups = cursor.count(limits::types, "too many types");
  for (std::uint32_t i = 0; i < groups && cursor.ok(); ++i) read_recursion_group(cursor);
}

void Decoder::read_recursion_group(Cursor& cursor) {
  const auto start = static_cast<TypeIndex>(module_.types.size());
  std::uint32_t size = 1;
  if (cursor.peek() == 0x4e) {
    cursor.u8();
    size = cursor.count(limits::types, "too many types");
  }
  if (start + size > limits::types) cursor.fail("too many types", ErrorCode::Exhausted);
  if (!cursor.ok()) return;
  // The group's own types may refer to each other, so all of them exist before the first is read.
  module_.types.resize(start + size);
  for (std::uint32_t i = 0; i < size && cursor.ok(); ++i) {
    module_.types[start + i].group_start = start;
    module_.types[start + i].group_size = size;
  }
  for (std::uint32_t i = 0; i < size && cursor.ok(); ++i) read_defined_type(cursor, start, i);
}

void Decoder::read_defined_type(Cursor& cursor, TypeIndex group_start, std::uint32_t position) {
  DefinedType& type = module_.types[group_start + position];
  std::uint8_t form = cursor.u8();
  if (form == 0x50 || form == 0x4f) {
    type.final = form == 0x4f;
    const std::uint32_t supertypes = cursor.count(limits::types, "too many supertypes");
    if (supertypes > 1) cursor.fail("a type has at most one supertype");
    if (supertypes == 1) {
      const TypeIndex supertype = cursor.u32();
      if (supertype >= group_start + position) cursor.fail("unknown supertype");
      type.supertype = supertype;
    }
    form = cursor.u8();
  }
  if (form == 0x5f || form == 0x5e) {
    cursor.fail("struct and array types of the GC proposal are not supported",
                ErrorCode::Unsupported);
    return;
  }
  if (form != 0x60) cursor.fail("malformed type");
  type.function = read_func_type(cursor);
}

FuncType Decoder::read_func_type(Cursor& cursor) {
  FuncType type;
  const std::uint32_t params = cursor.count(limits::params, "too many parameters");
  for (std::uint32_t i = 0; i < params && cursor.ok(); ++i) {
    type.params.push_back(read_value_type(cursor, module_));
  }
  const std::uint32_t results = cursor.count(limits::results, "too many results");
  for (std::uint32_t i = 0; i < results && cursor.ok(); ++i) {
    type.results.push_back(read_value_type(cursor, module_));
  }
  return type;
}

TypeIndex Decoder::read_type_index(Cursor& cursor) {
  const TypeIndex index = cursor.u32();
  if (cursor.ok() && index >= module_.types.size()) cursor.fail("unknown type");
  return index;
}

std::string_view Decoder::read_name(Cursor& cursor) {
  const std::uint32_t size = cursor.u32();
  const core::ByteView name = cursor.bytes(size);
  if (cursor.ok() && !is_utf8(name)) cursor.fail("malformed UTF-8 encoding");
  return core::as_text(name);
}

Limits Decoder::read_limits(Cursor& cursor, bool is_table) {
  Limits result;
  const std::uint8_t flags = cursor.u8();
  if (flags > 7 || (is_table && (flags & 2U) != 0)) cursor.fail("malformed limits flags");
  result.address = (flags & 4U) != 0 ? AddressType::I64 : AddressType::I32;
  result.shared = (flags & 2U) != 0;
  const bool wide = result.address == AddressType::I64;
  result.min = wide ? cursor.u64() : cursor.u32();
  if ((flags & 1U) != 0) result.max = wide ? cursor.u64() : cursor.u32();
  return result;
}

TableType Decoder::read_table_type(Cursor& cursor) {
  TableType type;
  type.element = read_value_type(cursor, module_);
  if (!type.element.is_reference()) cursor.fail("malformed reference type");
  type.limits = read_limits(cursor, true);
  return type;
}

GlobalType Decoder::read_global_type(Cursor& cursor) {
  GlobalType type;
  type.value = read_value_type(cursor, module_);
  const std::uint8_t mutability = cursor.u8();
  if (mutability > 1) cursor.fail("malformed mutability");
  type.is_mutable = mutability == 1;
  return type;
}

TagType Decoder::read_tag_type(Cursor& cursor) {
  if (cursor.u8() != 0) cursor.fail("malformed tag attribute");
  return TagType{read_type_index(cursor)};
}

ExternType Decoder::read_import_type(Cursor& cursor) {
  switch (cursor.u8()) {
    case 0: {
      const TypeIndex type = read_type_index(cursor);
      module_.functions.push_back(type);
      ++module_.imported_functions;
      return type;
    }
    case 1: {
      const TableType type = read_table_type(cursor);
      module_.tables.push_back({type, std::nullopt});
      ++module_.imported_tables;
      return type;
    }
    case 2: {
      const MemoryType type{read_limits(cursor, false)};
      module_.memories.push_back(type);
      ++module_.imported_memories;
      return type;
    }
    case 3: {
      const GlobalType type = read_global_type(cursor);
      module_.globals.push_back({type, {}});
      ++module_.imported_globals;
      return type;
    }
    case 4: {
      const TagType type = read_tag_type(cursor);
      module_.tags.push_back(type);
      ++module_.imported_tags;
      return type;
    }
    default: cursor.fail("malformed import kind"); return TypeIndex{0};
  }
}

void Decoder::read_imports(Cursor& cursor) {
  const std::uint32_t count = cursor.count(limits::imports, "too many imports");
  module_.imports.reserve(count);
  for (std::uint32_t i = 0; i < count && cursor.ok(); ++i) {
    const std::string_view module = read_name(cursor);
    const std::string_view name = read_name(cursor);
    module_.imports.push_back({module, name, read_import_type(cursor)});
  }
}

void Decoder::read_functions(Cursor& cursor) {
  const std::uint32_t count = cursor.count(limits::functions, "too many functions");
  if (count + module_.functions.size() > limits::functions) {
    cursor.fail("too many functions", ErrorCode::Exhausted);
    return;
  }
  module_.functions.reserve(module_.functions.size() + count);
  for (std::uint32_t i = 0; i < count && cursor.ok(); ++i) {
    module_.functions.push_back(read_type_index(cursor));
  }
  declared_functions_ = count;
}

void Decoder::read_tables(Cursor& cursor) {
  const std::uint32_t count = cursor.count(limits::tables, "too many tables");
  for (std::uint32_t i = 0; i < count && cursor.ok(); ++i) {
    Table table;
    if (cursor.peek() == 0x40) {
      cursor.u8();
      if (cursor.u8() != 0) cursor.fail("malformed table");
      table.type = read_table_type(cursor);
      table.init = read_expression(cursor);
    } else {
      table.type = read_table_type(cursor);
    }
    module_.tables.push_back(table);
  }
}

void Decoder::read_memories(Cursor& cursor) {
  const std::uint32_t count = cursor.count(limits::memories, "too many memories");
  for (std::uint32_t i = 0; i < count && cursor.ok(); ++i) {
    module_.memories.push_back({read_limits(cursor, false)});
  }
}

void Decoder::read_globals(Cursor& cursor) {
  const std::uint32_t count = cursor.count(limits::globals, "too many globals");
  module_.globals.reserve(module_.globals.size() + count);
  for (std::uint32_t i = 0; i < count && cursor.ok(); ++i) {
    const GlobalType type = read_global_type(cursor);
    module_.globals.push_back({type, read_expression(cursor)});
  }
}

void Decoder::read_exports(Cursor& cursor) {
  const std::uint32_t count = cursor.count(limits::exports, "too many exports");
  module_.exports.reserve(count);
  for (std::uint32_t i = 0; i < count && cursor.ok(); ++i) {
    const std::string_view name = read_name(cursor);
    const std::uint8_t kind = cursor.u8();
    if (kind > 4) cursor.fail("malformed export kind");
    module_.exports.push_back({name, static_cast<ExternKind>(kind), cursor.u32()});
  }
}

void Decoder::read_elements(Cursor& cursor) {
  const std::uint32_t count = cursor.count(limits::element_segments, "too many element segments");
  module_.elements.reserve(count);
  for (std::uint32_t i = 0; i < count && cursor.ok(); ++i) {
    module_.elements.push_back(read_element_segment(cursor));
  }
}

/// [WASM 3.0 §5.5.12]: bit 0 passive or declarative, bit 1 explicit table or declarative,
/// bit 2 expressions instead of function indices.
ElementSegment Decoder::read_element_segment(Cursor& cursor) {
  ElementSegment segment;
  const std::uint32_t flags = cursor.u32();
  if (flags > 7) {
    cursor.fail("malformed element segment flags");
    return segment;
  }
  const bool not_active = (flags & 1U) != 0;
  const bool explicit_index = (flags & 2U) != 0;
  const bool expressions = (flags & 4U) != 0;
  if (not_active) {
    segment.mode = explicit_index ? SegmentMode::Declarative : SegmentMode::Passive;
  } else {
    segment.mode = SegmentMode::Active;
    if (explicit_index) segment.table = cursor.u32();
    segment.offset = read_expression(cursor);
  }
  if (not_active || explicit_index) {
    if (expressions) {
      segment.type = read_value_type(cursor, module_);
      if (!segment.type.is_reference()) cursor.fail("malformed reference type");
    } else if (cursor.u8() != 0) {
      cursor.fail("malformed element kind");
    }
  }
  if (!expressions && (not_active || explicit_index || flags == 0)) {
    segment.type = ValueType::reference(HeapType::Kind::Func, false);
  }
  const std::uint32_t count = cursor.count(limits::element_segments, "too many elements");
  if (expressions) {
    std::vector<Expression> list;
    for (std::uint32_t i = 0; i < count && cursor.ok(); ++i)
      list.push_back(read_expression(cursor));
    segment.init = std::move(list);
  } else {
    std::vector<FuncIndex> list;
    list.reserve(count);
    for (std::uint32_t i = 0; i < count && cursor.ok(); ++i) list.push_back(cursor.u32());
    segment.init = std::move(list);
  }
  return segment;
}

void Decoder::read_data_segments(Cursor& cursor) {
  const std::uint32_t count = cursor.count(limits::data_segments, "too many data segments");
  for (std::uint32_t i = 0; i < count && cursor.ok(); ++i) {
    DataSegment segment;
    const std::uint32_t flags = cursor.u32();
    if (flags > 2) cursor.fail("malformed data segment flags");
    if (flags != 1) {
      segment.mode = SegmentMode::Active;
      if (flags == 2) segment.memory = cursor.u32();
      segment.offset = read_expression(cursor);
    }
    const std::uint32_t size = cursor.u32();
    segment.bytes = cursor.bytes(size);
    module_.data.push_back(segment);
  }
}

void Decoder::read_bodies(Cursor& cursor) {
  const std::uint32_t count = cursor.count(limits::functions, "too many functions");
  module_.bodies.reserve(count);
  for (std::uint32_t i = 0; i < count && cursor.ok(); ++i) {
    const std::uint32_t size = cursor.u32();
    if (size > limits::function_bytes) cursor.fail("function too large", ErrorCode::Exhausted);
    const std::size_t offset = cursor.offset();
    module_.bodies.push_back({cursor.bytes(size), offset});
  }
}

void Decoder::read_tags(Cursor& cursor) {
  const std::uint32_t count = cursor.count(limits::tags, "too many tags");
  for (std::uint32_t i = 0; i < count && cursor.ok(); ++i) {
    module_.tags.push_back(read_tag_type(cursor));
  }
}

/// An expression's end can only be found by reading its instructions. Constant expressions know
/// no blocks, so the first `end` is theirs.
Expression Decoder::read_expression(Cursor& cursor) {
  const std::size_t offset = cursor.offset();
  while (cursor.ok() && read_instruction(cursor, module_).op != Opcode::End) {
  }
  if (!cursor.ok()) return {};
  return {bytes_.subspan(offset, cursor.offset() - offset), offset};
}

void Decoder::check_counts() {
  if (declared_functions_ != module_.bodies.size()) {
    file_.fail("function and code section have inconsistent lengths");
  }
  if (module_.data_count.value_or(module_.data.size()) != module_.data.size()) {
    file_.fail("data count and data section have inconsistent lengths");
  }
}

}  // namespace

core::Result<Module> decode(core::ByteView bytes) { return Decoder(bytes).decode(); }

bool is_utf8(core::ByteView text) noexcept {
  std::size_t i = 0;
  while (i < text.size()) {
    const std::uint8_t lead = text[i];
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() - i < length) return false;
    std::uint32_t code = lead & (0x7fU >> length);
    for (std::size_t k = 1; k < length; ++k) {
      if ((text[i + k] & 0xc0U) != 0x80) return false;
      code = (code << 6U) | (text[i + k] & 0x3fU);
    }
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    if (overlong || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
    i += length;
  }
  return true;
}

}  // namespace merlon::wasm
