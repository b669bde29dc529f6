#include "merlon/wasm/exec/store.h"

#include <algorithm>

#include "merlon/wasm/binary/limits.h"
#include "merlon/wasm/exec/instance.h"

namespace merlon::wasm {

using core::ErrorCode;

namespace {

bool may_be_exception(ValueType type) noexcept {
  if (!type.is_reference()) return false;
  const HeapType heap = type.heap();
  return heap == HeapType::Kind::Exn || heap == HeapType::Kind::NoExn;
}

}  // namespace

std::unique_ptr<TableInstance> TableInstance::create(TableType type, std::uint64_t max_elements,
                                                     MemoryBudget& budget, std::uint64_t initial) {
  std::unique_ptr<TableInstance> table(new TableInstance(type, max_elements, budget));
  if (type.limits.min > max_elements || !table->reserve(type.limits.min)) return nullptr;
  table->elements_.assign(type.limits.min, initial);
  table->vm_ = {table->elements_.data(), table->elements_.size()};
  return table;
}

/// Twice as much as before where the budget allows it, so that growing by ones stays linear.
bool TableInstance::reserve(std::uint64_t size) {
  if (size <= paid_) return true;
  for (const std::uint64_t wanted : {std::max(size, std::min(2 * paid_, max_elements_)), size}) {
    if (!budget_.take_records((wanted - paid_) * sizeof(std::uint64_t))) continue;
    paid_ = wanted;
    elements_.reserve(wanted);
    return true;
  }
  return false;
}

std::optional<std::uint64_t> TableInstance::grow(std::uint64_t delta, std::uint64_t value) {
  const std::uint64_t old_size = elements_.size();
  const std::uint64_t limit = std::min(max_elements_, type_.limits.max.value_or(max_elements_));
  if (old_size > limit || delta > limit - old_size) return std::nullopt;
  if (!reserve(old_size + delta)) return std::nullopt;
  elements_.resize(old_size + delta, value);
  vm_ = {elements_.data(), elements_.size()};
  return old_size;
}

Store::Store(Engine& engine, StoreLimits limits)
    : engine_(engine),
      limits_(limits),
      own_budget_(limits.max_bytes),
      budget_(limits.budget != nullptr ? *limits.budget : own_budget_),
      exceptions_(budget_, limits.exception_step),
      arguments_(std::max(limits::params, limits::results) + std::size_t{2}) {}

Store::~Store() = default;

void Store::interrupt() noexcept {
  interrupted_.store(true, std::memory_order_seq_cst);
  for (VmContext* context = contexts_.load(std::memory_order_acquire); context != nullptr;
       context = context->next) {
    std::atomic_ref<std::uintptr_t>(context->stack_limit)
        .store(~std::uintptr_t{0}, std::memory_order_relaxed);
  }
}

void Store::enter_limits() noexcept {
  // SAFETY: only for arithmetic on the address.
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  const std::uintptr_t limit = std::max(here - limits_.max_stack_bytes, limits_.stack_floor);
  for (VmContext* context = contexts_.load(std::memory_order_acquire); context != nullptr;
       context = context->next) {
    std::atomic_ref<std::uintptr_t>(context->stack_limit).store(limit, std::memory_order_seq_cst);
  }
  // An interruption that came before its contexts were given their limits must not be lost.
  if (interrupted_.load(std::memory_order_seq_cst)) interrupt();
}

Outcome Store::call(const VmFunction& function, const FuncType& type, const Values& arguments) {
  bool matches = arguments.size() == type.params.size();
  for (std::size_t i = 0; matches && i < arguments.size(); ++i) {
    matches = engine_.matches(arguments[i].type, type.params[i]);
  }
  if (!matches) {
    return core::error(ErrorCode::Malformed, "the arguments do not match the function's type");
  }
  const auto enter = engine_.entry_trampoline(type);
  if (!enter.has_value()) return enter.error();
  std::vector<Slot> values(std::max<std::size_t>({type.params.size(), type.results.size(), 1}));
  for (std::size_t i = 0; i < arguments.size(); ++i) values[i] = arguments[i].bits;
  if (depth_ == 0) enter_limits();
  Activation activation;
  activation.store = this;
  ++depth_;
  bool returned = false;
  {
    const ActivationScope scope(activation);
    returned = (*enter)(&activation, &function, values.data()) != 0;
  }
  --depth_;
  if (!returned) return trap_of(activation);
  Values results;
  for (std::size_t i = 0; i < type.results.size(); ++i) {
    const ValueType result = type.results[i];
    // Only the lower half of a 32-bit result is defined.
    if (result == ValueType::i32 || result == ValueType::f32) values[i].low &= 0xffff'ffffU;
    if (may_be_exception(result) && values[i].low != 0) {
      // SAFETY: a non-null exception reference is the address of one of this store's.
      reinterpret_cast<Exception*>(values[i].low)->kept = true;
    }
    results.push_back({result, values[i]});
  }
  return results;
}

Trap Store::trap_of(const Activation& activation) const {
  Trap trap{activation.kind, activation.exit_code, {}};
  for (std::uint32_t i = 0; i < activation.frame_count; ++i) {
    const RawFrame& raw = activation.frames[i];
    const CodeRecord* const record = raw.module->map().find(raw.offset);
    // Only the innermost frame can be at an instruction that trapped.
    auto site = raw.module->map().site(*record, raw.offset, i != 0);
    if (!site) site = raw.module->map().site(*record, raw.offset, true);
    trap.backtrace.push_back(
        {raw.function, site ? site->wasm : record->wasm, raw.module->function_name(raw.function)});
  }
  return trap;
}

core::Result<Memory*> Store::make_memory(const MemoryType& type) {
  memories_.push_back(
      TRY(Memory::create(type, limits_.max_memory_bytes, budget_, engine_.options().bounds)));
  return memories_.back().get();
}

TableInstance* Store::make_table(const TableType& type, std::uint64_t initial) {
  auto table = TableInstance::create(type, limits_.max_table_elements, budget_, initial);
  if (table == nullptr) return nullptr;
  tables_.push_back(std::move(table));
  return tables_.back().get();
}

const Exception* Store::make_exception(const TagInstance& tag, std::span<const Slot> values) {
  if (exceptions_.is_due()) collect_exceptions();
  const Exception* const made = exceptions_.make(tag, values);
  if (made != nullptr) return made;
  collect_exceptions();
  return exceptions_.make(tag, values);
}

/// See exceptions.h for why these are all the places.
void Store::collect_exceptions() {
  ExceptionHeap::Collection collection(exceptions_);
  const Activation* outermost = current_activation();
  while (outermost->previous != nullptr) outermost = outermost->previous;
  collection.look_at_stack(outermost->entry_sp);
  for (const Slot& argument : arguments_) collection.look_at(argument.low);
  for (const auto& global : globals_) {
    if (may_be_exception(global->type.value)) collection.look_at(global->cell->low);
  }
  for (const auto& table : tables_) {
    if (!may_be_exception(table->type().element)) continue;
    const VmTable& elements = *table->vm();
    for (std::uint64_t i = 0; i < elements.size; ++i) collection.look_at(elements.elements[i]);
  }
}

GlobalInstance* Store::make_global(const GlobalType& type, Slot value) {
  auto global = std::make_unique<GlobalInstance>();
  global->type = type;
  global->own = std::make_unique<Slot>(value);
  global->cell = global->own.get();
  globals_.push_back(std::move(global));
  return globals_.back().get();
}

TagInstance* Store::make_tag(const FuncType& type, CanonicalType canonical) {
  tags_.push_back(std::make_unique<TagInstance>(TagInstance{type, canonical}));
  return tags_.back().get();
}

core::Result<VmFunction*> Store::host_reference(const HostFunction& function, VmContext* context) {
  auto instance = std::make_unique<HostFunctionInstance>();
  instance->function = function;
  instance->vm = {TRY(engine_.host_trampoline(function.type)), context,
                  engine_.canonical(function.type), 0, &instance->function};
  host_functions_.push_back(std::move(instance));
  return &host_functions_.back()->vm;
}

bool Store::reserves(const void* address) const noexcept {
  return std::ranges::any_of(memories_,
                             [&](const auto& memory) { return memory->reserves(address); });
}

const CompiledModule* Store::module_at(const void* pc) const noexcept {
  for (const auto& module : modules_) {
    if (module->arena().contains(pc)) return module.get();
  }
  return nullptr;
}

}  // namespace merlon::wasm
