#pragma once

// What compiled code and the runtime share: plain structs whose layout machine code relies on.
//
//   r15 ──► VmContext ─┬─ stack_limit, arguments, memory0, builtins …       fixed part
//                      ├─ VmMemory*   memories[]                            │
//                      ├─ VmTable*    tables[]                              │ offsets:
//                      ├─ Slot*       globals[]      imported and own       │ VmLayout
//                      ├─ VmFunction* imports[]                             │
//                      └─ Slot        own_globals[]                         ┘
//   r14 ──► first byte of memory 0 (it never moves)

#include <array>
#include <cstddef>
#include <cstdint>

#include "merlon/wasm/binary/module.h"
#include "merlon/wasm/validate/type_registry.h"

namespace merlon::wasm {

class Instance;

/// Room for any one value; numbers and references use the low bits.
struct alignas(16) Slot {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

struct VmContext;

/// What a non-null funcref points to: how to call a function, and what it is.
struct VmFunction {
  const void* code = nullptr;    ///< entry in the internal calling convention
  VmContext* context = nullptr;  ///< r15 for the callee
  CanonicalType type = 0;        ///< in the engine's registry
  FuncIndex index = 0;           ///< in the module it was defined in
  void* host = nullptr;          ///< HostFunction, if it is one
};

struct VmMemory {
  std::uint8_t* base = nullptr;
  std::uint64_t bytes = 0;  ///< accessible now
};

/// References: VmFunction*, exception object or the host's own pointer; null is 0.
struct VmTable {
  std::uint64_t* elements = nullptr;
  std::uint64_t size = 0;
};

/// The parameters or results of one of a module's types, in a word.
class ValueList {
 public:
  static constexpr ValueList params(TypeIndex type) noexcept { return ValueList(type * 2ULL); }
  static constexpr ValueList results(TypeIndex type) noexcept { return ValueList(type * 2ULL + 1); }
  static constexpr ValueList from_bits(std::uint64_t bits) noexcept { return ValueList(bits); }
  [[nodiscard]] constexpr std::uint64_t bits() const noexcept { return bits_; }
  [[nodiscard]] const std::vector<ValueType>& of(const Module& module) const noexcept {
    const FuncType& type = module.types[bits_ / 2].function;
    return are_results() ? type.results : type.params;
  }
  [[nodiscard]] constexpr bool are_results() const noexcept { return bits_ % 2 != 0; }

 private:
  constexpr explicit ValueList(std::uint64_t bits) noexcept : bits_(bits) {}
  std::uint64_t bits_;
};

/// Runtime services that compiled code calls, System V calling convention.
enum class Builtin : std::uint8_t {
  CompileDirect,
  CompileReference,
  MemoryGrow,
  MemoryCopy,
  MemoryFill,
  MemoryInit,
  DataDrop,
  TableGet,
  TableSet,
  TableGrow,
  TableFill,
  TableCopy,
  TableInit,
  ElemDrop,
  RefFunc,
  IsSubtype,
  CallHost,
  PassValues,
  TakeValues,
  Throw,
  ThrowRef,
  NoteRaise,
  RaiseNow,
  Count,
};
inline constexpr std::size_t builtin_count = static_cast<std::size_t>(Builtin::Count);

struct VmContext {
  /// Checked at function entries and loop heads: the stack must stay above. Store::interrupt()
  /// sets it to the highest address, so that the next check leaves the guest.
  std::uintptr_t stack_limit = 0;
  Slot* arguments = nullptr;  ///< parameters and results that have no register
  std::uint8_t* memory0_base = nullptr;
  VmMemory* memory0 = nullptr;
  Instance* instance = nullptr;
  std::uintptr_t resume_sp = 0;  ///< stack pointer to go on with after Throw and ThrowRef
  VmContext* next = nullptr;     ///< of the same store, for Store::interrupt()
  std::array<const void*, builtin_count> builtins{};
};
static_assert(offsetof(VmContext, stack_limit) == 0);
static_assert(sizeof(VmContext) % 8 == 0);

/// Where a module's variable part of VmContext lies, in bytes from its start.
struct VmLayout {
  std::uint32_t memories = 0;
  std::uint32_t tables = 0;
  std::uint32_t globals = 0;
  std::uint32_t imports = 0;
  std::uint32_t own_globals = 0;
  std::uint32_t size = 0;

  [[nodiscard]] static VmLayout of(const Module& module) noexcept {
    const auto count = [](std::size_t n) { return static_cast<std::uint32_t>(n); };
    VmLayout layout;
    layout.memories = count(sizeof(VmContext));
    layout.tables = layout.memories + 8 * count(module.memories.size());
    layout.globals = layout.tables + 8 * count(module.tables.size());
    layout.imports = layout.globals + 8 * count(module.globals.size());
    layout.own_globals = layout.imports + 8 * module.imported_functions;
    layout.own_globals = (layout.own_globals + 15U) & ~15U;
    layout.size =
        layout.own_globals + 16 * (count(module.globals.size()) - module.imported_globals);
    return layout;
  }
};

}  // namespace merlon::wasm
