#pragma once

// The validation algorithm for function bodies [WASM 3.0, appendix "Validation Algorithm"].

#include <vector>

#include "merlon/wasm/binary/instruction.h"
#include "merlon/wasm/validate/context.h"
#include "merlon/wasm/validate/validator.h"

namespace merlon::wasm {

/// Validates bodies one after the other, keeping its buffers. Not for use by two threads at once.
class FunctionValidator {
 public:
  explicit FunctionValidator(const ValidationContext& context)
      : context_(context), module_(context.module()), cursor_({}, 0) {}

  /// The first error, with its offset in the file; nothing is kept of a refused body.
  [[nodiscard]] core::Result<void> validate(const FuncType& type, const FunctionBody& body);

  [[nodiscard]] FeatureSet features() const noexcept { return features_; }

 private:
  /// A list of types that is either a vector of the module's or one type of its own.
  struct TypeList {
    const ValueType* many = nullptr;
    std::uint32_t count = 0;
    ValueType one;

    [[nodiscard]] ValueType operator[](std::uint32_t i) const noexcept {
      return many != nullptr ? many[i] : one;
    }
  };
  /// Longer lists, of which there may be one to two bytes of code, are pushed and popped at once.
  static constexpr std::uint32_t few_types = 8;
  struct Control {
    Opcode op = Opcode::Block;
    bool unreachable = false;
    std::uint32_t height = 0;       ///< of the operand stack below the block's parameters
    std::uint32_t initialized = 0;  ///< of the stack of locals set, see set_local()
    TypeList params;
    TypeList results;
  };

  static TypeList list(const std::vector<ValueType>& types) noexcept {
    return {types.data(), static_cast<std::uint32_t>(types.size()), {}};
  }

  void read_locals(const FuncType& type);
  void forget_sets(std::uint32_t height);
  void step(const Instruction& instruction);
  void special(const Instruction& instruction);
  void access(const Instruction& instruction);
  void generic(const Instruction& instruction, const OpcodeInfo& row);
  void check_lane(const Instruction& instruction);
  void check_memory_argument(const Instruction& instruction);

  void push(ValueType type) { operands_.push_back(type); }
  void push(const TypeList& types) {
    if (types.count > few_types) [[unlikely]]
      push_many(types);
    else
      for (std::uint32_t i = 0; i < types.count; ++i) push(types[i]);
  }
  void push_many(const TypeList& types);
  ValueType pop();
  ValueType pop(ValueType expected);
  void pop(const TypeList& types);
  [[nodiscard]] bool pop_many(const TypeList& types);
  ValueType pop_reference();
  void mismatch() { cursor_.fail("type mismatch"); }
  void set_unreachable();

  void begin(Opcode op, BlockType type);
  void push_control(Opcode op, TypeList params, TypeList results);
  Control pop_control();
  void else_branch();
  void end_block();
  [[nodiscard]] TypeList label_types(std::uint32_t depth);
  void branch_table(const Instruction& instruction);
  void check_label_values(const TypeList& types);
  void branch_on_null(const Instruction& instruction, bool when_null);
  void catch_clause(const Instruction& instruction);
  void rethrow(std::uint32_t depth);
  void delegate(std::uint32_t depth);
  void try_table(const Instruction& instruction);
  void check_catch(const CatchClause& clause);

  void branch_if(std::uint32_t depth);
  void write_local(const Instruction& instruction);
  void call_function(const Instruction& instruction);
  /// A function that is known only when it is called: one of a table, or a reference.
  void call_unknown(const Instruction& instruction);
  void call(TypeIndex type);
  void return_call(TypeIndex type);
  [[nodiscard]] TypeIndex indirect_type(const Instruction& instruction);
  [[nodiscard]] TypeIndex reference_type(const Instruction& instruction);
  void select();
  void select_typed(const Instruction& instruction);
  void throw_tag(const Instruction& instruction);

  [[nodiscard]] ValueType local(std::uint32_t index);
  [[nodiscard]] bool starts_set(std::uint32_t index, ValueType type) const noexcept {
    return type.defaultable() || index < type_->params.size();
  }
  void get_local(std::uint32_t index);
  void set_local(std::uint32_t index, ValueType type);
  void access_global(const Instruction& instruction);
  void access_table(const Instruction& instruction);
  void copy_table(const Instruction& instruction);
  void init_table(const Instruction& instruction);
  void access_memory(const Instruction& instruction);
  void copy_memory(const Instruction& instruction);
  void init_memory(const Instruction& instruction);
  void drop_segment(const Instruction& instruction);
  void reference(const Instruction& instruction);
  [[nodiscard]] ValueType table_address(std::uint32_t table);
  [[nodiscard]] ValueType memory_address(std::uint32_t memory);

  const ValidationContext& context_;
  const Module& module_;
  Cursor cursor_;
  FeatureSet features_;
  std::vector<ValueType> operands_;
  std::vector<Control> controls_;
  /// Declared locals of one type; `end` is the index behind them.
  struct LocalGroup {
    std::uint32_t end;
    ValueType type;
  };
  std::vector<LocalGroup> groups_;  ///< parameters are no groups
  std::vector<ValueType> locals_;   ///< the first ones, without a search
  const FuncType* type_ = nullptr;
  std::uint32_t local_count_ = 0;
  std::vector<bool> local_set_;           ///< locals without a default: set so far on this path
  std::vector<std::uint32_t> set_stack_;  ///< in which order, to forget at the end of a block
};

}  // namespace merlon::wasm
