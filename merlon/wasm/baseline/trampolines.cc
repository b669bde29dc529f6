#include "merlon/wasm/baseline/compiler.h"
#include "merlon/wasm/baseline/function_compiler.h"
#include "merlon/wasm/exec/activation.h"

// The borders of compiled code: in from C++, out to host functions, and functions that are
// compiled when they are first called.

namespace merlon::wasm::baseline {

namespace {

asmjit::Environment target_environment() {
  return asmjit::Environment(asmjit::Arch::kX64, asmjit::SubArch::kUnknown,
                             asmjit::Vendor::kUnknown, asmjit::Platform::kLinux);
}

/// An assembler for one stub.
class Stub {
 public:
  Stub() {
    code_.init(target_environment());
    code_.setErrorHandler(&errors_);
    code_.attach(&a);
  }
  FunctionCode finish() {
    MERLON_CHECK(!errors_.failed());
    const asmjit::CodeBuffer& buffer = code_.textSection()->buffer();
    FunctionCode result;
    result.bytes.assign(buffer.data(), buffer.data() + buffer.size());
    return result;
  }

 private:
  AssemblerErrors errors_;
  asmjit::CodeHolder code_;

 public:
  x86::Assembler a;
};

/// Gives out argument registers in order; no_register once they are used up.
class ArgumentPlaces {
 public:
  RegisterId next(ValueType type) {
    if (type.is_float() || type.is_vector()) {
      return vector_ < argument_vector.size() ? argument_vector[vector_++] : no_register;
    }
    return general_ < argument_general.size() ? argument_general[general_++] : no_register;
  }

 private:
  std::size_t general_ = 0;
  std::size_t vector_ = 0;
};

x86::Mem slot(const x86::Gp& base, std::size_t index) {
  return x86::ptr(base, static_cast<std::int32_t>(index * sizeof(Slot)));
}

void load(x86::Assembler& a, ValueType type, RegisterId to, const x86::Mem& from) {
  if (type.is_vector()) a.vmovups(xmm(to), from);
  else if (type.is_float()) a.vmovsd(xmm(to), from);
  else if (type == ValueType::i32) a.mov(gp32(to), from);
  else a.mov(gp64(to), from);
}

void store(x86::Assembler& a, ValueType type, const x86::Mem& to, RegisterId from) {
  if (type.is_vector()) {
    a.vmovups(to, xmm(from));
  } else if (type == ValueType::f32) {
    // The slot's upper half is to be zero; rcx carries no argument.
    a.vmovd(x86::ecx, xmm(from));
    a.mov(to, x86::rcx);
  } else if (type.is_float()) {
    a.vmovsd(to, xmm(from));
  } else {
    a.mov(to, gp64(from));
  }
}

RegisterId result_place(ValueType type) {
  return type.is_float() || type.is_vector() ? result_vector : result_general;
}

void copy_slot(x86::Assembler& a, const x86::Mem& to, const x86::Mem& from) {
  a.vmovups(vector_scratch, from);
  a.vmovups(to, vector_scratch);
}

const x86::Gp kept_by_callee[] = {x86::rbx, x86::rbp, x86::r12, x86::r13, x86::r14, x86::r15};

/// Six kept registers and the return address: this keeps rsp a multiple of 16.
constexpr std::int32_t entry_locals = 24;

void leave_entry(x86::Assembler& a) {
  a.add(x86::rsp, entry_locals);
  for (int i = 5; i >= 0; --i) a.pop(kept_by_callee[i]);
  a.ret();
}

constexpr std::int32_t all_arguments = 6 * 8 + 8 * 16;

void save_arguments(x86::Assembler& a) {
  std::int32_t at = 0;
  for (const RegisterId reg : argument_vector) {
    a.vmovups(x86::ptr(x86::rsp, at), xmm(reg));
    at += 16;
  }
  for (const RegisterId reg : argument_general) {
    a.mov(x86::ptr(x86::rsp, at), gp64(reg));
    at += 8;
  }
}

void restore_arguments(x86::Assembler& a) {
  std::int32_t at = 0;
  for (const RegisterId reg : argument_vector) {
    a.vmovups(xmm(reg), x86::ptr(x86::rsp, at));
    at += 16;
  }
  for (const RegisterId reg : argument_general) {
    a.mov(gp64(reg), x86::ptr(x86::rsp, at));
    at += 8;
  }
}

/// Compiles the function that rax names, then goes on into it with its arguments untouched.
FunctionCode lazy_entry(Builtin builtin) {
  Stub stub;
  x86::Assembler& a = stub.a;
  const asmjit::Label failed = a.newLabel();
  constexpr std::int32_t frame = all_arguments + 8 + 16;  // keeps rsp a multiple of 16
  static_assert((frame + 8) % 16 == 0);
  a.sub(x86::rsp, frame);
  save_arguments(a);
  a.mov(x86::ptr(x86::rsp, all_arguments), x86::rax);
  // CompileDirect takes context and index, CompileReference the reference.
  if (builtin == Builtin::CompileDirect) {
    a.mov(x86::rdi, context_register);
    a.mov(x86::rsi, x86::rax);
  } else {
    a.mov(x86::rdi, x86::rax);
  }
  a.call(
      x86::ptr(context_register, static_cast<std::int32_t>(offsetof(VmContext, builtins) +
                                                           8 * static_cast<std::size_t>(builtin))));
  a.mov(scratch, x86::rax);
  a.mov(x86::rax, x86::ptr(x86::rsp, all_arguments));
  restore_arguments(a);
  a.add(x86::rsp, frame);
  a.test(scratch, scratch);
  a.je(failed);
  a.jmp(scratch);
  a.bind(failed);
  // The caller's own address serves as the place of the trap: Builtin::CompileDirect has noted it.
  a.jmp(x86::ptr(context_register,
                 static_cast<std::int32_t>(offsetof(VmContext, builtins) +
                                           8 * static_cast<std::size_t>(Builtin::RaiseNow))));
  return stub.finish();
}

/// uint32_t enter(Activation* rdi, const VmFunction* rsi, Slot* values rdx)
FunctionCode entry(const FuncType& type) {
  Stub stub;
  x86::Assembler& a = stub.a;
  for (const x86::Gp& reg : kept_by_callee) a.push(reg);
  a.sub(x86::rsp, entry_locals);
  a.mov(x86::ptr(x86::rdi, offsetof(Activation, entry_sp)), x86::rsp);
  a.mov(x86::ptr(x86::rsp), x86::rdx);
  a.mov(x86::rax, x86::rsi);
  a.mov(scratch, x86::rdx);
  a.mov(context_register, x86::ptr(x86::rax, offsetof(VmFunction, context)));
  a.mov(memory_register, x86::ptr(context_register, offsetof(VmContext, memory0_base)));
  a.mov(x86::rcx, x86::ptr(context_register, offsetof(VmContext, arguments)));
  ArgumentPlaces places;
  for (std::size_t i = 0; i < type.params.size(); ++i) {
    const RegisterId reg = places.next(type.params[i]);
    if (reg == no_register) copy_slot(a, slot(x86::rcx, i), slot(scratch, i));
    else load(a, type.params[i], reg, slot(scratch, i));
  }
  a.call(x86::ptr(x86::rax, offsetof(VmFunction, code)));
  a.mov(x86::rdx, x86::ptr(x86::rsp));
  for (std::size_t i = 0; i < type.results.size(); ++i) {
    if (i == 0) {
      store(a, type.results[0], slot(x86::rdx, 0), result_place(type.results[0]));
      continue;
    }
    // r15 is ours again: callees keep it.
    if (i == 1) a.mov(x86::rcx, x86::ptr(context_register, offsetof(VmContext, arguments)));
    copy_slot(a, slot(x86::rdx, i), slot(x86::rcx, i));
  }
  a.mov(x86::eax, 1);
  leave_entry(a);
  return stub.finish();
}

/// From the internal convention to Builtin::CallHost(context, function, values).
FunctionCode host(const FuncType& type) {
  Stub stub;
  x86::Assembler& a = stub.a;
  const std::size_t count = std::max(type.params.size(), type.results.size());
  const auto frame = static_cast<std::int32_t>(count * sizeof(Slot) + 8);
  const asmjit::Label failed = a.newLabel();
  a.sub(x86::rsp, frame);
  ArgumentPlaces places;
  bool has_pointer = false;
  for (std::size_t i = 0; i < type.params.size(); ++i) {
    const RegisterId reg = places.next(type.params[i]);
    if (reg != no_register) {
      store(a, type.params[i], slot(x86::rsp, i), reg);
      continue;
    }
    if (!has_pointer) a.mov(scratch, x86::ptr(context_register, offsetof(VmContext, arguments)));
    has_pointer = true;
    copy_slot(a, slot(x86::rsp, i), slot(scratch, i));
  }
  a.mov(x86::rdi, context_register);
  a.mov(x86::rsi, x86::rax);
  a.mov(x86::rdx, x86::rsp);
  a.call(x86::ptr(context_register,
                  static_cast<std::int32_t>(offsetof(VmContext, builtins) +
                                            8 * static_cast<std::size_t>(Builtin::CallHost))));
  a.test(x86::al, x86::al);
  a.je(failed);
  for (std::size_t i = 0; i < type.results.size(); ++i) {
    if (i == 0) {
      load(a, type.results[0], result_place(type.results[0]), slot(x86::rsp, 0));
      continue;
    }
    if (i == 1) a.mov(scratch, x86::ptr(context_register, offsetof(VmContext, arguments)));
    copy_slot(a, slot(scratch, i), slot(x86::rsp, i));
  }
  a.add(x86::rsp, frame);
  a.ret();
  a.bind(failed);
  a.add(x86::rsp, frame);
  a.jmp(x86::ptr(context_register,
                 static_cast<std::int32_t>(offsetof(VmContext, builtins) +
                                           8 * static_cast<std::size_t>(Builtin::RaiseNow))));
  return stub.finish();
}

class BaselineCompiler : public Compiler {
 public:
  core::Result<const FunctionCode*> compile(const CompileEnvironment& environment,
                                            FuncIndex index) override {
    TRY(functions_.compile(environment, index, code_));
    return static_cast<const FunctionCode*>(&code_);
  }
  FunctionCode entry_trampoline(const FuncType& type) override { return entry(type); }
  FunctionCode host_trampoline(const FuncType& type) override { return host(type); }
  FunctionCode lazy_direct_entry() override { return lazy_entry(Builtin::CompileDirect); }
  FunctionCode lazy_reference_entry() override { return lazy_entry(Builtin::CompileReference); }
  FunctionCode trap_exit() override {
    Stub stub;
    stub.a.xor_(x86::eax, x86::eax);
    leave_entry(stub.a);
    return stub.finish();
  }
  FunctionCode raise() override {
    // With rsp at the return address into the guest's code: where it called from is what traps.
    Stub stub;
    stub.a.mov(x86::rdi, x86::rsp);
    stub.a.sub(x86::rsp, 8);
    stub.a.and_(x86::rsp, -16);
    stub.a.call(x86::ptr(context_register, static_cast<std::int32_t>(
                                               offsetof(VmContext, builtins) +
                                               8 * static_cast<std::size_t>(Builtin::NoteRaise))));
    stub.a.mov(x86::rsp, x86::rax);
    stub.a.xor_(x86::eax, x86::eax);
    leave_entry(stub.a);
    return stub.finish();
  }

 private:
  FunctionCompiler functions_;
  FunctionCode code_;
};

class BaselineFactory : public CompilerFactory {
 public:
  [[nodiscard]] std::unique_ptr<Compiler> make() const override {
    return std::make_unique<BaselineCompiler>();
  }
};

}  // namespace

std::unique_ptr<CompilerFactory> compilers() { return std::make_unique<BaselineFactory>(); }

}  // namespace merlon::wasm::baseline
