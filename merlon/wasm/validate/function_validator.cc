#include "merlon/wasm/validate/function_validator.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "merlon/wasm/binary/limits.h"

namespace merlon::wasm {

namespace {

/// Locals beyond these are looked up in their groups.
constexpr std::size_t unpacked_locals = 64;

/// An opcode's fixed signature, unpacked from its text in opcodes.def.
struct Signature {
  std::array<char, 4> params{};
  std::uint8_t param_count = 0;
  char result = 0;
  bool fixed = false;
};

consteval Signature parse_signature(std::string_view text) {
  Signature signature;
  if (text == "*") return signature;
  signature.fixed = true;
  std::size_t i = 0;
  while (text[i] != ':') signature.params[signature.param_count++] = text[i++];
  if (i + 1 < text.size()) signature.result = text[i + 1];
  return signature;
}

constexpr auto signatures = std::array{
#define MERLON_OPCODE(enumerator, prefix, code, text, immediate, signature, alignment, feature) \
  parse_signature(signature),
#include "merlon/wasm/binary/opcodes.def"
#undef MERLON_OPCODE
};

constexpr ValueType type_of(char letter) noexcept {
  switch (letter) {
    case 'i': return ValueType::i32;
    case 'I': return ValueType::i64;
    case 'f': return ValueType::f32;
    case 'F': return ValueType::f64;
    default: return ValueType::v128;
  }
}

/// How many lanes the named shape has, for instructions with a lane immediate.
std::uint8_t lane_count(Opcode op) noexcept {
  const OpcodeInfo& row = info(op);
  if (row.immediate == Immediate::MemArgLane) {
    return static_cast<std::uint8_t>(16U >> row.alignment);
  }
  const std::string_view text = text_of(op);
  if (text.starts_with("i8x16")) return 16;
  if (text.starts_with("i16x8")) return 8;
  if (text.starts_with("i32x4") || text.starts_with("f32x4")) return 4;
  return 2;
}

}  // namespace

core::Result<void> FunctionValidator::validate(const FuncType& type, const FunctionBody& body) {
  cursor_ = Cursor(body.code, body.offset);
  operands_.clear();
  controls_.clear();
  forget_sets(0);
  read_locals(type);
  push_control(Opcode::Block, {}, list(type.results));
  while (cursor_.ok() && !controls_.empty()) step(read_instruction(cursor_, module_));
  if (cursor_.ok() && !cursor_.at_end()) cursor_.fail("instructions after the function's end");
  if (!cursor_.ok()) return cursor_.error();
  return {};
}

/// Groups stay groups: fifty thousand locals are declared in four bytes.
void FunctionValidator::read_locals(const FuncType& type) {
  type_ = &type;
  locals_.assign(type.params.begin(),
                 type.params.begin() +
                     static_cast<std::ptrdiff_t>(std::min(type.params.size(), unpacked_locals)));
  groups_.clear();
  std::uint32_t end = static_cast<std::uint32_t>(type.params.size());
  const std::uint32_t groups = cursor_.count(limits::locals, "too many locals");
  for (std::uint32_t i = 0; i < groups && cursor_.ok(); ++i) {
    const std::uint32_t count = cursor_.u32();
    const ValueType local = context_.normalized(read_value_type(cursor_, module_));
    if (count > limits::locals - std::min(end, limits::locals)) {
      cursor_.fail("too many locals", core::ErrorCode::Exhausted);
      return;
    }
    end += count;
    groups_.push_back({end, local});
    const std::size_t room = unpacked_locals - locals_.size();
    locals_.insert(locals_.end(), std::min<std::size_t>(count, room), local);
  }
  local_count_ = end;
}

void FunctionValidator::forget_sets(std::uint32_t height) {
  while (set_stack_.size() > height) {
    local_set_[set_stack_.back()] = false;
    set_stack_.pop_back();
  }
}

void FunctionValidator::step(const Instruction& instruction) {
  if (!cursor_.ok()) [[unlikely]]
    return;
  const OpcodeInfo& row = info(instruction.op);
  features_.add(row.feature);
  if (signatures[static_cast<std::size_t>(instruction.op)].fixed) {
    generic(instruction, row);
  } else {
    special(instruction);
  }
  if (operands_.size() > limits::operands) {
    cursor_.fail("too many operands at once", core::ErrorCode::Exhausted);
  }
}

void FunctionValidator::generic(const Instruction& instruction, const OpcodeInfo& row) {
  const Signature& signature = signatures[static_cast<std::size_t>(instruction.op)];
  if (row.immediate == Immediate::MemArg || row.immediate == Immediate::MemArgLane) {
    check_memory_argument(instruction);
    if (!cursor_.ok()) return;
  }
  if (row.immediate == Immediate::MemArgLane || row.immediate == Immediate::Lane ||
      row.immediate == Immediate::Shuffle) {
    check_lane(instruction);
  }
  if (row.immediate == Immediate::Elem || row.immediate == Immediate::Data) {
    drop_segment(instruction);
  }
  for (std::uint8_t i = signature.param_count; i > 0; --i) {
    const char letter = signature.params[i - 1U];
    pop(letter == 'a' ? memory_address(instruction.memory) : type_of(letter));
  }
  if (signature.result != 0) push(type_of(signature.result));
}

void FunctionValidator::check_lane(const Instruction& instruction) {
  if (info(instruction.op).immediate != Immediate::Shuffle) {
    if (instruction.lane >= lane_count(instruction.op)) cursor_.fail("invalid lane index");
    return;
  }
  for (const std::uint8_t lane : module_.bytes.subspan(instruction.value, 16)) {
    if (lane >= 32) cursor_.fail("invalid lane index");
  }
}

void FunctionValidator::check_memory_argument(const Instruction& instruction) {
  if (instruction.memory >= module_.memories.size()) {
    cursor_.fail("unknown memory");
    return;
  }
  if (instruction.memory != 0) features_.add(Feature::MultiMemory);
  const bool wide = memory_address(instruction.memory) == ValueType::i64;
  if (!wide && instruction.value > 0xffff'ffffU) cursor_.fail("offset out of range");
}

ValueType FunctionValidator::pop() {
  const Control& control = controls_.back();
  if (operands_.size() == control.height) {
    if (!control.unreachable) mismatch();
    return ValueType::bottom;
  }
  const ValueType type = operands_.back();
  operands_.pop_back();
  return type;
}

ValueType FunctionValidator::pop(ValueType expected) {
  const ValueType actual = pop();
  if (actual != expected && !context_.is_subtype(actual, expected)) mismatch();
  return actual;
}

void FunctionValidator::pop(const TypeList& types) {
  if (types.count > few_types && pop_many(types)) [[unlikely]]
    return;
  for (std::uint32_t i = types.count; i > 0; --i) pop(types[i - 1]);
}

[[gnu::noinline]] void FunctionValidator::push_many(const TypeList& types) {
  operands_.insert(operands_.end(), types.many, types.many + types.count);
}

/// If they are just what the block has on top; else false, and nothing changed.
[[gnu::noinline]] bool FunctionValidator::pop_many(const TypeList& types) {
  const std::size_t own = operands_.size() - controls_.back().height;
  if (types.count > own ||
      !std::equal(types.many, types.many + types.count, operands_.end() - types.count)) {
    return false;
  }
  operands_.resize(operands_.size() - types.count);
  return true;
}

ValueType FunctionValidator::pop_reference() {
  const ValueType type = pop();
  if (!type.is_reference() && type != ValueType::bottom) mismatch();
  return type;
}

void FunctionValidator::set_unreachable() {
  Control& control = controls_.back();
  operands_.resize(control.height);
  control.unreachable = true;
}

void FunctionValidator::begin(Opcode op, BlockType type) {
  TypeList params;
  TypeList results;
  if (type.form() == BlockType::Form::Value) {
    results = {nullptr, 1, context_.normalized(type.value_type())};
  } else if (type.form() == BlockType::Form::Index) {
    const FuncType& function = module_.types[context_.representative(type.type_index())].function;
    params = list(function.params);
    results = list(function.results);
    features_.add(Feature::MultiValue);
  }
  if (op == Opcode::If) pop(ValueType::i32);
  pop(params);
  push_control(op, params, results);
}

void FunctionValidator::push_control(Opcode op, TypeList params, TypeList results) {
  controls_.push_back({op, false, static_cast<std::uint32_t>(operands_.size()),
                       static_cast<std::uint32_t>(set_stack_.size()), params, results});
  push(params);
}

FunctionValidator::Control FunctionValidator::pop_control() {
  const Control control = controls_.back();
  pop(control.results);
  if (operands_.size() != control.height) mismatch();
  controls_.pop_back();
  forget_sets(control.initialized);
  return control;
}

void FunctionValidator::else_branch() {
  if (controls_.back().op != Opcode::If) {
    cursor_.fail("else without if");
    return;
  }
  const Control control = pop_control();
  if (cursor_.ok()) push_control(Opcode::Else, control.params, control.results);
}

/// Of an earlier try: its code and each of its clauses gives the block's results.
void FunctionValidator::catch_clause(const Instruction& instruction) {
  const Opcode op = controls_.back().op;
  if (op != Opcode::Try && op != Opcode::Catch) {
    cursor_.fail("catch without try");
    return;
  }
  if (instruction.op == Opcode::Catch && instruction.low() >= module_.tags.size()) {
    cursor_.fail("unknown tag");
    return;
  }
  const Control control = pop_control();
  if (!cursor_.ok()) return;
  push_control(instruction.op, {}, control.results);
  if (instruction.op == Opcode::Catch) {
    push(list(module_.types[module_.tags[instruction.low()].type].function.params));
  }
}

void FunctionValidator::rethrow(std::uint32_t depth) {
  (void)label_types(depth);
  if (!cursor_.ok()) return;
  const Opcode op = controls_[controls_.size() - 1 - depth].op;
  if (op != Opcode::Catch && op != Opcode::CatchAll) cursor_.fail("rethrow outside of a catch");
  set_unreachable();
}

/// Ends an earlier try; the label is counted from outside of it.
void FunctionValidator::delegate(std::uint32_t depth) {
  if (controls_.back().op != Opcode::Try) {
    cursor_.fail("delegate without try");
    return;
  }
  const Control control = pop_control();
  if (!cursor_.ok()) return;
  if (controls_.empty()) {
    cursor_.fail("delegate without try");
    return;
  }
  (void)label_types(depth);
  push(control.results);
}

void FunctionValidator::end_block() {
  const Control control = pop_control();
  if (!cursor_.ok()) return;
  if (control.op == Opcode::If) {
    // Without an else the parameters pass through as the results.
    bool same = control.params.count == control.results.count;
    for (std::uint32_t i = 0; same && i < control.params.count; ++i) {
      same = context_.is_subtype(control.params[i], control.results[i]);
    }
    if (!same) mismatch();
  }
  push(control.results);
}

FunctionValidator::TypeList FunctionValidator::label_types(std::uint32_t depth) {
  if (depth >= controls_.size()) {
    cursor_.fail("unknown label");
    return {};
  }
  const Control& control = controls_[controls_.size() - 1 - depth];
  return control.op == Opcode::Loop ? control.params : control.results;
}

void FunctionValidator::branch_table(const Instruction& instruction) {
  pop(ValueType::i32);
  Cursor labels(module_.bytes.subspan(instruction.low()), instruction.low());
  const std::uint32_t count = instruction.high();
  // Labels of one type are looked at once, so that many labels of many values stay linear.
  std::unordered_set<const ValueType*> seen;
  TypeList first;
  for (std::uint64_t i = 0; i <= count && cursor_.ok(); ++i) {
    const std::uint32_t depth = labels.u32();
    const TypeList types = label_types(depth);
    if (!cursor_.ok()) return;
    if (i == 0) first = types;
    if (types.count != first.count) mismatch();
    if (types.many != nullptr && !seen.insert(types.many).second) continue;
    check_label_values(types);
  }
  set_unreachable();
}

/// Looks at the operands without consuming them: takes them off and puts them back.
void FunctionValidator::check_label_values(const TypeList& types) {
  std::array<ValueType, 8> few{};
  std::vector<ValueType> many;
  for (std::uint32_t k = types.count; k > 0; --k) {
    const ValueType type = pop(types[k - 1]);
    if (types.count <= few.size()) few[k - 1] = type;
    else many.push_back(type);
  }
  for (std::uint32_t k = 0; k < types.count; ++k) {
    push(types.count <= few.size() ? few[k] : many[types.count - 1 - k]);
  }
}

void FunctionValidator::branch_on_null(const Instruction& instruction, bool when_null) {
  const TypeList types = label_types(instruction.low());
  if (!cursor_.ok()) return;
  const ValueType reference = pop_reference();
  const ValueType non_null =
      reference == ValueType::bottom ? reference : ValueType::reference(reference.heap(), false);
  if (when_null) {
    pop(types);
    push(types);
    push(non_null);
    return;
  }
  if (types.count == 0) {
    mismatch();
    return;
  }
  push(non_null);
  pop(types);
  push(types);
  pop();
}

void FunctionValidator::check_catch(const CatchClause& clause) {
  const TypeList label = label_types(clause.label);
  std::vector<ValueType> given;
  const bool tagged =
      clause.kind == CatchClause::Kind::Catch || clause.kind == CatchClause::Kind::CatchRef;
  if (tagged) {
    if (clause.tag >= module_.tags.size()) {
      cursor_.fail("unknown tag");
      return;
    }
    given = module_.types[module_.tags[clause.tag].type].function.params;
  }
  if (clause.kind == CatchClause::Kind::CatchRef || clause.kind == CatchClause::Kind::CatchAllRef) {
    given.push_back(ValueType::reference(HeapType::Kind::Exn, false));
  }
  if (!cursor_.ok()) return;
  bool matches = given.size() == label.count;
  for (std::uint32_t i = 0; matches && i < label.count; ++i) {
    matches = context_.is_subtype(given[i], label[i]);
  }
  if (!matches) mismatch();
}

void FunctionValidator::try_table(const Instruction& instruction) {
  Cursor clauses(module_.bytes.subspan(instruction.low()), instruction.low());
  for (std::uint32_t i = 0; i < instruction.high() && cursor_.ok(); ++i) {
    check_catch(read_catch_clause(clauses));
  }
  if (cursor_.ok()) begin(Opcode::TryTable, BlockType::from_bits(instruction.block));
}

}  // namespace merlon::wasm
