#include "merlon/shim/linux/signals.h"

#include <array>

#include "merlon/shim/linux/host.h"
#include "merlon/shim/linux/user.h"

namespace merlon::shim::linux {

using abi::SystemResult;

namespace {

constexpr std::uint64_t killed_by_signal = 128;
constexpr std::uint64_t red_zone = 128;

struct Exception {
  int signal;
  std::int32_t code;
  const char* name;
};

Exception exception_of(std::uint64_t vector) noexcept {
  switch (vector) {
    case 0: return {abi::sigfpe, 1, "SIGFPE"};  // FPE_INTDIV
    case 3: return {abi::sigtrap, 1, "SIGTRAP"};
    case 6: return {abi::sigill, 2, "SIGILL"};      // ILL_ILLOPN
    case 12: return {abi::sigbus, 0x80, "SIGBUS"};  // SI_KERNEL
    case 14: return {abi::sigsegv, 1, "SIGSEGV"};   // SEGV_MAPERR
    case 16:
    case 19: return {abi::sigfpe, 3, "SIGFPE"};
    case 17: return {abi::sigbus, 1, "SIGBUS"};
    default: return {abi::sigsegv, 0x80, "SIGSEGV"};  // SI_KERNEL
  }
}

/// A register in a signal's frame and while the shim works.
struct RegisterPair {
  std::uint64_t abi::MachineContext::* frame;
  std::uint64_t Registers::* here;
};
constexpr auto register_pairs = std::array{
#define MERLON_REGISTER(name) RegisterPair{&abi::MachineContext::name, &Registers::name}
    MERLON_REGISTER(r8),  MERLON_REGISTER(r9),  MERLON_REGISTER(r10), MERLON_REGISTER(r11),
    MERLON_REGISTER(r12), MERLON_REGISTER(r13), MERLON_REGISTER(r14), MERLON_REGISTER(r15),
    MERLON_REGISTER(rdi), MERLON_REGISTER(rsi), MERLON_REGISTER(rbp), MERLON_REGISTER(rbx),
    MERLON_REGISTER(rdx), MERLON_REGISTER(rax), MERLON_REGISTER(rcx), MERLON_REGISTER(rsp),
    MERLON_REGISTER(rip),
#undef MERLON_REGISTER
};

abi::MachineContext saved(const Registers& from, std::uint64_t fault_address) noexcept {
  abi::MachineContext to{};
  for (const RegisterPair& pair : register_pairs) to.*pair.frame = from.*pair.here;
  to.rflags = from.rflags;
  to.segments = abi::user_code_segment;
  to.error = from.error;
  to.trap = from.vector;
  to.fault_address = fault_address;
  return to;
}

/// Segments stay the keep's own, whatever the frame says; so do the flags that are not a program's.
void restore(Registers& to, const abi::MachineContext& from) noexcept {
  for (const RegisterPair& pair : register_pairs) to.*pair.here = from.*pair.frame;
  to.rflags = safe_flags(from.rflags);
}

}  // namespace

SystemResult Signals::set_action(std::uint64_t signal, std::uint64_t action,
                                 std::uint64_t previous) noexcept {
  if (signal == 0 || signal >= actions_.size()) return -abi::Inval;
  if (previous != 0 && !write_user(previous, actions_[signal])) return -abi::Fault;
  if (action != 0 && !read_user(action, actions_[signal])) return -abi::Fault;
  return 0;
}

/// Nothing comes that could be held back; the mask is only remembered.
SystemResult Signals::set_mask(std::uint64_t how, std::uint64_t set,
                               std::uint64_t previous) noexcept {
  if (previous != 0 && !write_user(previous, mask_)) return -abi::Fault;
  if (set == 0) return 0;
  std::uint64_t change = 0;
  if (!read_user(set, change)) return -abi::Fault;
  switch (how) {
    case 0: mask_ |= change; return 0;
    case 1: mask_ &= ~change; return 0;
    case 2: mask_ = change; return 0;
    default: return -abi::Inval;
  }
}

SystemResult Signals::set_stack(std::uint64_t stack, std::uint64_t previous) noexcept {
  abi::SignalStack before = stack_;
  if (before.size == 0) before.flags = abi::ss_disable;
  if (previous != 0 && !write_user(previous, before)) return -abi::Fault;
  if (stack != 0 && !read_user(stack, stack_)) return -abi::Fault;
  return 0;
}

std::uint64_t Signals::stack_for(const abi::SignalAction& action,
                                 std::uint64_t stack_pointer) const noexcept {
  const bool inside =
      stack_pointer - stack_.base < stack_.size;  // wraps to a large number below the stack
  const bool usable = (stack_.flags & abi::ss_disable) == 0 && stack_.size != 0;
  if ((action.flags & abi::sa_onstack) != 0 && usable && !inside) return stack_.base + stack_.size;
  return stack_pointer - red_zone;
}

void Signals::kill(std::uint64_t signal) noexcept {
  end_keep(killed_by_signal + signal % abi::signal_count);
}

void Signals::raise(Registers& registers, std::uint64_t fault_address) noexcept {
  const Exception exception = exception_of(registers.vector);
  const auto signal = static_cast<std::uint64_t>(exception.signal);
  const abi::SignalAction& action = actions_[signal];
  if (action.handler == abi::sig_default || action.handler == abi::sig_ignore) {
    crash("the keep was ended by ", exception.name);
  }
  abi::SignalFrame frame{};
  frame.restorer = action.restorer;
  frame.context.stack = stack_;
  frame.context.machine = saved(registers, fault_address);
  frame.context.mask = mask_;
  frame.info.signal = exception.signal;
  frame.info.code = exception.code;
  frame.info.address = registers.vector == 14 ? fault_address : registers.rip;
  if (exception.code == 0x80) frame.info.address = 0;

  // The handler starts as if it had been called: 8 below a multiple of 16.
  constexpr std::uint64_t alignment = 16;
  std::uint64_t place = stack_for(action, registers.rsp) - sizeof(frame);
  place = (place & ~(alignment - 1)) - 8;
  if (!write_user(place, frame)) crash("the keep has no stack left for ", exception.name);
  registers.rdi = signal;
  registers.rsi = place + offsetof(abi::SignalFrame, info);
  registers.rdx = place + offsetof(abi::SignalFrame, context);
  registers.rax = 0;
  registers.rip = action.handler;
  registers.rsp = place;
  registers.rflags = fixed_flags;
}

void Signals::come_back(Registers& registers) noexcept {
  abi::SignalFrame frame{};
  // The handler's return has taken the restorer off the stack.
  if (!read_user(registers.rsp - sizeof(frame.restorer), frame)) {
    crash("the keep came back from a signal that it did not get");
  }
  restore(registers, frame.context.machine);
}

}  // namespace merlon::shim::linux
