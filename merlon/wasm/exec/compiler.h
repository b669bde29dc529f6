#pragma once

// What the runtime asks of a compiler. The baseline compiler is one; an ahead-of-time compiler is
// to be its sibling.
//
// Internal calling convention, between compiled functions and trampolines:
//   r15        VmContext of the callee;  r14  base of its memory 0; both kept by the callee
//   rax        VmFunction* when called through one; else the function index when through the
//              module's function table
//   integers and references  rdi rsi r8 r9 r10 rdx;  floats and vectors  xmm0 … xmm7;
//              what does not fit: VmContext::arguments[position of the parameter]
//   first result  rax or xmm0;  the others: VmContext::arguments[position of the result]
//   kept by the callee  rbx rbp r12 r13 r14 r15 rsp;  a frame's size is constant after the
//              prologue, so that return addresses are found without a frame pointer

#include <cstdint>
#include <memory>
#include <vector>

#include "merlon/wasm/binary/instruction.h"
#include "merlon/wasm/exec/bounds.h"
#include "merlon/wasm/exec/trap.h"
#include "merlon/wasm/exec/vm.h"
#include "merlon/wasm/validate/validator.h"

namespace merlon::wasm {

/// A place in machine code that may trap, or a return address.
struct CodeSite {
  std::uint32_t code = 0;  ///< offset in the function's code
  std::uint32_t wasm = 0;  ///< offset in the wasm file
  enum class Kind : std::uint8_t {
    Call,          ///< a return address
    EntryCheck,    ///< overflow or interruption, before the frame is made
    StackCheck,    ///< the same at a loop's head
    Fault,         ///< memory access
    NullFunction,  ///< reads a VmFunction that may be null
    Pending,       ///< a builtin has said why
    Explicit,      ///< see `trap`
  } kind = Kind::Call;
  TrapKind trap = TrapKind::Unreachable;
};

/// A catch clause with its landing pad.
struct Handler {
  CatchClause::Kind kind = CatchClause::Kind::Catch;
  TagIndex tag = 0;
  std::uint32_t landing = 0;  ///< offset in the function's code
};

/// A try_table: its handlers, and the one around it in the same function.
struct TryRegion {
  std::vector<Handler> handlers;
  std::int32_t outer = -1;
};

/// A return address inside of a try_table.
struct TryCall {
  std::uint32_t code = 0;
  std::uint32_t region = 0;
};

/// rel32 at `code` that wants the start of another function or the function table's entry.
struct Relocation {
  enum class Kind : std::uint8_t { Function, FunctionTable };
  std::uint32_t code = 0;
  FuncIndex function = 0;
  Kind kind = Kind::Function;
};

struct FunctionCode {
  std::vector<std::uint8_t> bytes;
  std::uint32_t frame_size = 0;  ///< from rsp to the return address, after the prologue
  std::vector<CodeSite> sites;   ///< in order of `code`
  std::vector<Relocation> relocations;
  std::vector<TryRegion> try_regions;
  std::vector<TryCall> try_calls;  ///< in order of `code`
};

/// What a compiler is told about the module beyond its text.
struct CompileEnvironment {
  const ValidModule& module;
  const VmLayout& layout;
  const std::vector<CanonicalType>& types;  ///< in the engine's registry
  const TypeRegistry& registry;
  /// Direct calls to these functions may be bound with Relocation::Kind::Function; all others go
  /// through the function table.
  const std::vector<bool>& compiled;
  Bounds bounds = Bounds::Guards;
};

/// Turns validated functions into machine code. Objects are made per thread and reused.
class Compiler {
 public:
  virtual ~Compiler() = default;
  Compiler() = default;
  Compiler(const Compiler&) = delete;
  Compiler& operator=(const Compiler&) = delete;

  /// `index` names a function that is not imported. Errors: Exhausted (code or frame too large).
  /// The result is valid until the next call.
  [[nodiscard]] virtual core::Result<const FunctionCode*> compile(
      const CompileEnvironment& environment, FuncIndex index) = 0;

  /// extern "C" uint32_t enter(Activation*, const VmFunction*, Slot* values): calls a function of
  /// `type`; parameters are taken from `values`, results left there; 0 after a trap, 1 otherwise.
  /// Not a bool, of which compilers look at one bit or at eight.
  [[nodiscard]] virtual FunctionCode entry_trampoline(const FuncType& type) = 0;
  /// Code for VmFunction::code of host functions of `type`.
  [[nodiscard]] virtual FunctionCode host_trampoline(const FuncType& type) = 0;
  /// Entries for functions that are not compiled yet, see Builtin::Compile*.
  [[nodiscard]] virtual FunctionCode lazy_direct_entry() = 0;
  [[nodiscard]] virtual FunctionCode lazy_reference_entry() = 0;
  /// Where to go after a trap, with rsp as entry_trampoline saved it.
  [[nodiscard]] virtual FunctionCode trap_exit() = 0;
  /// Jumped to with a return address into guest code on the stack: ends the guest there, with
  /// Activation::kind as noted before.
  [[nodiscard]] virtual FunctionCode raise() = 0;
};

class CompilerFactory {
 public:
  virtual ~CompilerFactory() = default;
  CompilerFactory() = default;
  CompilerFactory(const CompilerFactory&) = delete;
  CompilerFactory& operator=(const CompilerFactory&) = delete;
  [[nodiscard]] virtual std::unique_ptr<Compiler> make() const = 0;
};

}  // namespace merlon::wasm
