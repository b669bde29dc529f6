#pragma once

// What the validator's parts know of the module: its types, made comparable, and the functions
// that may be referred to ("C" of [WASM 3.0 §3.1.1]).

#include <vector>

#include "merlon/wasm/binary/cursor.h"
#include "merlon/wasm/binary/module.h"
#include "merlon/wasm/validate/type_registry.h"

namespace merlon::wasm {

class ValidationContext {
 public:
  /// Canonicalises the types of `module`, which must outlive the context, and rewrites all
  /// references to them.
  explicit ValidationContext(Module& module);

  [[nodiscard]] const Module& module() const noexcept { return module_; }
  [[nodiscard]] TypeIndex representative(TypeIndex index) const noexcept {
    return representatives_[index];
  }
  [[nodiscard]] std::vector<TypeIndex> take_representatives() && {
    return std::move(representatives_);
  }
  /// The same type, naming the first of the equal defined types.
  [[nodiscard]] ValueType normalized(ValueType type) const noexcept {
    if (!type.is_reference() || type.heap().kind() != HeapType::Kind::Defined) return type;
    return ValueType::reference(HeapType::defined(representative(type.heap().index())),
                                type.nullable());
  }
  [[nodiscard]] bool is_subtype(ValueType sub, ValueType super) const noexcept {
    return sub == super || is_proper_subtype(sub, super);
  }
  [[nodiscard]] bool is_subtype(HeapType sub, HeapType super) const noexcept;
  /// Is each of `sub` a subtype of the one at the same place in `super`?
  [[nodiscard]] bool are_subtypes(const std::vector<ValueType>& sub,
                                  const std::vector<ValueType>& super) const noexcept;

  void declare_reference(FuncIndex index) {
    if (index < declared_.size()) declared_[index] = true;
  }
  [[nodiscard]] bool is_declared(FuncIndex index) const noexcept { return declared_[index]; }

 private:
  [[nodiscard]] bool is_proper_subtype(ValueType sub, ValueType super) const noexcept;

  Module& module_;
  TypeRegistry registry_;
  std::vector<CanonicalType> canonical_;
  std::vector<TypeIndex> representatives_;
  std::vector<bool> declared_;
};

/// Validates a constant expression of `type` that may read the first `globals` globals, and
/// declares the functions it refers to [WASM 3.0 §3.4.17].
void validate_constant(ValidationContext& context, const Expression& expression, ValueType type,
                       std::uint32_t globals, Cursor& errors);

}  // namespace merlon::wasm
