#include <vector>

#include "merlon/wasm/binary/instruction.h"
#include "merlon/wasm/validate/context.h"

namespace merlon::wasm {

namespace {

class ConstantValidator {
 public:
  ConstantValidator(ValidationContext& context, Cursor& cursor, std::uint32_t globals)
      : context_(context), cursor_(cursor), globals_(globals) {}

  void validate(ValueType type) {
    while (cursor_.ok()) {
      const Instruction instruction = read_instruction(cursor_, context_.module());
      if (!cursor_.ok()) return;
      if (instruction.op == Opcode::End) break;
      step(instruction);
    }
    if (!cursor_.ok()) return;
    if (stack_.size() != 1 || !context_.is_subtype(stack_.front(), type)) {
      cursor_.fail("type mismatch in a constant expression");
    }
  }

 private:
  void step(const Instruction& instruction);
  void global_get(std::uint32_t index);
  void ref_func(std::uint32_t index);
  void binary(ValueType type);

  ValidationContext& context_;
  Cursor& cursor_;
  std::uint32_t globals_;
  std::vector<ValueType> stack_;
};

// A switch over all opcodes would only repeat the table: what is not named here is not constant.
void ConstantValidator::step(const Instruction& instruction) {
  const Opcode op = instruction.op;
  if (op == Opcode::I32Const) stack_.push_back(ValueType::i32);
  else if (op == Opcode::I64Const) stack_.push_back(ValueType::i64);
  else if (op == Opcode::F32Const) stack_.push_back(ValueType::f32);
  else if (op == Opcode::F64Const) stack_.push_back(ValueType::f64);
  else if (op == Opcode::V128Const) stack_.push_back(ValueType::v128);
  else if (op == Opcode::I32Add || op == Opcode::I32Sub || op == Opcode::I32Mul)
    binary(ValueType::i32);
  else if (op == Opcode::I64Add || op == Opcode::I64Sub || op == Opcode::I64Mul)
    binary(ValueType::i64);
  else if (op == Opcode::GlobalGet) global_get(instruction.low());
  else if (op == Opcode::RefFunc) ref_func(instruction.low());
  else if (op == Opcode::RefNull)
    stack_.push_back(context_.normalized(ValueType::from_bits(instruction.low())));
  else cursor_.fail("constant expression required");
}

void ConstantValidator::global_get(std::uint32_t index) {
  if (index >= globals_) {
    cursor_.fail("unknown global in a constant expression");
    return;
  }
  const GlobalType& type = context_.module().globals[index].type;
  if (type.is_mutable) cursor_.fail("constant expression required: the global is mutable");
  stack_.push_back(type.value);
}

void ConstantValidator::ref_func(std::uint32_t index) {
  if (index >= context_.module().functions.size()) {
    cursor_.fail("unknown function");
    return;
  }
  context_.declare_reference(index);
  const TypeIndex type = context_.representative(context_.module().functions[index]);
  stack_.push_back(ValueType::reference(HeapType::defined(type), false));
}

void ConstantValidator::binary(ValueType type) {
  const std::size_t size = stack_.size();
  if (size < 2 || stack_[size - 1] != type || stack_[size - 2] != type) {
    cursor_.fail("type mismatch in a constant expression");
    return;
  }
  stack_.pop_back();
}

}  // namespace

void validate_constant(ValidationContext& context, const Expression& expression, ValueType type,
                       std::uint32_t globals, Cursor& errors) {
  Cursor cursor(expression.code, expression.offset);
  ConstantValidator(context, cursor, globals).validate(type);
  if (!cursor.ok() && errors.ok()) errors = cursor;
}

}  // namespace merlon::wasm
