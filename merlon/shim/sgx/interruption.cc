#include "merlon/shim/sgx/interruption.h"

#include "merlon/sallyport/enclave.h"
#include "merlon/sallyport/saved_state.h"
#include "merlon/shim/linux/host.h"
#include "merlon/shim/linux/keep.h"
#include "merlon/shim/linux/system_call.h"
#include "merlon/shim/linux/user.h"
#include "merlon/shim/sgx/processor.h"

namespace merlon::shim::sgx {

using linux::Registers;
using sallyport::EnclaveExit;
using sallyport::FaultInfo;
using sallyport::SavedFrame;
using sallyport::SavedRegisters;

extern "C" {
constinit Registers sgx_registers{};
void sgx_goes_on() noexcept;
std::uint64_t sgx_interrupted() noexcept;
Registers* sgx_handle() noexcept;
}

namespace {

constexpr std::uint64_t invalid_opcode = 6;
constexpr std::uint64_t page_fault = 14;
constexpr std::uint16_t opcode_system_call = 0x050f;
constexpr std::uint16_t opcode_cpuid = 0xa20f;
constexpr std::uint64_t opcode_size = 2;

constinit FaultInfo fault{};

SavedFrame& first_frame() noexcept {
  // SAFETY: the enclave's own page, where it lies; the processor has written it.
  return *reinterpret_cast<SavedFrame*>(sallyport::saved_state_pages);
}

bool is_in_shim(std::uint64_t address) noexcept {
  return address >= sallyport::shim_start && address < sallyport::shim_end;
}

Registers registers_of(const SavedRegisters& saved) noexcept {
  Registers to{};
  to.r15 = saved.r15;
  to.r14 = saved.r14;
  to.r13 = saved.r13;
  to.r12 = saved.r12;
  to.rbp = saved.rbp;
  to.rbx = saved.rbx;
  to.r11 = saved.r11;
  to.r10 = saved.r10;
  to.r9 = saved.r9;
  to.r8 = saved.r8;
  to.rax = saved.rax;
  to.rcx = saved.rcx;
  to.rdx = saved.rdx;
  to.rsi = saved.rsi;
  to.rdi = saved.rdi;
  to.rip = saved.rip;
  to.rsp = saved.rsp;
  to.rflags = linux::safe_flags(saved.rflags);
  to.vector = sallyport::exit_vector(saved.exit_info);
  return to;
}

/// What stands at the instruction that was no instruction; 0 if it cannot be read.
std::uint16_t opcode_at(std::uint64_t address) noexcept {
  std::uint16_t opcode = 0;
  return linux::read_user(address, opcode) ? opcode : std::uint16_t{0};
}

/// An instruction that an enclave does not have.
bool serve(Registers& registers) noexcept {
  switch (opcode_at(registers.rip)) {
    case opcode_system_call:
      registers.rip += opcode_size;
      registers.rcx = registers.rip;
      registers.r11 = registers.rflags;
      registers.vector = registers.rax;
      linux::shim_system_call(&registers);
      return true;
    case opcode_cpuid:
      registers.rip += opcode_size;
      answer_cpuid(registers);
      return true;
    default: return false;
  }
}

}  // namespace

/// Only what the processor itself has noted counts: a host may come in here whenever it likes, and
/// then nothing has happened. What happened is looked at once.
std::uint64_t sgx_interrupted() noexcept {
  SavedFrame& frame = first_frame();
  SavedRegisters& saved = frame.registers;
  if ((saved.exit_info & sallyport::exit_valid) == 0)
    return static_cast<std::uint64_t>(EnclaveExit::Resume);
  if (is_in_shim(saved.rip)) {
    // The shim has no exceptions of its own: a host keeps a page from it, or it is broken.
    saved.exit_info = 0;
    return static_cast<std::uint64_t>(EnclaveExit::Stuck);
  }
  sgx_registers = registers_of(saved);
  fault = frame.fault;
  saved.exit_info = 0;
  // SAFETY: only the address, at which the thread goes on.
  saved.rip = reinterpret_cast<std::uint64_t>(&sgx_goes_on);
  saved.rflags = linux::fixed_flags;
  return static_cast<std::uint64_t>(EnclaveExit::Resume);
}

Registers* sgx_handle() noexcept {
  Registers& registers = sgx_registers;
  if (registers.vector == invalid_opcode && serve(registers)) return &registers;
  if (registers.vector == page_fault) {
    if (pages().take_missing(fault.address)) return &registers;
    // A host that keeps a page away must not look like a fault of the keep: it is tried again.
    if (pages().has(fault.address, fault.error)) return &registers;
  }
  registers.error = fault.error;
  linux::keep().signals.raise(registers, fault.address);
  return &registers;
}

}  // namespace merlon::shim::sgx
