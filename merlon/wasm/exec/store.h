#pragma once

// A store [WASM 3.0 §4.2.4]: everything that instances of one program share and own.

#include <atomic>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "merlon/wasm/exec/budget.h"
#include "merlon/wasm/exec/engine.h"
#include "merlon/wasm/exec/exceptions.h"
#include "merlon/wasm/exec/imports.h"
#include "merlon/wasm/exec/memory.h"
#include "merlon/wasm/exec/value.h"

namespace merlon::wasm {

class Instance;

/// What a guest may use; refusals are those of the specification (memory.grow gives -1).
struct StoreLimits {
  std::uint64_t max_memory_bytes = std::uint64_t{4} << 30U;  ///< of each memory
  std::uint64_t max_bytes = std::uint64_t{8} << 30U;         ///< of all together, see MemoryBudget
  std::uint64_t max_table_elements = 10'000'000;             ///< of each table
  std::uint64_t max_stack_bytes = std::uint64_t{1} << 20U;
  /// The guest's stack ends here at the latest: so far above the real end that host functions and
  /// frames of 16 KiB, which are not checked, have room.
  std::uintptr_t stack_floor = 0;
  /// Counts what the store takes instead of one of its own, so that others can take from it too.
  /// Outlives the store.
  MemoryBudget* budget = nullptr;
  /// How many bytes of exceptions are made before those that nobody holds are freed; 0: at each
  /// throw.
  std::uint64_t exception_step = std::uint64_t{1} << 20U;
};

/// A table [WASM 3.0 §4.2.8]; types are those of the engine's registry.
class TableInstance {
 public:
  /// Null if that exceeds the budget, which must outlive the table, or `max_elements`.
  [[nodiscard]] static std::unique_ptr<TableInstance> create(TableType type,
                                                             std::uint64_t max_elements,
                                                             MemoryBudget& budget,
                                                             std::uint64_t initial);

  /// Gives the old size, or nothing: then nothing changed.
  [[nodiscard]] std::optional<std::uint64_t> grow(std::uint64_t delta, std::uint64_t value);
  [[nodiscard]] const TableType& type() const noexcept { return type_; }
  [[nodiscard]] VmTable* vm() noexcept { return &vm_; }
  [[nodiscard]] std::uint64_t size() const noexcept { return vm_.size; }

 private:
  TableInstance(TableType type, std::uint64_t max_elements, MemoryBudget& budget)
      : type_(type), max_elements_(max_elements), budget_(budget) {}
  [[nodiscard]] bool reserve(std::uint64_t size);

  TableType type_;
  std::uint64_t max_elements_;
  MemoryBudget& budget_;
  std::uint64_t paid_ = 0;  ///< elements taken from the budget
  std::vector<std::uint64_t> elements_;
  VmTable vm_;
};

struct GlobalInstance {
  GlobalType type;
  Slot* cell = nullptr;  ///< in the defining instance's context, or `own`
  std::unique_ptr<Slot> own;
};

/// Its address is its identity.
struct TagInstance {
  FuncType type;
  CanonicalType canonical = 0;
};

/// A host function in a store, callable by guests.
struct HostFunctionInstance {
  VmFunction vm;
  HostFunction function;
};

using Values = std::vector<Value>;
/// What running a guest can come to: results, or a trap, or an error of the embedder's own
/// (no such export, wrong arguments).
using Outcome = std::variant<Values, Trap, core::Error>;

/// Why there is no instance: a core::Error names what is wrong with the imports, `import` which.
struct LinkError {
  core::Error error;
  std::string import;       ///< "module.name", empty if no import is to blame
  std::uint64_t asked = 0;  ///< bytes, if that was too much
};
using InstantiateOutcome = std::variant<Instance*, Trap, LinkError>;

/// Belongs to the engine's thread. Objects made in it live as long as it does.
class Store {
 public:
  explicit Store(Engine& engine, StoreLimits limits = {});
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Links, initialises and starts `module`. Effects of active segments before a trap stay, as
  /// the specification has it.
  [[nodiscard]] InstantiateOutcome instantiate(std::shared_ptr<CompiledModule> module,
                                               const Imports& imports);

  /// Calls `function`, which must be of this store.
  [[nodiscard]] Outcome call(const VmFunction& function, const FuncType& type,
                             const Values& arguments);

  /// Ends the guest with TrapKind::Interrupted at its next function entry or loop head, now and
  /// whenever it is entered again. Async-signal-safe; from any thread.
  void interrupt() noexcept;
  [[nodiscard]] bool interrupted() const noexcept {
    return interrupted_.load(std::memory_order_acquire);
  }

  /// Objects of the embedder's own. Errors: Exhausted.
  [[nodiscard]] core::Result<Memory*> make_memory(const MemoryType& type);
  /// Null if it exceeds the limits.
  [[nodiscard]] TableInstance* make_table(const TableType& type, std::uint64_t initial = 0);
  [[nodiscard]] GlobalInstance* make_global(const GlobalType& type, Slot value);
  [[nodiscard]] TagInstance* make_tag(const FuncType& type, CanonicalType canonical);

  [[nodiscard]] Engine& engine() noexcept { return engine_; }
  [[nodiscard]] const StoreLimits& limits() const noexcept { return limits_; }
  [[nodiscard]] MemoryBudget& budget() noexcept { return budget_; }
  /// Does `address` belong to a memory of this store?
  [[nodiscard]] bool reserves(const void* address) const noexcept;
  /// The module whose code holds `pc`, or null.
  [[nodiscard]] const CompiledModule* module_at(const void* pc) const noexcept;

 private:
  friend class Instance;
  friend class Instantiation;
  friend struct Runtime;

  void enter_limits() noexcept;
  /// Null if there is no room for it. For the guest's thread, in a builtin.
  [[nodiscard]] const Exception* make_exception(const TagInstance& tag,
                                                std::span<const Slot> values);
  void collect_exceptions();
  [[nodiscard]] Trap trap_of(const Activation& activation) const;
  [[nodiscard]] core::Result<VmFunction*> host_reference(const HostFunction& function,
                                                         VmContext* context);

  Engine& engine_;
  StoreLimits limits_;
  MemoryBudget own_budget_;
  MemoryBudget& budget_;
  ExceptionHeap exceptions_;
  std::atomic<bool> interrupted_ = false;
  std::atomic<VmContext*> contexts_ = nullptr;
  std::uint32_t depth_ = 0;  ///< of nested activations
  std::vector<Slot> arguments_;
  std::vector<std::unique_ptr<Instance>> instances_;
  std::vector<std::shared_ptr<CompiledModule>> modules_;
  std::vector<std::unique_ptr<Memory>> memories_;
  std::vector<std::unique_ptr<TableInstance>> tables_;
  std::vector<std::unique_ptr<GlobalInstance>> globals_;
  std::vector<std::unique_ptr<TagInstance>> tags_;
  std::vector<std::unique_ptr<HostFunctionInstance>> host_functions_;
};

}  // namespace merlon::wasm
