#include "merlon/wasm/validate/context.h"

#include <unordered_map>

namespace merlon::wasm {

namespace {

void normalize(const ValidationContext& context, std::vector<ValueType>& list) {
  for (ValueType& type : list) type = context.normalized(type);
}

}  // namespace

ValidationContext::ValidationContext(Module& module)
    : module_(module), declared_(module.functions.size()) {
  canonical_ = registry_.add(module.types);
  std::unordered_map<CanonicalType, TypeIndex> first;
  representatives_.reserve(canonical_.size());
  for (TypeIndex i = 0; i < canonical_.size(); ++i) {
    representatives_.push_back(first.try_emplace(canonical_[i], i).first->second);
  }
  for (DefinedType& type : module.types) {
    normalize(*this, type.function.params);
    normalize(*this, type.function.results);
  }
  for (Table& table : module.tables) table.type.element = normalized(table.type.element);
  for (Global& global : module.globals) global.type.value = normalized(global.type.value);
  for (ElementSegment& segment : module.elements) segment.type = normalized(segment.type);
  for (Import& import : module.imports) {
    if (auto* table = std::get_if<TableType>(&import.type)) {
      table->element = normalized(table->element);
    }
    if (auto* global = std::get_if<GlobalType>(&import.type)) {
      global->value = normalized(global->value);
    }
  }
}

bool ValidationContext::is_proper_subtype(ValueType sub, ValueType super) const noexcept {
  if (sub == ValueType::bottom) return true;
  if (!sub.is_reference() || !super.is_reference()) return false;
  if (sub.nullable() && !super.nullable()) return false;
  return is_subtype(sub.heap(), super.heap());
}

bool ValidationContext::is_subtype(HeapType sub, HeapType super) const noexcept {
  using Kind = HeapType::Kind;
  if (sub == super) return true;
  switch (super.kind()) {
    case Kind::Func: return sub.kind() == Kind::NoFunc || sub.kind() == Kind::Defined;
    case Kind::Extern: return sub.kind() == Kind::NoExtern;
    case Kind::Exn: return sub.kind() == Kind::NoExn;
    case Kind::Defined:
      return sub.kind() == Kind::NoFunc ||
             (sub.kind() == Kind::Defined &&
              registry_.is_subtype(canonical_[sub.index()], canonical_[super.index()]));
    case Kind::NoFunc:
    case Kind::NoExtern:
    case Kind::NoExn: return false;
  }
  return false;
}

bool ValidationContext::are_subtypes(const std::vector<ValueType>& sub,
                                     const std::vector<ValueType>& super) const noexcept {
  if (sub.size() != super.size()) return false;
  for (std::size_t i = 0; i < sub.size(); ++i) {
    if (!is_subtype(sub[i], super[i])) return false;
  }
  return true;
}

}  // namespace merlon::wasm
