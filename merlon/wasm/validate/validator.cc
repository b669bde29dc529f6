#include "merlon/wasm/validate/validator.h"

#include <unordered_set>

#include "merlon/wasm/binary/limits.h"
#include "merlon/wasm/validate/context.h"
#include "merlon/wasm/validate/function_validator.h"

namespace merlon::wasm {

namespace {

/// Everything but function bodies, in the order of [WASM 3.0 §3.4].
class ModuleValidator {
 public:
  ModuleValidator(Module& module, ValidationContext& context)
      : module_(module), context_(context), errors_(module.bytes, 0) {}

  core::Result<void> validate() {
    check_types();
    check_tables();
    check_memories();
    check_globals();
    check_tags();
    check_exports();
    check_start();
    check_elements();
    check_data();
    if (!errors_.ok()) return errors_.error();
    return {};
  }
  [[nodiscard]] FeatureSet features() const noexcept { return features_; }

 private:
  void check_types();
  void check_tables();
  void check_memories();
  void check_globals();
  void check_tags();
  void check_exports();
  void check_start();
  void check_elements();
  void check_data();
  void check_limits(const Limits& limits, std::uint64_t bound, const char* what);
  void constant(const Expression& expression, ValueType type) {
    validate_constant(context_, expression, type,
                      static_cast<std::uint32_t>(module_.globals.size()), errors_);
  }
  [[nodiscard]] std::size_t index_space(ExternKind kind) const noexcept;

  Module& module_;
  ValidationContext& context_;
  Cursor errors_;
  FeatureSet features_;
};

void ModuleValidator::check_types() {
  std::vector<std::uint32_t> depth(module_.types.size());
  for (TypeIndex i = 0; i < module_.types.size(); ++i) {
    const DefinedType& type = module_.types[i];
    if (!type.supertype) continue;
    const DefinedType& super = module_.types[*type.supertype];
    depth[i] = depth[*type.supertype] + 1;
    if (depth[i] > limits::subtype_depth) errors_.fail("subtype hierarchy too deep");
    // Parameters are contravariant, results covariant.
    const bool matches = !super.final &&
                         context_.are_subtypes(super.function.params, type.function.params) &&
                         context_.are_subtypes(type.function.results, super.function.results);
    if (!matches) errors_.fail("sub type does not match its supertype");
  }
}

void ModuleValidator::check_limits(const Limits& limits, std::uint64_t bound, const char* what) {
  if (limits.min > bound || limits.max.value_or(0) > bound) errors_.fail(what);
  if (limits.max && *limits.max < limits.min) {
    errors_.fail("size minimum must not be greater than maximum");
  }
  if (limits.address == AddressType::I64) features_.add(Feature::Memory64);
}

void ModuleValidator::check_tables() {
  for (std::size_t i = 0; i < module_.tables.size(); ++i) {
    const Table& table = module_.tables[i];
    const bool wide = table.type.limits.address == AddressType::I64;
    check_limits(table.type.limits, wide ? ~std::uint64_t{0} : 0xffff'ffffU,
                 "table size out of range");
    if (table.init) {
      // Only the globals before the table section, the imported ones, may be read.
      validate_constant(context_, *table.init, table.type.element, module_.imported_globals,
                        errors_);
    } else if (i >= module_.imported_tables && !table.type.element.defaultable()) {
      errors_.fail("type mismatch: a table of non-null references needs an initial value");
    }
  }
}

void ModuleValidator::check_memories() {
  if (module_.memories.size() > limits::memories) errors_.fail("too many memories");
  if (module_.memories.size() > 1) features_.add(Feature::MultiMemory);
  for (const MemoryType& memory : module_.memories) {
    const bool wide = memory.limits.address == AddressType::I64;
    check_limits(memory.limits, wide ? limits::memory64_pages : limits::memory32_pages,
                 "memory size out of range: more pages than the address type can reach");
    if (!memory.limits.shared) continue;
    features_.add(Feature::Threads);
    if (!memory.limits.max) errors_.fail("shared memory must have maximum");
  }
}

void ModuleValidator::check_globals() {
  for (std::uint32_t i = module_.imported_globals; i < module_.globals.size(); ++i) {
    const Global& global = module_.globals[i];
    validate_constant(context_, global.init, global.type.value, i, errors_);
  }
}

void ModuleValidator::check_tags() {
  if (!module_.tags.empty()) features_.add(Feature::Exceptions);
  for (const TagType& tag : module_.tags) {
    if (!module_.types[tag.type].function.results.empty()) {
      errors_.fail("non-empty tag result type");
    }
  }
}

std::size_t ModuleValidator::index_space(ExternKind kind) const noexcept {
  switch (kind) {
    case ExternKind::Function: return module_.functions.size();
    case ExternKind::Table: return module_.tables.size();
    case ExternKind::Memory: return module_.memories.size();
    case ExternKind::Global: return module_.globals.size();
    case ExternKind::Tag: return module_.tags.size();
  }
  return 0;
}

void ModuleValidator::check_exports() {
  std::unordered_set<std::string_view> names;
  for (const Export& item : module_.exports) {
    if (item.index >= index_space(item.kind)) errors_.fail("unknown export index");
    if (!names.insert(item.name).second) errors_.fail("duplicate export name");
    if (item.kind == ExternKind::Function) context_.declare_reference(item.index);
  }
}

void ModuleValidator::check_start() {
  if (!module_.start) return;
  if (*module_.start >= module_.functions.size()) {
    errors_.fail("unknown function");
    return;
  }
  const FuncType& type = module_.type_of_function(*module_.start);
  if (!type.params.empty() || !type.results.empty())
    errors_.fail("start function must be [] -> []");
}

void ModuleValidator::check_elements() {
  for (const ElementSegment& segment : module_.elements) {
    if (segment.mode == SegmentMode::Active) {
      if (segment.table >= module_.tables.size()) {
        errors_.fail("unknown table");
        return;
      }
      const TableType& table = module_.tables[segment.table].type;
      if (!context_.is_subtype(segment.type, table.element)) {
        errors_.fail("type mismatch: element segment and table");
      }
      constant(segment.offset, address_value_type(table.limits.address));
    }
    if (const auto* functions = std::get_if<std::vector<FuncIndex>>(&segment.init)) {
      for (const FuncIndex function : *functions) {
        if (function >= module_.functions.size()) errors_.fail("unknown function");
        context_.declare_reference(function);
      }
    } else {
      for (const Expression& item : std::get<std::vector<Expression>>(segment.init)) {
        constant(item, segment.type);
      }
    }
    if (!errors_.ok()) return;
  }
}

void ModuleValidator::check_data() {
  for (const DataSegment& segment : module_.data) {
    if (segment.mode != SegmentMode::Active) continue;
    if (segment.memory >= module_.memories.size()) {
      errors_.fail("unknown memory");
      return;
    }
    constant(segment.offset, address_value_type(module_.memories[segment.memory].limits.address));
  }
}

core::Result<FeatureSet> validate_bodies(const Module& module, const ValidationContext& context) {
  FunctionValidator validator(context);
  for (std::size_t i = 0; i < module.bodies.size(); ++i) {
    const auto index = static_cast<FuncIndex>(module.imported_functions + i);
    TRY(validator.validate(module.type_of_function(index), module.bodies[i]));
  }
  return validator.features();
}

}  // namespace

core::Result<ValidModule> validate(Module&& module) {
  ValidModule result;
  result.module_ = std::move(module);
  ValidationContext context(result.module_);
  ModuleValidator declarations(result.module_, context);
  TRY(declarations.validate());
  result.features_ = TRY(validate_bodies(result.module_, context));
  result.features_.add(declarations.features());
  result.representatives_ = std::move(context).take_representatives();
  return result;
}

}  // namespace merlon::wasm
