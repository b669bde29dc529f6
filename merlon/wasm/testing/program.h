#pragma once

// Small modules for tests of compiled code: functions exported by their number, and a memory.

#include <memory>
#include <string>
#include <vector>

#include "merlon/wasm/baseline/compiler.h"
#include "merlon/wasm/binary/opcode.h"
#include "merlon/wasm/exec/instance.h"

namespace merlon::wasm::testing {

/// Bytes of the binary format.
class Bytes {
 public:
  Bytes& byte(std::uint32_t value) {
    bytes_.push_back(static_cast<std::uint8_t>(value));
    return *this;
  }
  Bytes& u32(std::uint32_t value) {
    for (; value >= 0x80; value >>= 7U) byte(value | 0x80U);
    return byte(value);
  }
  /// Of at most 64 bits, as the signed LEB128 of its bits.
  Bytes& s64(std::int64_t value) {
    while (value < -64 || value > 63) {
      byte((static_cast<std::uint32_t>(value) & 0x7fU) | 0x80U);
      value >>= 7;
    }
    return byte(static_cast<std::uint32_t>(value) & 0x7fU);
  }
  Bytes& raw(std::uint64_t value, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) byte(static_cast<std::uint32_t>(value >> (8 * i)));
    return *this;
  }
  Bytes& append(const Bytes& other) {
    bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end());
    return *this;
  }
  Bytes& sized(const Bytes& other) { return u32(other.size()).append(other); }
  Bytes& op(Opcode opcode) {
    const OpcodeInfo& row = info(opcode);
    if (row.prefix == 0) return byte(row.code);
    return byte(row.prefix).u32(row.code);
  }
  Bytes& get(std::uint32_t local) { return op(Opcode::LocalGet).u32(local); }
  Bytes& set(std::uint32_t local) { return op(Opcode::LocalSet).u32(local); }
  Bytes& v128(Slot value) { return op(Opcode::V128Const).raw(value.low, 8).raw(value.high, 8); }
  Bytes& load(std::uint32_t offset) { return op(Opcode::V128Load).u32(0).u32(offset); }
  Bytes& store(std::uint32_t offset) { return op(Opcode::V128Store).u32(0).u32(offset); }

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(bytes_.size()); }
  [[nodiscard]] std::vector<std::uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<std::uint8_t> bytes_;
};

/// Types in the letters of opcodes.def; "a" is an i32 address.
struct Function {
  std::string params;
  std::string results;
  std::string locals;
  Bytes body;  ///< without its end
};

inline std::uint32_t type_code(char letter) {
  switch (letter) {
    case 'I': return 0x7e;
    case 'f': return 0x7d;
    case 'F': return 0x7c;
    case 'v': return 0x7b;
    default: return 0x7f;
  }
}

inline ValueType type_of(char letter) {
  switch (letter) {
    case 'I': return ValueType::i64;
    case 'f': return ValueType::f32;
    case 'F': return ValueType::f64;
    case 'v': return ValueType::v128;
    default: return ValueType::i32;
  }
}

inline std::vector<std::uint8_t> assemble(std::vector<Function>& functions) {
  Bytes types, indices, exports, code;
  const auto count = static_cast<std::uint32_t>(functions.size());
  for (Bytes* section : {&types, &indices, &exports, &code}) section->u32(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    Function& function = functions[i];
    types.byte(0x60);
    for (const std::string* list : {&function.params, &function.results}) {
      types.u32(static_cast<std::uint32_t>(list->size()));
      for (const char letter : *list) types.byte(type_code(letter));
    }
    indices.u32(i);
    const std::string name = std::to_string(i);
    exports.u32(static_cast<std::uint32_t>(name.size()));
    for (const char letter : name) exports.byte(static_cast<std::uint32_t>(letter));
    exports.byte(0).u32(i);
    Bytes body;
    body.u32(static_cast<std::uint32_t>(function.locals.size()));
    for (const char letter : function.locals) body.u32(1).byte(type_code(letter));
    body.append(function.body).op(Opcode::End);
    code.sized(body);
  }
  Bytes memory;
  memory.u32(1).byte(0).u32(1);
  Bytes module;
  module.raw(0x0000'0001'6d73'6100, 8);
  module.byte(1).sized(types).byte(3).sized(indices).byte(5).sized(memory);
  module.byte(7).sized(exports).byte(10).sized(code);
  return module.take();
}

/// An instance of a module of such functions.
class Program {
 public:
  explicit Program(std::vector<Function> functions, const EngineOptions& options = {})
      : functions_(std::move(functions)) {
    auto engine = Engine::create(baseline::compilers(), options);
    MERLON_CHECK(engine.has_value());
    engine_ = std::move(*engine);
    store_ = std::make_unique<Store>(*engine_);
    auto compiled = engine_->compile(assemble(functions_));
    MERLON_CHECK(compiled.has_value());
    const InstantiateOutcome outcome = store_->instantiate(*compiled, Imports());
    MERLON_CHECK(std::holds_alternative<Instance*>(outcome));
    instance_ = std::get<Instance*>(outcome);
  }

  [[nodiscard]] Outcome call(std::size_t function, const std::vector<Slot>& arguments) {
    Values values;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      values.push_back({type_of(functions_[function].params[i]), arguments[i]});
    }
    return instance_->invoke(std::to_string(function), values);
  }

  /// The results of a call that must not trap; bits that are none of a result are zero.
  [[nodiscard]] std::vector<Slot> run(std::size_t function, const std::vector<Slot>& arguments) {
    const Outcome outcome = call(function, arguments);
    MERLON_CHECK(std::holds_alternative<Values>(outcome));
    return bits_of(std::get<Values>(outcome));
  }
  [[nodiscard]] static std::vector<Slot> bits_of(const Values& values) {
    std::vector<Slot> results;
    for (const Value& value : values) {
      Slot bits = value.bits;
      if (value.type != ValueType::v128) bits.high = 0;
      if (value.type == ValueType::i32 || value.type == ValueType::f32) bits.low &= 0xffff'ffffU;
      results.push_back(bits);
    }
    return results;
  }

 private:
  std::vector<Function> functions_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Store> store_;
  Instance* instance_ = nullptr;
};

}  // namespace merlon::wasm::testing
