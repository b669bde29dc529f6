#pragma once

// An engine: compiled modules and what they share. No state is kept outside of it.

#include <map>
#include <memory>
#include <vector>

#include "merlon/wasm/exec/activation.h"
#include "merlon/wasm/exec/code_arena.h"
#include "merlon/wasm/exec/code_map.h"
#include "merlon/wasm/exec/compiler.h"

namespace merlon::wasm {

class Engine;

enum class CompileMode : std::uint8_t {
  Automatic,  ///< Eager for small modules, Lazy for large ones
  Eager,      ///< all functions before the first runs
  Lazy,       ///< each function when it is first called
};

struct EngineOptions {
  CompileMode mode = CompileMode::Automatic;
  /// Modules with more bytes of code are compiled lazily by Automatic.
  std::size_t lazy_threshold = std::size_t{512} * 1024;
  Bounds bounds = Bounds::Guards;
};

/// A module ready to be instantiated any number of times. Immutable but for functions that are
/// still being compiled on their first call.
class CompiledModule {
 public:
  ~CompiledModule();
  CompiledModule(const CompiledModule&) = delete;
  CompiledModule& operator=(const CompiledModule&) = delete;

  [[nodiscard]] const Module& module() const noexcept { return *valid_; }
  /// As it was given to Engine::compile().
  [[nodiscard]] core::ByteView bytes() const noexcept { return bytes_; }
  [[nodiscard]] const ValidModule& valid() const noexcept { return valid_; }
  [[nodiscard]] const VmLayout& layout() const noexcept { return layout_; }
  [[nodiscard]] CanonicalType canonical(TypeIndex type) const noexcept { return types_[type]; }
  /// The same type with its defined types in the engine's registry.
  [[nodiscard]] ValueType canonical(ValueType type) const noexcept;
  [[nodiscard]] FuncType canonical(const FuncType& type) const;

  /// A function's entry, compiled or not. `index` must not be imported.
  [[nodiscard]] const void* entry(FuncIndex index) const noexcept;
  [[nodiscard]] bool is_compiled(FuncIndex index) const noexcept {
    return compiled_[index - valid_->imported_functions];
  }
  /// Compiles if need be. Errors: Exhausted.
  [[nodiscard]] core::Result<const void*> compile(FuncIndex index);

  [[nodiscard]] const CodeArena& arena() const noexcept { return arena_; }
  [[nodiscard]] const CodeMap& map() const noexcept { return map_; }
  [[nodiscard]] std::size_t code_size() const noexcept { return arena_.code_size(); }
  /// From the name section, else an export's name; empty if there is neither.
  [[nodiscard]] std::string function_name(FuncIndex index) const;

 private:
  friend class Engine;
  CompiledModule(Engine& engine, std::vector<std::uint8_t> bytes, ValidModule valid,
                 CodeArena arena);

  [[nodiscard]] core::Result<void> compile_all();
  [[nodiscard]] core::Result<void> emit(FuncIndex index);
  void relocate(core::ByteSpan code, const FunctionCode& function);

  Engine& engine_;
  std::vector<std::uint8_t> bytes_;
  ValidModule valid_;
  VmLayout layout_;
  std::vector<CanonicalType> types_;
  CodeArena arena_;
  CodeMap map_;
  std::vector<bool> compiled_;
  struct Pending {
    FuncIndex function;
    std::uint32_t code;
  };
  std::vector<Pending> pending_;  ///< calls to functions that compile_all() has yet to come to
  bool eager_ = false;
};

/// Belongs to one thread, with its modules and stores; two engines share nothing.
class Engine {
 public:
  /// Errors: Unsupported (the CPU lacks what compiled code needs) · Exhausted.
  [[nodiscard]] static core::Result<std::unique_ptr<Engine>> create(
      std::unique_ptr<CompilerFactory> compilers, EngineOptions options = {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Decodes, validates and prepares `wasm`, which is attacker-controlled. The result must not
  /// outlive the engine.
  /// Errors: those of decode() and validate() · Unsupported (threads) · Exhausted.
  [[nodiscard]] core::Result<std::shared_ptr<CompiledModule>> compile(
      std::vector<std::uint8_t> wasm);

  [[nodiscard]] TypeRegistry& types() noexcept { return types_; }
  [[nodiscard]] Compiler& compiler() noexcept { return *compiler_; }
  [[nodiscard]] const EngineOptions& options() const noexcept { return options_; }

  /// Does a reference or number of type `sub` match `super`? Both in the engine's registry.
  [[nodiscard]] bool matches(ValueType sub, ValueType super) const noexcept;
  /// The id of a function type that mentions no defined types.
  [[nodiscard]] CanonicalType canonical(const FuncType& type);

  using EnterFunction = std::uint32_t (*)(Activation*, const VmFunction*, Slot*);
  /// Made once for each type. Errors: Exhausted.
  [[nodiscard]] core::Result<EnterFunction> entry_trampoline(const FuncType& type);
  [[nodiscard]] core::Result<const void*> host_trampoline(const FuncType& type);

  [[nodiscard]] const void* lazy_direct_entry() const noexcept { return lazy_direct_; }
  [[nodiscard]] const void* lazy_reference_entry() const noexcept { return lazy_reference_; }
  [[nodiscard]] const void* trap_exit() const noexcept { return trap_exit_; }
  [[nodiscard]] const void* raise() const noexcept { return raise_; }

 private:
  Engine(std::unique_ptr<CompilerFactory> compilers, EngineOptions options, CodeArena arena,
         FaultHandler faults);

  /// Code that can run once stubs_ is sealed.
  [[nodiscard]] core::Result<const void*> append_stub(const FunctionCode& code);
  [[nodiscard]] core::Result<const void*> add_stub(const FunctionCode& code);

  struct TypeLess {
    bool operator()(const FuncType& a, const FuncType& b) const noexcept;
  };

  EngineOptions options_;
  FaultHandler faults_;
  std::unique_ptr<CompilerFactory> compilers_;
  std::unique_ptr<Compiler> compiler_;
  TypeRegistry types_;
  CodeArena stubs_;
  const void* lazy_direct_ = nullptr;
  const void* lazy_reference_ = nullptr;
  const void* trap_exit_ = nullptr;
  const void* raise_ = nullptr;
  std::map<FuncType, EnterFunction, TypeLess> entries_;
  std::map<FuncType, const void*, TypeLess> hosts_;
};

}  // namespace merlon::wasm
