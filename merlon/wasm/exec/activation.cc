#include "merlon/wasm/exec/activation.h"

#include <csignal>
#include <cstdlib>
#include <mutex>

#include <ucontext.h>

#include "merlon/wasm/exec/store.h"

namespace merlon::wasm {

namespace {

// Signal handlers get no argument of ours: these are the process state they cannot do without.
thread_local Activation* innermost = nullptr;
struct ProcessFaults {
  std::mutex mutex;
  unsigned users = 0;
  struct sigaction previous[3] = {};
};
ProcessFaults process_faults;
constexpr int fault_signals[3] = {SIGSEGV, SIGBUS, SIGILL};

bool is_in_first_page(const void* address) noexcept {
  // SAFETY: compared as a number, never followed.
  return reinterpret_cast<std::uintptr_t>(address) < os::host_page_size;
}

/// The trap that a signal at `site` stands for, if the guest can have caused it there.
std::optional<TrapKind> trap_of(const CodeSite& site, int signal, const void* address,
                                Activation& activation) noexcept {
  const bool memory_fault = signal == SIGSEGV || signal == SIGBUS;
  switch (site.kind) {
    case CodeSite::Kind::Call: return std::nullopt;
    case CodeSite::Kind::Fault:
      if (memory_fault && activation.store->reserves(address)) return TrapKind::MemoryOutOfBounds;
      return std::nullopt;
    case CodeSite::Kind::NullFunction:
      if (memory_fault && is_in_first_page(address)) return site.trap;
      return std::nullopt;
    case CodeSite::Kind::EntryCheck:
    case CodeSite::Kind::StackCheck:
      if (memory_fault) return std::nullopt;
      return activation.store->interrupted() ? TrapKind::Interrupted : TrapKind::StackOverflow;
    case CodeSite::Kind::Pending:
      return memory_fault ? std::nullopt : std::optional(activation.kind);
    case CodeSite::Kind::Explicit: return memory_fault ? std::nullopt : std::optional(site.trap);
  }
  return std::nullopt;
}

/// Turns the fault into a trap by changing where the thread goes on; false if it is not ours.
bool handle(int signal, const siginfo_t& info, ucontext_t& context) noexcept {
  Activation* const activation = innermost;
  if (activation == nullptr) return false;
  auto& registers = context.uc_mcontext.gregs;
  // SAFETY: registers hold addresses as integers; they are looked up before any use.
  const auto* const pc = reinterpret_cast<const std::uint8_t*>(registers[REG_RIP]);
  const auto* const sp = reinterpret_cast<const std::uint8_t*>(registers[REG_RSP]);
  const CompiledModule* const module = activation->store->module_at(pc);
  if (module == nullptr) return false;
  const auto offset = static_cast<std::size_t>(pc - module->arena().code());
  const CodeRecord* const record = module->map().find(offset);
  if (record == nullptr) return false;
  const auto site = module->map().site(*record, offset, false);
  if (!site) return false;
  const auto kind = trap_of(*site, signal, info.si_addr, *activation);
  if (!kind) return false;
  activation->kind = *kind;
  note_backtrace(*activation, pc, sp, site->kind != CodeSite::Kind::EntryCheck);
  registers[REG_RSP] = static_cast<greg_t>(activation->entry_sp);
  registers[REG_RIP] = reinterpret_cast<greg_t>(activation->store->engine().trap_exit());
  return true;
}

std::size_t slot_of(int signal) noexcept {
  return signal == SIGSEGV ? 0 : signal == SIGBUS ? 1 : 2;
}

/// Not every emulator of Linux aligns a handler's stack as the psABI has it.
[[gnu::force_align_arg_pointer]] void on_fault(int signal, siginfo_t* info, void* context) {
  // What a process has sent is no fault of the code that happens to run.
  const bool sent = info->si_code <= 0;
  // SAFETY: with SA_SIGINFO the kernel passes a siginfo_t and a ucontext_t.
  if (!sent && handle(signal, *info, *static_cast<ucontext_t*>(context))) return;
  const struct sigaction& previous = process_faults.previous[slot_of(signal)];
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  } else if (sent) {
    std::abort();
  } else {
    // Let the default action happen when the instruction is tried again.
    ::sigaction(signal, &previous, nullptr);
  }
}

}  // namespace

ActivationScope::ActivationScope(Activation& activation) noexcept {
  activation.previous = innermost;
  innermost = &activation;
}

ActivationScope::~ActivationScope() { innermost = innermost->previous; }

Activation* current_activation() noexcept { return innermost; }

core::Result<FaultHandler> FaultHandler::install() {
  const std::lock_guard lock(process_faults.mutex);
  if (process_faults.users == 0) {
    struct sigaction action = {};
    action.sa_sigaction = &on_fault;
    // SA_NODEFER: trap_exit leaves the handler for good, so the signal must not stay blocked.
    action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
    ::sigemptyset(&action.sa_mask);
    for (const int signal : fault_signals) {
      if (::sigaction(signal, &action, &process_faults.previous[slot_of(signal)]) != 0) {
        return core::error(core::ErrorCode::Unavailable, "cannot take the fault signals");
      }
    }
  }
  ++process_faults.users;
  return FaultHandler();
}

FaultHandler::FaultHandler(FaultHandler&& other) noexcept : active_(other.active_) {
  other.active_ = false;
}

FaultHandler::~FaultHandler() {
  if (!active_) return;
  const std::lock_guard lock(process_faults.mutex);
  if (--process_faults.users != 0) return;
  for (const int signal : fault_signals) {
    ::sigaction(signal, &process_faults.previous[slot_of(signal)], nullptr);
  }
}

void note_backtrace(Activation& activation, const std::uint8_t* pc, const std::uint8_t* sp,
                    bool has_frame) noexcept {
  activation.frame_count = 0;
  while (activation.frame_count < max_backtrace) {
    const CompiledModule* const module = activation.store->module_at(pc);
    if (module == nullptr) return;
    const auto offset = static_cast<std::size_t>(pc - module->arena().code());
    const CodeRecord* const record = module->map().find(offset);
    if (record == nullptr) return;
    activation.frames[activation.frame_count++] = {module, record->function,
                                                   static_cast<std::uint32_t>(offset)};
    if (has_frame) sp += record->frame_size;
    has_frame = true;
    // SAFETY: compiled code keeps its return address right above its frame.
    pc = *reinterpret_cast<const std::uint8_t* const*>(sp);
    sp += sizeof(void*);
  }
}

}  // namespace merlon::wasm
