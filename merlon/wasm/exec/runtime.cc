#include "merlon/wasm/exec/runtime.h"

#include <algorithm>
#include <cstring>

#include "merlon/wasm/exec/instance.h"

namespace merlon::wasm {

namespace {

/// Notes why the guest shall end; compiled code then traps at a site of kind Pending.
bool fail(TrapKind kind) noexcept {
  current_activation()->kind = kind;
  return false;
}

bool in_bounds(std::uint64_t start, std::uint64_t count, std::uint64_t size) noexcept {
  return start <= size && count <= size - start;
}

}  // namespace

/// Each is called by compiled code with the guest's own operands: hostile, and held against the
/// bounds of what they name before anything is touched. False (or null) stands for a trap.
struct Runtime {
  static const void* compile_direct(VmContext* context, std::uint64_t body) {
    Instance& instance = *context->instance;
    const auto index = static_cast<FuncIndex>(body);
    const auto code = instance.module_->compile(index);
    if (code.has_value()) return *code;
    fail(TrapKind::OutOfMemory);
    return nullptr;
  }

  static const void* compile_reference(VmFunction* function) {
    const void* const code = compile_direct(function->context, function->index);
    if (code != nullptr) function->code = code;
    return code;
  }

  static std::uint64_t memory_grow(VmContext* context, std::uint32_t memory, std::uint64_t delta) {
    return context->instance->memories_[memory]->grow(delta).value_or(~std::uint64_t{0});
  }

  static bool memory_copy(VmContext* context, std::uint64_t memories, std::uint64_t to,
                          std::uint64_t from, std::uint64_t count) {
    const auto& all = context->instance->memories_;
    const core::ByteSpan target = all[memories & 0xffff'ffffU]->bytes();
    const core::ByteSpan source = all[memories >> 32U]->bytes();
    if (!in_bounds(to, count, target.size()) || !in_bounds(from, count, source.size())) {
      return fail(TrapKind::MemoryOutOfBounds);
    }
    if (count != 0) std::memmove(target.data() + to, source.data() + from, count);
    return true;
  }

  static bool memory_fill(VmContext* context, std::uint32_t memory, std::uint64_t to,
                          std::uint32_t value, std::uint64_t count) {
    const core::ByteSpan target = context->instance->memories_[memory]->bytes();
    if (!in_bounds(to, count, target.size())) return fail(TrapKind::MemoryOutOfBounds);
    if (count != 0) std::memset(target.data() + to, static_cast<int>(value & 0xffU), count);
    return true;
  }

  static bool memory_init(VmContext* context, std::uint64_t segment_and_memory, std::uint64_t to,
                          std::uint32_t from, std::uint32_t count) {
    Instance& instance = *context->instance;
    const auto segment = static_cast<std::uint32_t>(segment_and_memory);
    const core::ByteSpan target = instance.memories_[segment_and_memory >> 32U]->bytes();
    const core::ByteView source = instance.dropped_data_[segment]
                                      ? core::ByteView{}
                                      : instance.module_->module().data[segment].bytes;
    if (!in_bounds(to, count, target.size()) || !in_bounds(from, count, source.size())) {
      return fail(TrapKind::MemoryOutOfBounds);
    }
    if (count != 0) std::memcpy(target.data() + to, source.data() + from, count);
    return true;
  }

  static void data_drop(VmContext* context, std::uint32_t segment) {
    context->instance->dropped_data_[segment] = true;
  }

  static bool table_get(VmContext* context, std::uint32_t table, std::uint64_t index) {
    const VmTable& elements = *context->instance->tables_[table]->vm();
    if (index >= elements.size) return fail(TrapKind::TableOutOfBounds);
    context->arguments[0].low = elements.elements[index];
    return true;
  }

  static bool table_set(VmContext* context, std::uint32_t table, std::uint64_t index,
                        std::uint64_t value) {
    const VmTable& elements = *context->instance->tables_[table]->vm();
    if (index >= elements.size) return fail(TrapKind::TableOutOfBounds);
    elements.elements[index] = value;
    return true;
  }

  static std::uint64_t table_grow(VmContext* context, std::uint32_t table, std::uint64_t delta,
                                  std::uint64_t value) {
    return context->instance->tables_[table]->grow(delta, value).value_or(~std::uint64_t{0});
  }

  static bool table_fill(VmContext* context, std::uint32_t table, std::uint64_t to,
                         std::uint64_t value, std::uint64_t count) {
    const VmTable& elements = *context->instance->tables_[table]->vm();
    if (!in_bounds(to, count, elements.size)) return fail(TrapKind::TableOutOfBounds);
    std::fill_n(elements.elements + to, count, value);
    return true;
  }

  static bool table_copy(VmContext* context, std::uint64_t tables, std::uint64_t to,
                         std::uint64_t from, std::uint64_t count) {
    const auto& all = context->instance->tables_;
    const VmTable& target = *all[tables & 0xffff'ffffU]->vm();
    const VmTable& source = *all[tables >> 32U]->vm();
    if (!in_bounds(to, count, target.size) || !in_bounds(from, count, source.size)) {
      return fail(TrapKind::TableOutOfBounds);
    }
    if (count != 0) {
      std::memmove(target.elements + to, source.elements + from, count * sizeof(std::uint64_t));
    }
    return true;
  }

  static bool table_init(VmContext* context, std::uint64_t segment_and_table, std::uint64_t to,
                         std::uint32_t from, std::uint32_t count) {
    return context->instance->init_table(static_cast<std::uint32_t>(segment_and_table >> 32U),
                                         static_cast<std::uint32_t>(segment_and_table), to, from,
                                         count) ||
           fail(TrapKind::TableOutOfBounds);
  }

  static void elem_drop(VmContext* context, std::uint32_t segment) {
    context->instance->dropped_elements_[segment] = true;
  }

  static VmFunction* ref_func(VmContext* context, std::uint32_t index) {
    return context->instance->function(index);
  }

  static bool is_subtype(VmContext* context, std::uint32_t sub, std::uint32_t super) {
    return context->instance->store().engine().types().is_subtype(sub, super);
  }

  /// Ends the guest at the call whose return address is at `sp`; gives the stack pointer to leave
  /// with.
  static std::uintptr_t note_raise(const std::uint8_t* sp) {
    Activation& activation = *current_activation();
    // SAFETY: Compiler::raise() is reached with a return address on top of the stack.
    const auto* const pc = *reinterpret_cast<const std::uint8_t* const*>(sp);
    note_backtrace(activation, pc, sp + sizeof(void*), true);
    return activation.entry_sp;
  }

  /// `values` holds the parameters and receives the results.
  static bool call_host(VmContext* context, VmFunction* function, Slot* values) {
    const auto& host = *static_cast<const HostFunction*>(function->host);
    Caller caller(*context);
    const HostResult<void> result = host.thunk(host.environment, caller, values);
    if (result.has_value()) return true;
    current_activation()->exit_code = result.error().code;
    return fail(result.error().kind);
  }

  /// Operands' slots take eight bytes, vectors sixteen; VmContext::arguments takes sixteen for
  /// each.
  static void pass_values(VmContext* context, std::uint64_t list, const std::uint8_t* slots) {
    Slot* to = context->arguments;
    const ValueList values = ValueList::from_bits(list);
    for (const ValueType type : values.of(context->instance->module_->module())) {
      const std::size_t size = type.is_vector() ? 16 : 8;
      std::memcpy(to++, slots, size);
      slots += size;
    }
  }

  /// The other way. A function's first result is in no argument.
  static void take_values(VmContext* context, std::uint64_t list, std::uint8_t* slots) {
    const Slot* from = context->arguments;
    const ValueList values = ValueList::from_bits(list);
    bool first = values.are_results();
    for (const ValueType type : values.of(context->instance->module_->module())) {
      const std::size_t size = type.is_vector() ? 16 : 8;
      if (!first) std::memcpy(slots, from, size);
      first = false;
      ++from;
      slots += size;
    }
  }

  /// Finds the handler for an exception thrown at return address `pc` with stack pointer `sp`:
  /// where to go on, and in `resume_sp` with which stack pointer; null if there is none.
  static const void* unwind(VmContext* context, const Exception& exception, const std::uint8_t* pc,
                            const std::uint8_t* sp);

  static const void* throw_tag(VmContext* context, std::uint32_t tag, const std::uint8_t* pc,
                               const std::uint8_t* sp) {
    Store& store = context->instance->store();
    const TagInstance* const instance = context->instance->tags_[tag];
    const std::size_t count = instance->type.params.size();
    const Exception* const made = store.make_exception(*instance, {context->arguments, count});
    if (made == nullptr) {
      fail(TrapKind::OutOfMemory);
      return nullptr;
    }
    return unwind(context, *made, pc, sp);
  }

  static const void* throw_ref(VmContext* context, const Exception* exception,
                               const std::uint8_t* pc, const std::uint8_t* sp) {
    if (exception == nullptr) {
      fail(TrapKind::NullReference);
      return nullptr;
    }
    return unwind(context, *exception, pc, sp);
  }
};

namespace {

/// The handler of `record` that takes `exception` thrown at return address `offset`.
const Handler* find_handler(const CompiledModule& module, const CodeRecord& record,
                            std::size_t offset, const Exception& exception, Instance& instance) {
  const TryTable* const tries = module.map().tries(record);
  if (tries == nullptr) return nullptr;
  const std::size_t code = offset - record.begin;
  const auto call = std::ranges::lower_bound(tries->calls, code, {}, &TryCall::code);
  if (call == tries->calls.end() || call->code != code) return nullptr;
  for (auto region = static_cast<std::int32_t>(call->region); region >= 0;
       region = tries->regions[static_cast<std::size_t>(region)].outer) {
    for (const Handler& handler : tries->regions[static_cast<std::size_t>(region)].handlers) {
      const bool all = handler.kind == CatchClause::Kind::CatchAll ||
                       handler.kind == CatchClause::Kind::CatchAllRef;
      if (all || instance.tag(handler.tag) == exception.tag) return &handler;
    }
  }
  return nullptr;
}

}  // namespace

const void* Runtime::unwind(VmContext* context, const Exception& exception, const std::uint8_t* pc,
                            const std::uint8_t* sp) {
  Store& store = context->instance->store();
  while (const CompiledModule* module = store.module_at(pc)) {
    const auto offset = static_cast<std::size_t>(pc - module->arena().code());
    const CodeRecord* const record = module->map().find(offset);
    if (record == nullptr) break;
    // SAFETY: functions with handlers keep their context in the lowest word of their frame.
    auto* const frame_context = module->map().tries(*record) == nullptr
                                    ? nullptr
                                    : *reinterpret_cast<VmContext* const*>(sp);
    const Handler* const handler =
        frame_context == nullptr
            ? nullptr
            : find_handler(*module, *record, offset, exception, *frame_context->instance);
    if (handler != nullptr) {
      Slot* const values = context->arguments;
      std::ranges::copy(exception.values, values);
      // The reference follows the values, for those clauses that want it.
      const bool all = handler->kind == CatchClause::Kind::CatchAll ||
                       handler->kind == CatchClause::Kind::CatchAllRef;
      values[all ? 0 : exception.values.size()].low = reinterpret_cast<std::uint64_t>(&exception);
      context->resume_sp = reinterpret_cast<std::uintptr_t>(sp);
      return module->arena().code() + record->begin + handler->landing;
    }
    sp += record->frame_size;
    pc = *reinterpret_cast<const std::uint8_t* const*>(sp);
    sp += sizeof(void*);
  }
  fail(TrapKind::UncaughtException);
  return nullptr;
}

std::array<const void*, builtin_count> builtin_addresses() noexcept {
  std::array<const void*, builtin_count> table{};
  const auto set = [&table](Builtin builtin, auto* function) {
    // SAFETY: POSIX lets function pointers be kept as void*.
    table[static_cast<std::size_t>(builtin)] = reinterpret_cast<const void*>(function);
  };
  set(Builtin::CompileDirect, &Runtime::compile_direct);
  set(Builtin::CompileReference, &Runtime::compile_reference);
  set(Builtin::MemoryGrow, &Runtime::memory_grow);
  set(Builtin::MemoryCopy, &Runtime::memory_copy);
  set(Builtin::MemoryFill, &Runtime::memory_fill);
  set(Builtin::MemoryInit, &Runtime::memory_init);
  set(Builtin::DataDrop, &Runtime::data_drop);
  set(Builtin::TableGet, &Runtime::table_get);
  set(Builtin::TableSet, &Runtime::table_set);
  set(Builtin::TableGrow, &Runtime::table_grow);
  set(Builtin::TableFill, &Runtime::table_fill);
  set(Builtin::TableCopy, &Runtime::table_copy);
  set(Builtin::TableInit, &Runtime::table_init);
  set(Builtin::ElemDrop, &Runtime::elem_drop);
  set(Builtin::RefFunc, &Runtime::ref_func);
  set(Builtin::IsSubtype, &Runtime::is_subtype);
  set(Builtin::CallHost, &Runtime::call_host);
  set(Builtin::PassValues, &Runtime::pass_values);
  set(Builtin::TakeValues, &Runtime::take_values);
  set(Builtin::Throw, &Runtime::throw_tag);
  set(Builtin::ThrowRef, &Runtime::throw_ref);
  set(Builtin::NoteRaise, &Runtime::note_raise);
  return table;
}

}  // namespace merlon::wasm
