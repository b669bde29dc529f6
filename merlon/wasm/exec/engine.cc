#include "merlon/wasm/exec/engine.h"

#include <algorithm>
#include <cstring>

#include "merlon/os/processor.h"
#include "merlon/wasm/binary/decoder.h"
#include "merlon/wasm/exec/store.h"
#include "merlon/wasm/validate/feature_place.h"

namespace merlon::wasm {

using core::ErrorCode;

namespace {

/// Address space for one module's code: all that 32-bit displacements reach, but for what is near
/// the table. It is free until it is used, and no valid module is refused for how its code grows.
constexpr std::size_t code_reservation = (std::size_t{2} << 30U) - (std::size_t{32} << 20U);
constexpr std::size_t stub_bytes = std::size_t{16} << 20U;

std::size_t code_bytes(const Module& module) {
  std::size_t total = 0;
  for (const FunctionBody& body : module.bodies) total += body.code.size();
  return total;
}

/// A valid module's types refer to the first of equal ones, so only those first ones are as they
/// were written; the others share their ids.
std::vector<CanonicalType> canonical_types(TypeRegistry& registry, const ValidModule& module) {
  const std::vector<CanonicalType> ids = registry.add(module->types);
  std::vector<CanonicalType> result;
  for (TypeIndex i = 0; i < ids.size(); ++i) result.push_back(ids[module.representative(i)]);
  return result;
}

bool less_types(const std::vector<ValueType>& a, const std::vector<ValueType>& b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](ValueType x, ValueType y) { return x.bits() < y.bits(); });
}

}  // namespace

CompiledModule::CompiledModule(Engine& engine, std::vector<std::uint8_t> bytes, ValidModule valid,
                               CodeArena arena)
    : engine_(engine),
      bytes_(std::move(bytes)),
      valid_(std::move(valid)),
      layout_(VmLayout::of(*valid_)),
      types_(canonical_types(engine.types(), valid_)),
      arena_(std::move(arena)),
      compiled_(valid_->bodies.size()) {
  std::ranges::fill(arena_.table(), engine.lazy_direct_entry());
}

CompiledModule::~CompiledModule() = default;

ValueType CompiledModule::canonical(ValueType type) const noexcept {
  if (!type.is_reference() || type.heap().kind() != HeapType::Kind::Defined) return type;
  return ValueType::reference(HeapType::defined(types_[type.heap().index()]), type.nullable());
}

FuncType CompiledModule::canonical(const FuncType& type) const {
  FuncType result = type;
  for (ValueType& value : result.params) value = canonical(value);
  for (ValueType& value : result.results) value = canonical(value);
  return result;
}

const void* CompiledModule::entry(FuncIndex index) const noexcept {
  // SAFETY: the arena's table lies right below its code, one pointer for each body.
  const auto* const table = reinterpret_cast<const void* const*>(
      const_cast<CompiledModule*>(this)->arena_.table().data());
  return table[index - valid_->imported_functions];
}

core::Result<const void*> CompiledModule::compile(FuncIndex index) {
  if (!is_compiled(index)) {
    TRY(emit(index));
    TRY(arena_.seal());
  }
  return entry(index);
}

core::Result<void> CompiledModule::compile_all() {
  eager_ = true;
  std::vector<bool> all(valid_->bodies.size(), true);
  compiled_.swap(all);
  for (std::size_t i = 0; i < valid_->bodies.size(); ++i) {
    TRY(emit(static_cast<FuncIndex>(valid_->imported_functions + i)));
  }
  const auto table = arena_.table();
  for (const Pending& call : pending_) {
    const auto* const target =
        static_cast<const std::uint8_t*>(table[call.function - valid_->imported_functions]);
    // SAFETY: the arena is writable until seal(); `code` was noted by relocate().
    auto* const site = const_cast<std::uint8_t*>(arena_.code()) + call.code;
    const auto displacement = static_cast<std::int32_t>(target - (site + 4));
    std::memcpy(site, &displacement, sizeof(displacement));
  }
  pending_.clear();
  pending_.shrink_to_fit();
  return arena_.seal();
}

core::Result<void> CompiledModule::emit(FuncIndex index) {
  const CompileEnvironment environment{valid_,          layout_,   types_,
                                       engine_.types(), compiled_, engine_.options().bounds};
  const FunctionCode& function = *TRY(engine_.compiler().compile(environment, index));
  const core::ByteSpan code = TRY(arena_.append(function.bytes.size()));
  std::memcpy(code.data(), function.bytes.data(), code.size());
  const auto begin = static_cast<std::uint32_t>(code.data() - arena_.code());
  const std::size_t body = index - valid_->imported_functions;
  arena_.table()[body] = code.data();
  compiled_[body] = true;
  map_.add(begin, index, static_cast<std::uint32_t>(valid_->bodies[body].offset), function);
  relocate(code, function);
  return {};
}

void CompiledModule::relocate(core::ByteSpan code, const FunctionCode& function) {
  const auto table = arena_.table();
  for (const Relocation& relocation : function.relocations) {
    std::uint8_t* const site = code.data() + relocation.code;
    const std::size_t body = relocation.function - valid_->imported_functions;
    const void* target = &table[body];
    if (relocation.kind == Relocation::Kind::Function) {
      target = table[body];
      if (target == engine_.lazy_direct_entry()) {
        pending_.push_back({relocation.function, static_cast<std::uint32_t>(site - arena_.code())});
        continue;
      }
    }
    const auto displacement =
        static_cast<std::int32_t>(static_cast<const std::uint8_t*>(target) - (site + 4));
    std::memcpy(site, &displacement, sizeof(displacement));
  }
}

std::string CompiledModule::function_name(FuncIndex index) const {
  const CustomSection* const section = valid_->custom("name");
  if (section != nullptr) {
    Cursor cursor(section->content, section->offset);
    while (cursor.ok() && !cursor.at_end()) {
      const std::uint8_t id = cursor.u8();
      const std::uint32_t size = cursor.u32();
      Cursor names(cursor.bytes(size), 0);
      if (id != 1) continue;
      for (std::uint32_t left = names.u32(); left > 0 && names.ok(); --left) {
        const FuncIndex function = names.u32();
        const core::ByteView name = names.bytes(names.u32());
        if (names.ok() && function == index) return std::string(core::as_text(name));
      }
    }
  }
  for (const Export& item : valid_->exports) {
    if (item.kind == ExternKind::Function && item.index == index) return std::string(item.name);
  }
  return {};
}

bool Engine::TypeLess::operator()(const FuncType& a, const FuncType& b) const noexcept {
  if (less_types(a.params, b.params)) return true;
  if (less_types(b.params, a.params)) return false;
  return less_types(a.results, b.results);
}

Engine::Engine(std::unique_ptr<CompilerFactory> compilers, EngineOptions options, CodeArena arena,
               FaultHandler faults)
    : options_(options),
      faults_(std::move(faults)),
      compilers_(std::move(compilers)),
      compiler_(compilers_->make()),
      stubs_(std::move(arena)) {}

Engine::~Engine() = default;

core::Result<std::unique_ptr<Engine>> Engine::create(std::unique_ptr<CompilerFactory> compilers,
                                                     EngineOptions options) {
  if (!os::lacking_instructions().empty()) {
    return core::error(ErrorCode::Unsupported,
                       "this processor lacks instructions that compiled code needs (x86-64-v3)");
  }
  FaultHandler faults = TRY(FaultHandler::install());
  CodeArena arena = TRY(CodeArena::create(0, stub_bytes));
  std::unique_ptr<Engine> engine(
      new Engine(std::move(compilers), options, std::move(arena), std::move(faults)));
  engine->lazy_direct_ = TRY(engine->append_stub(engine->compiler_->lazy_direct_entry()));
  engine->lazy_reference_ = TRY(engine->append_stub(engine->compiler_->lazy_reference_entry()));
  engine->trap_exit_ = TRY(engine->append_stub(engine->compiler_->trap_exit()));
  engine->raise_ = TRY(engine->append_stub(engine->compiler_->raise()));
  TRY(engine->stubs_.seal());
  return engine;
}

core::Result<const void*> Engine::append_stub(const FunctionCode& code) {
  const core::ByteSpan room = TRY(stubs_.append(code.bytes.size()));
  std::memcpy(room.data(), code.bytes.data(), room.size());
  return static_cast<const void*>(room.data());
}

core::Result<const void*> Engine::add_stub(const FunctionCode& code) {
  const void* const stub = TRY(append_stub(code));
  TRY(stubs_.seal());
  return stub;
}

core::Result<std::shared_ptr<CompiledModule>> Engine::compile(std::vector<std::uint8_t> wasm) {
  Module decoded = TRY(decode(wasm));
  ValidModule valid = TRY(validate(std::move(decoded)));
  if (valid.features().contains(Feature::Threads)) {
    return core::error(ErrorCode::Unsupported,
                       "threads (shared memories and atomics) are not supported yet",
                       place_of_threads(valid));
  }
  CodeArena arena = TRY(CodeArena::create(valid->bodies.size(), code_reservation));
  const std::size_t size = code_bytes(*valid);
  // SAFETY: moving a vector keeps its buffer, from which `valid` borrows.
  std::shared_ptr<CompiledModule> module(
      new CompiledModule(*this, std::move(wasm), std::move(valid), std::move(arena)));
  const bool eager = options_.mode == CompileMode::Eager ||
                     (options_.mode == CompileMode::Automatic && size <= options_.lazy_threshold);
  if (eager) TRY(module->compile_all());
  return module;
}

bool Engine::matches(ValueType sub, ValueType super) const noexcept {
  using Kind = HeapType::Kind;
  if (sub == super) return true;
  if (!sub.is_reference() || !super.is_reference()) return false;
  if (sub.nullable() && !super.nullable()) return false;
  const HeapType from = sub.heap();
  const HeapType to = super.heap();
  if (from == to) return true;
  if (to == Kind::Func) return from == Kind::NoFunc || from.kind() == Kind::Defined;
  if (to == Kind::Extern) return from == Kind::NoExtern;
  if (to == Kind::Exn) return from == Kind::NoExn;
  if (to.kind() != Kind::Defined) return false;
  return from == Kind::NoFunc ||
         (from.kind() == Kind::Defined && types_.is_subtype(from.index(), to.index()));
}

CanonicalType Engine::canonical(const FuncType& type) {
  return types_.add({DefinedType{type, true, std::nullopt, 0, 1}}).front();
}

core::Result<Engine::EnterFunction> Engine::entry_trampoline(const FuncType& type) {
  const auto found = entries_.find(type);
  if (found != entries_.end()) return found->second;
  const void* const code = TRY(add_stub(compiler_->entry_trampoline(type)));
  // SAFETY: the trampoline follows the C++ calling convention of EnterFunction, see compiler.h.
  const auto function = reinterpret_cast<EnterFunction>(const_cast<void*>(code));
  entries_.emplace(type, function);
  return function;
}

core::Result<const void*> Engine::host_trampoline(const FuncType& type) {
  const auto found = hosts_.find(type);
  if (found != hosts_.end()) return found->second;
  const void* const code = TRY(add_stub(compiler_->host_trampoline(type)));
  hosts_.emplace(type, code);
  return code;
}

}  // namespace merlon::wasm
