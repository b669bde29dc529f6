#include <cstring>

#include "merlon/wasm/exec/instance.h"

namespace merlon::wasm {

using core::ErrorCode;

namespace {

bool limits_match(const Limits& given, std::uint64_t size, const Limits& wanted) {
  if (given.address != wanted.address || given.shared != wanted.shared) return false;
  if (size < wanted.min) return false;
  return !wanted.max || (given.max && *given.max <= *wanted.max);
}

}  // namespace

/// The steps of [WASM 3.0 §4.7.2], in order.
class Instantiation {
 public:
  Instantiation(Store& store, std::shared_ptr<CompiledModule> module, const Imports& imports)
      : store_(store),
        imports_(imports),
        compiled_(std::move(module)),
        text_(compiled_->module()) {}

  InstantiateOutcome run() {
    if (!allocate_records()) return std::move(error_);
    auto owned = std::make_unique<Instance>(store_, compiled_);
    instance_ = owned.get();
    if (!link()) return std::move(error_);
    if (!allocate()) return std::move(error_);
    register_instance(std::move(owned));
    if (auto trap = initialize()) return std::move(*trap);
    return instance_;
  }

 private:
  bool link();
  bool resolve(const Import& import);
  bool resolve_function(const Import& import, const Imports::Definition& definition);
  bool resolve_extern(const Import& import, const Extern& external);
  bool match(const Import& import, const TableInstance& table);
  bool match(const Import& import, const Memory& memory);
  bool match(const Import& import, const GlobalInstance& global);
  bool match(const Import& import, const TagInstance& tag);
  bool allocate();
  bool allocate_records();
  bool allocate_memories();
  void allocate_globals();
  bool allocate_tables();
  void allocate_tags();
  void fill_context();
  void register_instance(std::unique_ptr<Instance> owned);
  std::optional<Trap> initialize();
  std::optional<Trap> initialize_elements();
  std::optional<Trap> initialize_data();

  bool refuse(const Import& import, const char* what, ErrorCode code = ErrorCode::Malformed) {
    error_ = {core::error(code, what), std::string(import.module) + "." + std::string(import.name)};
    return false;
  }
  bool refuse(const core::Error& error) {
    error_ = {error, {}};
    return false;
  }
  bool refuse_size(const core::Error& error, std::uint64_t count, std::uint64_t size) {
    constexpr std::uint64_t most = ~std::uint64_t{0};
    error_ = {error, {}, count > most / size ? most : count * size};
    return false;
  }
  template <typename T>
  void write(std::uint32_t offset, std::size_t index, T* value) {
    // SAFETY: any object may be written as bytes; the layout gives the offset.
    auto* const bytes = reinterpret_cast<std::uint8_t*>(&instance_->context());
    std::memcpy(bytes + offset + index * sizeof(value), &value, sizeof(value));
  }

  Store& store_;
  const Imports& imports_;
  std::shared_ptr<CompiledModule> compiled_;
  const Module& text_;
  Instance* instance_ = nullptr;
  LinkError error_;
  std::vector<VmFunction*> functions_;
};

bool Instantiation::link() {
  for (const Import& import : text_.imports) {
    if (!resolve(import)) return false;
  }
  return true;
}

bool Instantiation::resolve(const Import& import) {
  const Imports::Definition* const definition = imports_.find(import.module, import.name);
  if (definition == nullptr) {
    return refuse(import,
                  imports_.has_module(import.module) ? "unknown import: no such name in this module"
                                                     : "unknown import: no such module",
                  ErrorCode::NotFound);
  }
  if (kind_of(import.type) == ExternKind::Function) return resolve_function(import, *definition);
  const auto* const external = std::get_if<Extern>(definition);
  if (external == nullptr) return refuse(import, "incompatible import type: a function is given");
  return resolve_extern(import, *external);
}

bool Instantiation::resolve_function(const Import& import, const Imports::Definition& definition) {
  const CanonicalType wanted = compiled_->canonical(std::get<TypeIndex>(import.type));
  VmFunction* function = nullptr;
  if (const auto* host = std::get_if<HostFunction>(&definition)) {
    auto reference = store_.host_reference(*host, &instance_->context());
    if (!reference.has_value()) return refuse(reference.error());
    function = *reference;
  } else {
    const auto* const external = std::get_if<VmFunction*>(&std::get<Extern>(definition));
    if (external == nullptr) return refuse(import, "incompatible import type: not a function");
    function = *external;
  }
  if (!store_.engine().types().is_subtype(function->type, wanted)) {
    return refuse(import, "incompatible import type: the function has another type");
  }
  functions_.push_back(function);
  return true;
}

bool Instantiation::resolve_extern(const Import& import, const Extern& external) {
  constexpr const char* wrong_kind = "incompatible import type: another kind is given";
  if (static_cast<ExternKind>(external.index()) != kind_of(import.type)) {
    return refuse(import, wrong_kind);
  }
  bool matched = false;
  if (auto* const* table = std::get_if<TableInstance*>(&external)) {
    matched = match(import, **table);
    instance_->tables_.push_back(*table);
  } else if (auto* const* memory = std::get_if<Memory*>(&external)) {
    matched = match(import, **memory);
    instance_->memories_.push_back(*memory);
  } else if (auto* const* global = std::get_if<GlobalInstance*>(&external)) {
    matched = match(import, **global);
    instance_->globals_.push_back(*global);
  } else if (auto* const* tag = std::get_if<TagInstance*>(&external)) {
    matched = match(import, **tag);
    instance_->tags_.push_back(*tag);
  }
  return matched || refuse(import, "incompatible import type");
}

bool Instantiation::match(const Import& import, const TableInstance& table) {
  const auto& wanted = std::get<TableType>(import.type);
  return table.type().element == compiled_->canonical(wanted.element) &&
         limits_match(table.type().limits, table.size(), wanted.limits);
}

bool Instantiation::match(const Import& import, const Memory& memory) {
  return limits_match(memory.type().limits, memory.pages(),
                      std::get<MemoryType>(import.type).limits);
}

bool Instantiation::match(const Import& import, const GlobalInstance& global) {
  const auto& wanted = std::get<GlobalType>(import.type);
  const ValueType type = compiled_->canonical(wanted.value);
  if (global.type.is_mutable != wanted.is_mutable) return false;
  return wanted.is_mutable ? global.type.value == type
                           : store_.engine().matches(global.type.value, type);
}

bool Instantiation::match(const Import& import, const TagInstance& tag) {
  return tag.canonical == compiled_->canonical(std::get<TagType>(import.type).type);
}

bool Instantiation::allocate() {
  fill_context();  // first: constant expressions may refer to imported functions
  allocate_tags();
  if (!allocate_memories()) return false;
  allocate_globals();
  if (!allocate_tables()) return false;
  for (const Export& item : text_.exports) {
    if (item.kind == ExternKind::Memory && item.name == "memory") {
      instance_->main_memory_ = instance_->memories_[item.index];
    }
  }
  if (instance_->main_memory_ == nullptr && !instance_->memories_.empty()) {
    instance_->main_memory_ = instance_->memories_.front();
  }
  return true;
}

/// What the engine keeps of an instance, of each thing that it has and of its segments.
bool Instantiation::allocate_records() {
  constexpr std::size_t allocation = 16;  // of the allocator's own
  std::uint64_t bytes = sizeof(Instance) + compiled_->layout().size;
  bytes += text_.functions.size() * sizeof(VmFunction);
  bytes += text_.imported_functions * (sizeof(HostFunctionInstance) + allocation);
  bytes += text_.tables.size() * (sizeof(TableInstance) + allocation);
  bytes += text_.globals.size() * (sizeof(GlobalInstance) + allocation);
  bytes += text_.tags.size() * (sizeof(TagInstance) + allocation);
  bytes += text_.data.size() * sizeof(DataSegment);
  for (const ElementSegment& segment : text_.elements) {
    const bool indices = std::holds_alternative<std::vector<FuncIndex>>(segment.init);
    bytes += sizeof(ElementSegment) +
             segment.size() * (indices ? sizeof(FuncIndex) : sizeof(Expression));
  }
  if (store_.budget().take_records(bytes)) return true;
  return refuse_size(core::error(ErrorCode::Exhausted,
                                 "its functions, globals and segments exceed the memory limit"),
                     bytes, 1);
}

void Instantiation::fill_context() {
  const VmLayout& layout = compiled_->layout();
  instance_->context().arguments = store_.arguments_.data();
  for (std::size_t i = 0; i < functions_.size(); ++i) write(layout.imports, i, functions_[i]);
}

void Instantiation::allocate_tags() {
  for (std::size_t i = text_.imported_tags; i < text_.tags.size(); ++i) {
    const TypeIndex type = text_.tags[i].type;
    instance_->tags_.push_back(store_.make_tag(compiled_->canonical(text_.types[type].function),
                                               compiled_->canonical(type)));
  }
}

bool Instantiation::allocate_memories() {
  const VmLayout& layout = compiled_->layout();
  for (std::size_t i = text_.imported_memories; i < text_.memories.size(); ++i) {
    auto memory = store_.make_memory(text_.memories[i]);
    if (!memory.has_value()) {
      return refuse_size(memory.error(), text_.memories[i].limits.min, page_size);
    }
    instance_->memories_.push_back(*memory);
  }
  for (std::size_t i = 0; i < instance_->memories_.size(); ++i) {
    write(layout.memories, i, instance_->memories_[i]->vm());
  }
  if (!instance_->memories_.empty()) {
    instance_->context().memory0 = instance_->memories_.front()->vm();
    instance_->context().memory0_base = instance_->memories_.front()->vm()->base;
  }
  return true;
}

void Instantiation::allocate_globals() {
  const VmLayout& layout = compiled_->layout();
  // SAFETY: VmLayout keeps this part for one Slot per own global, 16-byte aligned.
  auto* const own = reinterpret_cast<Slot*>(reinterpret_cast<std::uint8_t*>(&instance_->context()) +
                                            layout.own_globals);
  for (std::size_t i = text_.imported_globals; i < text_.globals.size(); ++i) {
    const Global& declared = text_.globals[i];
    auto global = std::make_unique<GlobalInstance>();
    global->type = {compiled_->canonical(declared.type.value), declared.type.is_mutable};
    global->cell = own + (i - text_.imported_globals);
    *global->cell = instance_->evaluate(declared.init);
    instance_->globals_.push_back(global.get());
    store_.globals_.push_back(std::move(global));
  }
  for (std::size_t i = 0; i < instance_->globals_.size(); ++i) {
    write(layout.globals, i, instance_->globals_[i]->cell);
  }
}

bool Instantiation::allocate_tables() {
  for (std::size_t i = text_.imported_tables; i < text_.tables.size(); ++i) {
    const Table& declared = text_.tables[i];
    const TableType type{compiled_->canonical(declared.type.element), declared.type.limits};
    const std::uint64_t initial = declared.init ? instance_->evaluate(*declared.init).low : 0;
    TableInstance* const table = store_.make_table(type, initial);
    if (table == nullptr) {
      return refuse_size(core::error(ErrorCode::Exhausted,
                                     "the table's minimum size exceeds the table or memory limit"),
                         type.limits.min, sizeof(std::uint64_t));
    }
    instance_->tables_.push_back(table);
  }
  for (std::size_t i = 0; i < instance_->tables_.size(); ++i) {
    write(compiled_->layout().tables, i, instance_->tables_[i]->vm());
  }
  return true;
}

void Instantiation::register_instance(std::unique_ptr<Instance> owned) {
  VmContext& context = instance_->context();
  context.next = store_.contexts_.load(std::memory_order_relaxed);
  context.stack_limit = context.next != nullptr ? context.next->stack_limit : 0;
  store_.contexts_.store(&context, std::memory_order_release);
  if (store_.interrupted()) store_.interrupt();
  store_.modules_.push_back(compiled_);
  store_.instances_.push_back(std::move(owned));
}

std::optional<Trap> Instantiation::initialize() {
  if (auto trap = initialize_elements()) return trap;
  if (auto trap = initialize_data()) return trap;
  if (!text_.start) return std::nullopt;
  Outcome outcome = store_.call(*instance_->function(*text_.start), FuncType{}, {});
  if (auto* trap = std::get_if<Trap>(&outcome)) return std::move(*trap);
  if (std::holds_alternative<core::Error>(outcome)) return Trap{TrapKind::OutOfMemory, 0, {}};
  return std::nullopt;
}

std::optional<Trap> Instantiation::initialize_elements() {
  for (std::uint32_t i = 0; i < text_.elements.size(); ++i) {
    const ElementSegment& segment = text_.elements[i];
    if (segment.mode == SegmentMode::Passive) continue;
    if (segment.mode == SegmentMode::Active) {
      const std::uint64_t offset = instance_->evaluate(segment.offset).low;
      if (!instance_->init_table(segment.table, i, offset, 0,
                                 static_cast<std::uint32_t>(segment.size()))) {
        return Trap{TrapKind::TableOutOfBounds, 0, {}};
      }
    }
    instance_->dropped_elements_[i] = true;
  }
  return std::nullopt;
}

std::optional<Trap> Instantiation::initialize_data() {
  for (std::uint32_t i = 0; i < text_.data.size(); ++i) {
    const DataSegment& segment = text_.data[i];
    if (segment.mode != SegmentMode::Active) continue;
    const std::uint64_t offset = instance_->evaluate(segment.offset).low;
    const core::ByteSpan memory = instance_->memories_[segment.memory]->bytes();
    if (offset > memory.size() || segment.bytes.size() > memory.size() - offset) {
      return Trap{TrapKind::MemoryOutOfBounds, 0, {}};
    }
    if (!segment.bytes.empty()) {
      std::memcpy(memory.data() + offset, segment.bytes.data(), segment.bytes.size());
    }
    instance_->dropped_data_[i] = true;
  }
  return std::nullopt;
}

InstantiateOutcome Store::instantiate(std::shared_ptr<CompiledModule> module,
                                      const Imports& imports) {
  return Instantiation(*this, std::move(module), imports).run();
}

}  // namespace merlon::wasm
